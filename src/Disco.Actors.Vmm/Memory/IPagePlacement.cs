namespace Disco.Actors.Vmm.Memory;

/// <summary>What to do about a hot page.</summary>
public enum PageMove : byte
{
    None,

    /// <summary>Its frame goes to the hot node.</summary>
    Migrate,

    /// <summary>The hot node and all others that use the page get copies; all are read-only until the next write.
    /// </summary>
    Replicate,
}

/// <summary>A page on which a node misses often.</summary>
/// <param name="HotNode">That node; it has no frame of the page.</param>
/// <param name="IsPrivate">
/// The page has one frame, which nobody else uses. Otherwise the frame is shared or has replicas, is read-only, and
/// cannot migrate.
/// </param>
/// <param name="Writes">Misses to write, of all nodes, since the page's counters were zero.</param>
public readonly record struct HotPageView(int HotNode, bool IsPrivate, uint Writes)
{
    /// <summary>It was written since it was last made read-only.</summary>
    public bool IsWritten { get; init; }

    /// <summary>
    /// Migrations and beginnings of replication so far, saturating at 255; further replicas of a page that has some
    /// are the same move.
    /// </summary>
    public int Moves { get; init; }

    /// <summary>Of these, in the present reset interval.</summary>
    public int MovesOfInterval { get; init; }
}

/// <summary>Which hot pages move. Pure: the answer depends on nothing but the arguments.</summary>
public interface IPagePlacement
{
    /// <summary>The length of the interval after which counters are zero; by default they never are.</summary>
    long ResetCycles => long.MaxValue;

    /// <summary>Misses from which on a node gets a copy together with the hot one.</summary>
    uint SharingMisses => uint.MaxValue;

    /// <param name="page">The page.</param>
    /// <param name="misses">By node, since the page's counters were zero.</param>
    PageMove Decide(in HotPageView page, ReadOnlySpan<uint> misses);
}
