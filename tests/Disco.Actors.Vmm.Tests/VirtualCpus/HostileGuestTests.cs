using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Vmm.Boards;
using Xunit;

namespace Disco.Actors.Vmm.Tests.VirtualCpus;

/// <summary>
/// Whatever a guest does is its own affair: the monitor goes on, and a machine beside it prints what it prints alone.
/// </summary>
public sealed class HostileGuestTests
{
    private const long LimitCycles = 400_000;

    // A few, unless the environment asks for more: DISCO_HOSTILE_GUESTS=100000 takes half an hour.
    private static readonly int Guests =
        int.TryParse(Environment.GetEnvironmentVariable("DISCO_HOSTILE_GUESTS"), out int asked) ? asked : 200;

    [Fact]
    public void No_guest_breaks_the_monitor()
    {
        for (ulong seed = 1; seed <= (ulong)Guests; seed++)
        {
            RunResult result = RunAlone(seed);
            Assert.True(result.Outcome != Outcome.Faulted, $"guest {seed}: {result.Reason}\n{result.Report}");
        }
    }

    [Fact]
    public void Machine_beside_a_hostile_one_prints_what_it_prints_alone()
    {
        string alone = Machines.Verified(Machines.On(Machines.Board(2), Machines.Vm("hello", vcpus: 2))).Console;
        for (ulong seed = 1; seed <= 10; seed++)
        {
            DiscoConfig config = Machines.On(
                Machines.Board(2), Machines.Vm("hello", vcpus: 2), Hostile(seed), Hostile(seed + 100));
            DiscoMachine machine = DiscoBuilder.Build(config);
            VmsEnd end = Machines.Run(machine, Machines.EngineOf(machine, new(), 0), 10_000_000);
            Assert.NotEqual(Outcome.Faulted, end.Run.Outcome);
            Assert.Equal(alone, end.Console);
        }
    }

    /// <summary>One guest on a small fast machine, until it ends or the limit.</summary>
    internal static RunResult RunAlone(ulong seed)
    {
        DiscoMachine machine = DiscoBuilder.Build(Machines.On(
            Machines.Board(1, Fidelity.Fast) with { MemoryBytes = 8 << 20 }, Hostile(seed)));
        return new DeterministicEngine(machine.World, new EngineOptions()).Run(new Cycle(LimitCycles));
    }

    private static VmConfig Hostile(ulong seed) => Machines.VmOf(HostileGuest.Make(seed), memoryBytes: 2 << 20);
}
