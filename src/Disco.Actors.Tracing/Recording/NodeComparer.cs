using Disco.Actors.Core;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Recording;

/// <summary>
/// Compares the deliveries of one node with the recorded ones. What happens is encoded as it would be recorded, and
/// compared block by block; only blocks that differ are decoded.
/// </summary>
internal sealed class NodeComparer : IObserver
{
    private readonly TraceReader _trace;
    private readonly BlockPlace[] _places;
    private readonly EventEncoder _encoder;
    private readonly ByteBuffer _found = new();
    private int _next;
    private byte[] _recorded = [];
    private EventBlock _block;

    /// <param name="node">The node.</param>
    /// <param name="trace">The recording.</param>
    /// <param name="actors">As the recording numbers them.</param>
    /// <param name="from">Where the run begins; a mark, so that a block begins there too.</param>
    public NodeComparer(int node, TraceReader trace, ActorNumbers actors, Cycle from)
    {
        _trace = trace;
        _places = [.. trace.Blocks.Where(block => block.Type == BlockType.Events && block.Process == node
            && (from == Cycle.Zero || EventBlock.Read(trace.ReadStart(block)).First >= from))];
        _encoder = new EventEncoder(actors, withPayload: trace.Header.Level == RecordLevel.Full)
        {
            Before = from == Cycle.Zero || _places.Length == 0
                ? 0 : EventBlock.Read(trace.ReadStart(_places[0])).Before,
        };
        FirstNumber = _encoder.Before;
    }

    public bool WantsTrace => false;

    /// <summary>Deliveries found equal; those of the block under way are not among them.</summary>
    public long Compared { get; private set; }

    /// <summary>The node's number of the first delivery that is compared.</summary>
    private long FirstNumber { get; }

    public Divergence? Divergence { get; private set; }

    /// <summary>What is wrong with the recording, found while the run was under way.</summary>
    public TraceException? Damage { get; private set; }

    private bool IsOver => Divergence is not null || Damage is not null;

    public void Delivered(in Envelope envelope, Actor actor) =>
        Invariant.Broken("a comparison needs the receiver's sequence numbers");

    public void Delivered(in Envelope envelope, Actor actor, long firstSequence, long nextSequence)
    {
        if (IsOver || (_found.Length == 0 && !Begin(in envelope, firstSequence, nextSequence)))
        {
            return;
        }
        _encoder.Write(_found, in envelope, firstSequence, nextSequence);
        if (_encoder.Count == _block.Count)
        {
            _encoder.Finish(_found);
            if (_found.Written.SequenceEqual(_recorded))
            {
                Compared += _block.Count;
            }
            else
            {
                CompareEach();
            }
            _found.Clear();
        }
    }

    public void Traced(Actor actor, Cycle cycle, in TraceEvent traceEvent)
    {
    }

    /// <summary>Compares what the block under way has so far.</summary>
    /// <param name="until">
    /// Recorded deliveries before this cycle have to have happened; null to ask for none but those that did.
    /// </param>
    public void Settle(Cycle? until)
    {
        if (IsOver)
        {
            return;
        }
        if (_found.Length > 0)
        {
            _encoder.Finish(_found);
            CompareEach(until);
        }
        else if (until is { } now && _next < _places.Length && Guarded(() => EventBlock.Read(
            _trace.Read(_places[_next]))) is { } block && block.First < now)
        {
            _recorded = _trace.Read(_places[_next]);
            CompareEach(until);
        }
    }

    /// <summary>Begins to compare with the next block; false when there is none.</summary>
    private bool Begin(in Envelope envelope, long firstSequence, long nextSequence)
    {
        if (_next == _places.Length)
        {
            // Past the cut of a recording there is nothing to compare with.
            Divergence = _trace.Truncated ? null : Recording.Divergence.OfDelivery(
                FirstNumber + Compared, null, RecordedDelivery.Of(in envelope, firstSequence, nextSequence));
            return false;
        }
        EventBlock? block = Guarded(() =>
        {
            _recorded = _trace.Read(_places[_next++]);
            EventBlock read = EventBlock.Read(_recorded);
            return read.Count > 0 ? read : throw new TraceException("a block of deliveries in the recording is empty");
        });
        _block = block ?? default;
        return block is not null;
    }

    private void CompareEach(Cycle? until = null)
    {
        List<RecordedDelivery> recorded = [];
        List<RecordedDelivery> found = [];
        Guarded(() =>
        {
            EventDecoder decoder = new(_trace.Header);
            decoder.ReadAll(_recorded, recorded);
            if (_found.Length > 0)
            {
                decoder.ReadAll(_found.Written, found);
            }
            return default(EventBlock);
        });
        for (int i = 0; i < Math.Min(found.Count, recorded.Count); i++)
        {
            if (!recorded[i].Matches(found[i]))
            {
                Divergence = Recording.Divergence.OfDelivery(FirstNumber + Compared + i, recorded[i], found[i]);
                return;
            }
        }
        if (until is { } now && found.Count < recorded.Count && recorded[found.Count].Envelope.Arrival < now)
        {
            long number = FirstNumber + Compared + found.Count;
            Divergence = Recording.Divergence.OfDelivery(number, recorded[found.Count], null);
        }
        Compared += found.Count == recorded.Count ? found.Count : 0;
    }

    private EventBlock? Guarded(Func<EventBlock> read)
    {
        try
        {
            return read();
        }
        catch (TraceException e)
        {
            Damage = e;
            return null;
        }
    }
}
