using System.Text;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Vmm.Boards;
using Xunit;

namespace Disco.Actors.Vmm.Tests.VirtualCpus;

/// <summary>
/// Whatever a guest does is its own affair: the monitor goes on, and a machine beside it ends with the memory, the disk
/// and the console that it has alone.
/// </summary>
public sealed class HostileGuestTests
{
    // The keeper is looked at in steps, until it has done all it does; a neighbour may delay it, but not for ever.
    private const long StepCycles = 500_000;
    private const long LimitCycles = 40 * StepCycles;

    // A few, unless the environment asks for more: DISCO_HOSTILE_GUESTS=100000 takes an hour, or less in parts, which
    // begin at DISCO_HOSTILE_FIRST.
    private static readonly int Guests = Asked("DISCO_HOSTILE_GUESTS", 200);
    private static readonly int First = Asked("DISCO_HOSTILE_FIRST", 1);

    /// <summary>
    /// Random guests on the one CPU of a machine, each in turns with a keeper of secrets. [Disco 4: isolation]
    /// </summary>
    [Fact]
    public void Machine_beside_a_hostile_one_ends_as_alone_and_keeps_its_secrets()
    {
        BoardConfig board = Machines.Board(1, Fidelity.Fast);
        SecretKeeper.Possessions alone = Run(SecretKeeper.Beside(board), "alone");
        Assert.True(alone.IsDone);
        for (ulong seed = (ulong)First; seed < (ulong)(First + Guests); seed++)
        {
            SecretKeeper.Possessions end = Run(SecretKeeper.Beside(board, Hostile(seed)), $"guest {seed}");
            Assert.True(alone == end, $"guest {seed}: {end} instead of {alone}");
        }
    }

    /// <summary>The same with caches, on two CPUs with two hostile machines.</summary>
    [Fact]
    public void Machine_beside_hostile_ones_ends_as_alone_with_caches()
    {
        BoardConfig board = Machines.Board(2);
        SecretKeeper.Possessions alone = Run(SecretKeeper.Beside(board), "alone");
        Assert.True(alone.IsDone);
        for (ulong seed = 1; seed <= 15; seed++)
        {
            DiscoConfig config = SecretKeeper.Beside(board, Hostile(seed), Hostile(seed + 100));
            Assert.Equal(alone, Run(config, $"guests {seed} and {seed + 100}"));
        }
    }

    /// <summary>The guest that attacks on purpose. [guests/hostile.c]</summary>
    [Theory]
    [InlineData("tlb")]
    [InlineData("guess")]
    [InlineData("dma")]
    [InlineData("calls")]
    [InlineData("jump")]
    public void Machine_beside_an_attacker_ends_as_alone(string attack)
    {
        BoardConfig board = Machines.Board(2, Fidelity.Fast);
        SecretKeeper.Possessions alone = Run(SecretKeeper.Beside(board), "alone");
        VmConfig attacker = Machines.Vm("hostile", $"attack={attack} rounds=0", memoryBytes: 4 << 20) with
        {
            Disks = [0],
        };
        Assert.Equal(alone, Run(SecretKeeper.Beside(board, attacker), attack));
    }

    /// <summary>Runs until the keeper is done, checks that nobody else has its secrets, gives what it owns.</summary>
    private static SecretKeeper.Possessions Run(DiscoConfig config, string who)
    {
        DiscoMachine machine = DiscoBuilder.Build(config);
        Engine engine = Machines.EngineOf(machine, new EngineOptions(), 0);
        StringBuilder[] consoles = Machines.Capture(machine, engine);
        SecretKeeper.Possessions keeper;
        RunResult run;
        do
        {
            run = engine.Run(engine.Now + StepCycles);
            Assert.True(run.Outcome != Outcome.Faulted, $"{who}: {run.Reason}\n{run.Report}");
            keeper = SecretKeeper.Of(machine, 0, consoles[0].ToString());
        }
        while (run.Outcome == Outcome.ReachedLimit && !keeper.IsDone && engine.Now.Value < LimitCycles);

        for (int vm = 1; vm < config.Vms.Count; vm++)
        {
            SecretKeeper.AssertUnknownTo(machine, vm, consoles[vm].ToString(), who);
        }
        return keeper;
    }

    private static int Asked(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), out int asked) ? asked : otherwise;

    private static VmConfig Hostile(ulong seed) =>
        Machines.VmOf(HostileGuest.Make(seed), memoryBytes: 2 << 20) with { Disks = [0] };
}
