using Disco.Actors.Vmm.Memory;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Memory;

/// <summary>Memory may be promised twice. [Disco 4.2.2: 320 MB on 256 MB]</summary>
public sealed class BalloonTests
{
    [Fact]
    public void Enough_memory_leaves_everybody_what_was_promised() =>
        Assert.Equal([96, 32], Balloon.TargetsOf([96, 32], 128));

    [Fact]
    public void Too_little_memory_is_shared_in_proportion() =>
        Assert.Equal([76, 25, 25, 25, 25, 25, 25, 25], Balloon.TargetsOf([96, 32, 32, 32, 32, 32, 32, 32], 256));

    [Fact]
    public void Machine_that_is_overcommitted_tells_its_guests()
    {
        MemoryRigPlan plan = new()
        {
            NodePages = 8,
            Vms = [new VmMemoryPlan(0, 0, 12), new VmMemoryPlan(1, 0, 4)],
        };

        MemoryRig rig = new(plan, _ => new Script());

        Assert.Equal([6, 2], MemoryReport.Of(rig.Memory).Vms.Select(vm => vm.Target));
    }
}
