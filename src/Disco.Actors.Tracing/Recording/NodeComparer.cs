using Disco.Actors.Core;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Recording;

/// <summary>Compares the deliveries of one node with the recorded ones, as they happen.</summary>
internal sealed class NodeComparer(int node, TraceReader trace) : IObserver
{
    private readonly IEnumerator<RecordedDelivery> _recorded = trace.Deliveries(node).GetEnumerator();
    private readonly bool _maybeCut = trace.Truncated;

    public bool WantsTrace => false;

    public long Compared { get; private set; }

    public Divergence? Divergence { get; private set; }

    public void Delivered(in Envelope envelope, Actor actor) =>
        Invariant.Broken("a comparison needs the receiver's sequence numbers");

    public void Delivered(in Envelope envelope, Actor actor, long firstSequence, long nextSequence)
    {
        if (Divergence is not null)
        {
            return;
        }
        RecordedDelivery found = RecordedDelivery.Of(in envelope, firstSequence, nextSequence);
        if (!_recorded.MoveNext())
        {
            // Past the cut of a recording there is nothing to compare with.
            Divergence = _maybeCut ? null : Recording.Divergence.OfDelivery(Compared, null, found);
            return;
        }
        RecordedDelivery expected = _recorded.Current;
        if (!expected.Matches(in found))
        {
            Divergence = Recording.Divergence.OfDelivery(Compared, expected, found);
            return;
        }
        Compared++;
    }

    public void Traced(Actor actor, Cycle cycle, in TraceEvent traceEvent)
    {
    }

    /// <summary>The first recorded delivery before a cycle that has not happened; null when there is none.</summary>
    public Divergence? MissingFrom(Cycle now) =>
        Divergence is null && _recorded.MoveNext() && _recorded.Current.Envelope.Arrival < now
            ? Recording.Divergence.OfDelivery(Compared, _recorded.Current, null)
            : null;
}
