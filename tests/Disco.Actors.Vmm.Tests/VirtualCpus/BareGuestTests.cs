using Disco.Actors.Machine.Boards;
using Xunit;

namespace Disco.Actors.Vmm.Tests.VirtualCpus;

/// <summary>Guests made for the bare board run unmodified in virtual machines. [Disco 4.1]</summary>
public sealed class BareGuestTests
{
    [Theory]
    [InlineData("hello", 1, Fidelity.Coherent)]
    [InlineData("hello", 1, Fidelity.Fast)]
    [InlineData("hello32", 1, Fidelity.Coherent)]
    [InlineData("hello-be", 1, Fidelity.Coherent)]
    [InlineData("hello", 4, Fidelity.Coherent)]
    public void Guest_in_one_virtual_machine_ends_well(string guest, int cpus, Fidelity fidelity) =>
        Machines.Verified(Machines.On(Machines.Board(cpus, fidelity), Machines.Vm(guest, vcpus: cpus)));
}
