using Disco.Actors.Core;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Session;

/// <summary>A stretch of the run whose deliveries are known, with the state at its beginning.</summary>
/// <param name="Start">Where it begins, between two cycles.</param>
/// <param name="End">Everything before it is in the segment.</param>
/// <param name="Deliveries">In the total order.</param>
/// <param name="IsLast">True when the run ends with it.</param>
internal sealed record Segment(StoredSnapshot Start, Cycle End, List<Envelope> Deliveries, bool IsLast)
{
    /// <summary>Deliveries before it.</summary>
    public long Before => Start.Deliveries;

    /// <summary>Deliveries before its end.</summary>
    public long Until => Start.Deliveries + Deliveries.Count;

    /// <summary>True when the next delivery after this point, if any, is in the segment.</summary>
    public bool Covers(Cycle now, long deliveries) =>
        Before <= deliveries && deliveries <= Until && Start.Cycle <= now && (now < End || (IsLast && now == End));
}
