using Disco.Actors.Core;
using Disco.Actors.Machine.Directory;
using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Vmm.Placement;

public enum PlacementPolicy : byte
{
    /// <summary>Pages stay where they were at first.</summary>
    Off,

    /// <summary>Migrate what one node uses, replicate what several read. [Verghese et al. 1996; Disco 4.2.3]</summary>
    Verghese,

    /// <summary>Pages follow their writer and are pinned after a few moves. [Bolosky et al. 1989]</summary>
    Ace,
}

/// <summary>Which pages move, and when. The thresholds are Verghese's; Disco does not give its own.</summary>
public sealed record PlacementConfig
{
    public PlacementPolicy Policy { get; init; } = PlacementPolicy.Off;

    /// <summary>Misses of one node in an interval that make a page hot.</summary>
    public int TriggerMisses { get; init; } = 128;

    /// <summary>Misses of another node in an interval that make a hot page shared.</summary>
    public int SharingMisses { get; init; } = 32;

    /// <summary>Misses to write in an interval from which on a shared page is not replicated.</summary>
    public int WriteMisses { get; init; } = 1;

    /// <summary>Moves in an interval from which on a page does not migrate.</summary>
    public int MigrateMoves { get; init; } = 1;

    /// <summary>Counters are zero again at every multiple of this: 100 ms at 400 MHz.</summary>
    public long ResetCycles { get; init; } = 40_000_000;

    /// <summary>
    /// From so many moves on a page stays for good, 0 to 255. Disco has such a limit and does not give it; ACE's is 4.
    /// </summary>
    public int MovesMax { get; init; } = 4;

    /// <summary>The policy; null for one that moves nothing.</summary>
    public IPagePlacement? Create()
    {
        Check();
        return Policy switch
        {
            PlacementPolicy.Off => null,
            PlacementPolicy.Verghese => new VerghesePlacement(this),
            PlacementPolicy.Ace => new AcePlacement(this),
        };
    }

    /// <summary>What a directory has to report; null when nobody asks.</summary>
    /// <param name="reportTo">The owner of the node's frames.</param>
    public HotPageConfig? HotPagesTo(Address reportTo) =>
        Policy == PlacementPolicy.Off ? null : new HotPageConfig(reportTo, TriggerMisses, ResetCycles);

    /// <summary>What is wrong with it, one sentence each; empty when it can be used.</summary>
    public IReadOnlyList<string> Problems()
    {
        List<string> problems = [];
        void Demand(bool holds, string what, long value, string bounds)
        {
            if (!holds)
            {
                problems.Add($"page placement has {value} as {what}; make it {bounds}");
            }
        }
        Demand(TriggerMisses >= 1, "misses that make a page hot", TriggerMisses, "1 or more");
        Demand(SharingMisses >= 1, "misses that make a hot page shared", SharingMisses, "1 or more");
        Demand(WriteMisses >= 0, "misses to write that forbid replication", WriteMisses, "0 or more");
        Demand(MigrateMoves >= 0, "moves in an interval that forbid migration", MigrateMoves, "0 or more");
        Demand(ResetCycles >= 1, "cycles of the reset interval", ResetCycles, "1 or more");
        Demand(
            MovesMax is >= 0 and <= byte.MaxValue, "moves after which a page stays", MovesMax, $"0 to {byte.MaxValue}");
        return problems;
    }

    /// <summary>Throws when there are problems.</summary>
    public void Check() => Invariant.Holds(Problems().Count == 0);
}
