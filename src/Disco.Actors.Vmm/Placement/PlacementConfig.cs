using Disco.Actors.Core;
using Disco.Actors.Machine.Directory;
using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Vmm.Placement;

public enum PlacementPolicy : byte
{
    /// <summary>Pages stay where they were first touched.</summary>
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

    /// <summary>Throws when the numbers make no sense.</summary>
    public void Check()
    {
        Invariant.Holds(TriggerMisses >= 1);
        Invariant.Holds(SharingMisses >= 1);
        Invariant.Holds(WriteMisses >= 0);
        Invariant.Holds(MigrateMoves >= 0);
        Invariant.Holds(ResetCycles >= 1);
        Invariant.Holds(MovesMax is >= 0 and <= byte.MaxValue);
    }
}
