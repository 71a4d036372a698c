using Disco.Actors.Machine.Boards;
using Disco.Actors.TestKit;
using Disco.Actors.Vmm.Boards;
using Xunit;

namespace Disco.Actors.Vmm.Tests.VirtualCpus;

/// <summary>Guests made for the bare board run unmodified in virtual machines. [Disco 4.1]</summary>
public sealed class BareGuestTests
{
    [Theory]
    [InlineData("hello", "", 1, Fidelity.Coherent)]
    [InlineData("hello", "", 1, Fidelity.Fast)]
    [InlineData("hello32", "", 1, Fidelity.Coherent)]
    [InlineData("hello-be", "", 1, Fidelity.Coherent)]
    [InlineData("hello", "", 4, Fidelity.Coherent)]
    [InlineData("torture", "rounds=10", 1, Fidelity.Coherent)]
    [InlineData("torture", "rounds=10", 4, Fidelity.Coherent)]
    [InlineData("torture", "rounds=10", 4, Fidelity.Fast)]
    [InlineData("radix", "keys=4096 radix=256", 8, Fidelity.Coherent)]
    [InlineData("radix", "keys=4096 radix=256", 8, Fidelity.Fast)]
    [InlineData("raytrace", "size=16", 2, Fidelity.Coherent)]
    [InlineData("fft", "points=1024", 4, Fidelity.Coherent)]
    public void Guest_in_one_virtual_machine_ends_well(string guest, string bootargs, int cpus, Fidelity fidelity) =>
        Machines.Verified(Machines.On(Machines.Board(cpus, fidelity), Machines.Vm(guest, bootargs, cpus)));

    /// <summary>A guest prints in a virtual machine what it prints on the bare board but for its times.</summary>
    [Theory]
    [InlineData("hello", "", 2)]
    [InlineData("radix", "keys=4096 radix=256", 2)]
    [InlineData("raytrace", "size=16", 1)]
    public void Guest_prints_what_it_prints_on_the_bare_board(string guest, string bootargs, int cpus)
    {
        VmsEnd end = Machines.Verified(Machines.On(Machines.Board(cpus), Machines.Vm(guest, bootargs, cpus)));
        string bare = Machines.RunBare(guest, bootargs, cpus);
        Assert.Equal(Machines.WithoutTimes(bare), Machines.WithoutTimes(end.Console));
    }

    /// <summary>Three machines on shared CPUs, all in one golden file. [Disco 3]</summary>
    [Fact]
    public void Machines_side_by_side_print_their_own()
    {
        VmsEnd end = Machines.Verified(SideBySide());
        string text = string.Join("--\n", end.Consoles.Select(Machines.WithoutTimes));
        Golden.Matches("SideBySide", text);
    }

    /// <summary>Eight machines share four CPUs.</summary>
    [Fact]
    public void More_machines_than_cpus_all_end_well()
    {
        VmConfig[] vms = [.. Enumerable.Repeat(Machines.Vm("radix", "keys=1024 radix=256", memoryBytes: 4 << 20), 8)];
        Machines.Verified(Machines.On(Machines.Board(4), vms));
    }

    /// <summary>A program that jumps into nothing ends its machine with a sentence, and no other's. [Disco 1]</summary>
    [Fact]
    public void Guest_without_a_handler_ends_its_machine_alone()
    {
        DiscoConfig config = Machines.On(
            Machines.Board(2), Machines.VmOf(GuestElf.Assemble("teq $0, $0\nnop")), Machines.Vm("hello", vcpus: 2));
        DiscoMachine machine = DiscoBuilder.Build(config);
        VmsEnd end = Machines.Run(machine, Machines.EngineOf(machine, new(), 0));

        Assert.Equal(1, end.Run.ExitCode);
        Assert.EndsWith("hello: ok\n", end.Consoles[1], StringComparison.Ordinal);
        Assert.True(machine.Vms[0].Processors.Failed);
        Assert.Equal(1, machine.Vms[0].Processors.ExitCode);
        Assert.Equal(0, machine.Vms[1].Processors.ExitCode);
    }

    internal static DiscoConfig SideBySide() => Machines.On(
        Machines.Board(4),
        Machines.Vm("hello", vcpus: 2),
        Machines.Vm("torture", "rounds=5", vcpus: 3),
        Machines.Vm("raytrace", "size=16", vcpus: 4));
}
