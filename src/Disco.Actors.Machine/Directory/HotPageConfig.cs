using Disco.Actors.Core;

namespace Disco.Actors.Machine.Directory;

/// <summary>
/// When a directory reports a page of its node as hot: FLASH counts misses by page and processor, and a threshold
/// raises an interrupt. [Disco 4.2.3; Verghese et al. 1996]
/// </summary>
/// <param name="ReportTo">Who is told.</param>
/// <param name="TriggerMisses">Misses of another node's CPUs on a page since the counters of the page were zero.
/// </param>
/// <param name="ResetCycles">At every multiple of this cycle all counters are zero again.</param>
public sealed record HotPageConfig(Address ReportTo, int TriggerMisses, long ResetCycles)
{
    /// <summary>As many counts of 4 bytes as a message's payload holds.</summary>
    public const int NodesMax = Payload.BytesMax / sizeof(uint);

    /// <summary>Throws when the numbers make no sense.</summary>
    public void Check()
    {
        Invariant.Holds(TriggerMisses >= 1);
        Invariant.Holds(ResetCycles >= 1);
    }
}
