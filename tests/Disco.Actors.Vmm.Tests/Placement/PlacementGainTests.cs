using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Placement;
using Disco.Actors.Vmm.Shootdown;
using Disco.Actors.Vmm.Tests.VirtualCpus;
using Xunit;
using Xunit.Abstractions;

namespace Disco.Actors.Vmm.Tests.Placement;

/// <summary>
/// The paper's NUMA experiment made small: a ray tracer whose scene exceeds the caches, pages dealt to the nodes in
/// turn. What placement gains, and that it changes nothing else. [Disco 5.5]
/// </summary>
public sealed class PlacementGainTests(ITestOutputHelper output)
{
    // The picture of 24 x 24 pixels of 512 balls, by QEMU.
    private const string Picture = "checksum 1e6cb8382d0e5a52";

    /// <summary>
    /// Paper: the share of local misses from 6 to 76 %, the time 38 % less. Thresholds are Verghese's divided by four,
    /// as the run has so many fewer misses.
    /// </summary>
    [Fact]
    public void Raytrace_misses_in_its_own_nodes_memory_and_is_faster()
    {
        (PlacementReport Report, long Cycles) off = Trace(PlacementPolicy.Off);
        (PlacementReport Report, long Cycles) on = Trace(PlacementPolicy.Verghese);

        Assert.InRange(off.Report.LocalShare, 0.10, 0.15);
        Assert.InRange(on.Report.LocalShare, 0.70, 1.0);
        Assert.InRange(on.Cycles, 0, off.Cycles * 3 / 4);
        Assert.All(off.Report.Moves, move => Assert.Equal(0, move.Count));
        // Copies are traffic: 32 lines, each read from another node and written here.
        MoveReport replications = on.Report.Moves[1];
        Assert.True(replications.Count > 0);
        Assert.InRange(replications.MeanMicroseconds, 32 * 0.9, 150);
    }

    /// <summary>Every policy and every protocol at least once; all pairs with DISCO_PLACEMENT_MATRIX=1.</summary>
    public static TheoryData<PlacementPolicy, ShootdownProtocol> Pairs()
    {
        bool all = Environment.GetEnvironmentVariable("DISCO_PLACEMENT_MATRIX") == "1";
        TheoryData<PlacementPolicy, ShootdownProtocol> pairs = [];
        foreach (PlacementPolicy policy in Enum.GetValues<PlacementPolicy>())
        {
            foreach (ShootdownProtocol protocol in Enum.GetValues<ShootdownProtocol>())
            {
                if (all || policy == PlacementPolicy.Verghese || protocol == ShootdownProtocol.Targeted)
                {
                    pairs.Add(policy, protocol);
                }
            }
        }
        return pairs;
    }

    /// <summary>
    /// Pages migrate, are replicated and collapse while every policy and every protocol gives one result, whatever the
    /// threads.
    /// </summary>
    [Theory]
    [MemberData(nameof(Pairs))]
    public void Moving_pages_give_one_state_at_any_thread_count(PlacementPolicy policy, ShootdownProtocol protocol)
    {
        DiscoConfig config = Config(4, "size=16 balls=512", policy, trigger: 8, sharing: 4, resetCycles: 80_000);
        config = config with
        {
            Monitor = config.Monitor with
            {
                Shootdown = config.Monitor.Shootdown with { Protocol = protocol, TickCycles = 40_000 },
            },
        };
        (VmsEnd End, PlacementReport Report) first = Run(config, threads: 0);

        output.WriteLine($"{policy} {protocol}: {first.End.StateHash:x16}, "
            + string.Join(", ", first.Report.Moves.Select(move => $"{move.Count} {move.Kind}")));
        Assert.Equal(first.End.StateHash, Run(config, threads: 0).End.StateHash);
        Assert.Equal(first.End.StateHash, Run(config, threads: 2).End.StateHash);
        Assert.Equal(first.End.StateHash, Run(config, threads: 2).End.StateHash);
        Assert.All(first.Report.Moves, move => Assert.Equal(policy != PlacementPolicy.Off, move.Count > 0));
    }

    private static (PlacementReport Report, long Cycles) Trace(PlacementPolicy policy)
    {
        DiscoConfig config = Config(8, "size=24 balls=512", policy, trigger: 32, sharing: 8, resetCycles: 400_000);
        (VmsEnd end, PlacementReport report) = Run(config, threads: 0);
        Assert.Contains(Picture, end.Console, StringComparison.Ordinal);
        return (report, end.Cycles);
    }

    private static (VmsEnd End, PlacementReport Report) Run(DiscoConfig config, int threads)
    {
        DiscoMachine machine = DiscoBuilder.Build(config);
        VmsEnd end = Machines.Run(machine, Machines.EngineOf(machine, new EngineOptions(), threads));
        Assert.True(end.Run.ExitCode == 0, $"{end.Run.Outcome} {end.Run.Reason}\n{end.Console}{end.Run.Report}");
        Assert.Contains("raytrace: ok", end.Console, StringComparison.Ordinal);
        return (end, PlacementReport.Of(machine, new Cycle(end.Cycles)));
    }

    private static DiscoConfig Config(
        int cpus, string bootargs, PlacementPolicy policy, int trigger, int sharing, long resetCycles)
    {
        BoardConfig board = Machines.Board(cpus) with
        {
            FirstCode = new CacheShape(4 << 10, 2, 64),
            FirstData = new CacheShape(4 << 10, 2, 32),
            Second = new CacheShape((cpus == 8 ? 16 : 8) << 10, 2, 128),
        };
        return Machines.On(board, Machines.Vm("splashos-raytrace", bootargs, cpus)) with
        {
            Mapping = new MappingConfig { First = FirstFrame.RoundRobin },
            Placement = new PlacementConfig
            {
                Policy = policy, TriggerMisses = trigger, SharingMisses = sharing, ResetCycles = resetCycles,
            },
        };
    }
}
