using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Tests.VirtualCpus;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Memory;

/// <summary>
/// Three kernels of one image patch the same pages of their code with the same instructions, as they have a monitor.
/// [Waldspurger, OSDI 2002, section 4]
/// </summary>
public sealed class MergerTests
{
    // "Three pages of each kernel": the image's code that hints rewrite.
    private const int PatchedPages = 3;

    [Theory]
    [InlineData(Fidelity.Coherent)]
    [InlineData(Fidelity.Fast)]
    public void Pages_patched_alike_are_shared_again_and_guests_see_nothing_of_it(Fidelity fidelity)
    {
        DiscoConfig apart = Kernels(fidelity);
        DiscoConfig config = apart with { Mapping = new MappingConfig { MergeCycles = 400_000 } };
        DiscoMachine machine = DiscoBuilder.Build(config);
        VmsEnd end = Machines.Run(machine, Machines.EngineOf(machine, new EngineOptions(), 0));

        Assert.Equal(0, end.Run.ExitCode);
        Assert.Equal(2 * PatchedPages, machine.Memory.Merger!.Statistics.Merged);
        Assert.Equal(
            Machines.Run(apart).Consoles.Select(Machines.WithoutTimes), end.Consoles.Select(Machines.WithoutTimes));
        Assert.Equal(end.StateHash, Machines.Run(config, threads: 2).StateHash);
    }

    private static DiscoConfig Kernels(Fidelity fidelity)
    {
        VmConfig kernel = Machines.Vm("kernel", "jobs=2 size=8 check=0 hal=all", memoryBytes: 8 << 20) with
        {
            Disks = [0],
        };
        return Machines.On(
            Machines.Board(2, fidelity) with { MemoryBytes = 48 << 20 },
            kernel with { Name = "a" }, kernel with { Name = "b" }, kernel with { Name = "c" }) with
        {
            Disks = [Machines.RootDisk()],
        };
    }
}
