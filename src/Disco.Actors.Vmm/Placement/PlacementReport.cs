using Disco.Actors.Core;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Vmm.Placement;

/// <summary>What placement did and what it was good for. [Disco Figure 8 and Table 3]</summary>
/// <param name="Policy">Which pages move.</param>
/// <param name="First">Where they are at first.</param>
/// <param name="Misses">Of all CPUs, that left their caches.</param>
/// <param name="LocalShare">The share of these that was for the own node's memory, 0 to 1.</param>
/// <param name="HotPages">Reports of directories.</param>
/// <param name="Moves">Migrations, replications, and collapses of replicated pages that were written.</param>
public sealed record PlacementReport(
    PlacementPolicy Policy, FirstFrame First, long Misses, double LocalShare, long HotPages,
    IReadOnlyList<MoveReport> Moves)
{
    private static readonly TransactionKind[] Kinds =
        [TransactionKind.Migration, TransactionKind.Replication, TransactionKind.Collapse];

    /// <summary>Reads the counters. Between runs only.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="now">Everything before this cycle has happened.</param>
    public static PlacementReport Of(DiscoMachine machine, Cycle now)
    {
        MachineReport hardware = MachineReport.Of(machine.Hardware, now, []);
        MemoryReport memory = MemoryReport.Of(machine.Memory);
        double seconds = Math.Max(1, now.Value) / (double)machine.Config.Board.ClockHz;
        return new PlacementReport(
            machine.Config.Placement.Policy,
            machine.Config.Mapping.First,
            hardware.Misses,
            hardware.LocalShare,
            machine.Hardware.Directories.Sum(directory => directory.HotPages),
            [.. Kinds.Select(kind => MoveOf(memory.Transactions.First(row => row.Kind == kind)))]);

        MoveReport MoveOf(TransactionReport row) => new(
            row.Kind, row.Count, row.Count / seconds, row.MeanCycles * 1e6 / machine.Config.Board.ClockHz);
    }
}

/// <summary>Moves of one kind.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Count">That ended well.</param>
/// <param name="PerSecond">Of virtual time.</param>
/// <param name="MeanMicroseconds">From the decision, with the frame in hand, until the page is at rest.</param>
public sealed record MoveReport(TransactionKind Kind, long Count, double PerSecond, double MeanMicroseconds);
