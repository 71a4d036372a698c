using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Tests.VirtualCpus;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Memory;

/// <summary>
/// Two kernels were promised twice the memory there is. One uses much of it once and keeps its frames; later the other
/// needs as much. [Waldspurger, OSDI 2002, section 3]
/// </summary>
public sealed class OvercommitTests
{
    private const int LowPermille = 60;

    [Fact]
    public void Kernel_gives_back_what_another_needs()
    {
        DiscoConfig config = Promised(LowPermille, "hal=balloon");
        DiscoMachine machine = DiscoBuilder.Build(config);
        VmsEnd end = Machines.Run(machine, Machines.EngineOf(machine, new EngineOptions(), 0));

        Assert.True(end.Run.ExitCode == 0, string.Join("\n--\n", end.Consoles));
        Assert.All(end.Consoles, console => Assert.EndsWith("kernel: ok\n", console, StringComparison.Ordinal));
        Assert.True(machine.Memory.Reclaimer!.Statistics.PagesAsked > 0);
        Assert.Equal(end.StateHash, Machines.Run(config).StateHash);
    }

    /// <summary>The same with nobody asked: the one that needs is refused with bus errors, and only that one.</summary>
    [Fact]
    public void Without_balloon_the_machine_that_asks_fails_alone() => FailsAlone(Promised(0, "hal=balloon"));

    /// <summary>A guest without a driver gives nothing, and keeps what it has.</summary>
    [Fact]
    public void Machine_fails_alone_when_the_other_gives_nothing() => FailsAlone(Promised(LowPermille, "hal=off"));

    private static void FailsAlone(DiscoConfig config)
    {
        string alone = Machines.Run(config with { Vms = [config.Vms[0]] }).Console;
        DiscoMachine machine = DiscoBuilder.Build(config);
        VmsEnd end = Machines.Run(machine, Machines.EngineOf(machine, new EngineOptions(), 0));

        Assert.Equal(Machines.WithoutTimes(alone), Machines.WithoutTimes(end.Consoles[0]));
        Assert.Equal(0, machine.Vms[0].Processors.ExitCode);
        Assert.Contains("exception 7", end.Consoles[1], StringComparison.Ordinal);
        Assert.True(machine.Vms[1].Processors.ExitCode is not null and not 0);
    }

    private static DiscoConfig Promised(int lowPermille, string hal) => Machines.On(
        Machines.Board(2, Fidelity.Fast) with { MemoryBytes = 8 << 20 },
        Kernel("keeps", $"jobs=16 size=16 check=0 first=4608 {hal}"),
        Kernel("needs", "jobs=6 size=16 check=0 last=4608")) with
    {
        Disks = [Machines.RootDisk()],
        Mapping = new MappingConfig { LowPermille = lowPermille },
    };

    private static VmConfig Kernel(string name, string bootArguments) =>
        Machines.Vm("kernel", bootArguments, memoryBytes: 8 << 20) with { Name = name, Disks = [0] };
}
