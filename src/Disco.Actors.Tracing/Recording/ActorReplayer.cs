using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Recording;

/// <summary>
/// Repeats one actor alone from the messages it received. Compared are its state at every mark, and with every
/// delivery how many envelopes it has sent; what they said is not, but it is part of the state of those that got them.
/// </summary>
public sealed class ActorReplayer
{
    private readonly Actor _actor;
    private readonly TraceReader _trace;
    private readonly int _number;
    private readonly int _node;
    private readonly LoneContext _context = new();
    private int _marks;
    private long _compared;

    /// <param name="actor">Without state; of the recorded machine.</param>
    /// <param name="trace">Of level full.</param>
    /// <remarks>Errors: TraceException when the recording has no such actor or not what it takes.</remarks>
    public ActorReplayer(Actor actor, TraceReader trace)
    {
        TraceActor[] actors = [.. trace.Header.Actors];
        _number = Array.FindIndex(actors, each => each.Address == actor.Address.ToString());
        if (_number < 0)
        {
            throw new TraceException($"the recording has no actor {actor.Address}");
        }
        if (trace.Header.Level != RecordLevel.Full)
        {
            throw new TraceException(
                "one actor alone needs the contents of the messages it received: record with --record-level full");
        }
        _actor = actor;
        _trace = trace;
        _node = actors[_number].Node;
    }

    /// <param name="from">Begins at the last snapshot that is not after it.</param>
    /// <param name="until">Nothing from this cycle on is repeated.</param>
    /// <param name="cancelled">Asked now and then.</param>
    /// <remarks>Errors: TraceException when the recording is damaged or has no snapshot to begin from.</remarks>
    public ReplayVerdict Run(Cycle from, Cycle until, Func<bool>? cancelled = null)
    {
        Cycle begin = Begin(from);
        IEnumerator<RecordedDelivery> deliveries = _trace.Deliveries(_node, begin)
            .Where(delivery => delivery.Envelope.Target == _actor.Address && delivery.Envelope.Arrival >= begin)
            .GetEnumerator();
        bool isLeft = deliveries.MoveNext();
        foreach ((TraceMark mark, ulong[] hashes, bool inclusive) in Marks().Where(each => each.Mark.Cycle >= begin))
        {
            Cycle limit = Cycle.Min(until, mark.Cycle);
            while (isLeft && (deliveries.Current.Envelope.Arrival < limit || (inclusive && limit == mark.Cycle)))
            {
                RecordedDelivery delivery = deliveries.Current;
                if (Deliver(in delivery) is { } divergence)
                {
                    return Verdict(divergence, complete: true);
                }
                isLeft = deliveries.MoveNext();
            }
            if ((Act(limit) ?? (limit == mark.Cycle ? Compare(mark, hashes) : null)) is { } different)
            {
                return Verdict(different, complete: true);
            }
            if (limit == until || (cancelled is not null && cancelled()))
            {
                return Verdict(null, complete: limit == until);
            }
        }
        return Verdict(null, complete: !_trace.Truncated);
    }

    private Cycle Begin(Cycle from)
    {
        BlockPlace place = default;
        Cycle begin = Cycle.Zero;
        foreach (BlockPlace block in _trace.Blocks.Where(block => block.Type == BlockType.Snapshot))
        {
            Cycle at = StoredSnapshot.Place(_trace.ReadStart(block)).Cycle;
            if (at <= from && (place.Type == BlockType.None || at >= begin))
            {
                (place, begin) = (block, at);
            }
        }
        if (place.Type == BlockType.None)
        {
            throw new TraceException("the recording was cut before the state the actor began with");
        }
        Snapshot state = StoredSnapshot.FromBlock(_trace.Read(place)).State;
        if (!state.Parts.Any(part => part.Actor == _actor.Address))
        {
            throw new TraceException($"the snapshot of {begin} in the recording has no state of {_actor.Address}");
        }
        _actor.Load(state.Read(_actor.Address));
        StateReader sequences = state.Read(default(Address));
        for (int i = 0; i <= _number; i++)
        {
            _context.Sequence = sequences.ReadInt64("sequence");
        }
        return begin;
    }

    private IEnumerable<(TraceMark Mark, ulong[] Hashes, bool Inclusive)> Marks()
    {
        foreach (BlockPlace place in _trace.Blocks)
        {
            if (place.Type is not (BlockType.Mark or BlockType.End))
            {
                continue;
            }
            ByteCursor cursor = new(_trace.Read(place));
            TraceEnd? end = place.Type == BlockType.End ? TraceEnd.Read(ref cursor) : null;
            TraceMark mark = end?.Mark ?? TraceMark.Read(ref cursor);
            ulong[] hashes = ActorHashes.Read(ref cursor, _trace.Header.Actors.Count);
            if (end?.Outcome != Outcome.Faulted)
            {
                // Where nothing more could happen, the last cycle has happened too.
                yield return (mark, hashes, end?.Outcome == Outcome.NoProgress);
            }
        }
    }

    private Divergence? Deliver(in RecordedDelivery delivery)
    {
        Envelope envelope = delivery.Envelope;
        if (Act(envelope.Arrival) is { } failed)
        {
            return failed;
        }
        long firstSent = _context.Sequence;
        try
        {
            _context.Deliver(_actor, in envelope);
        }
        catch (Exception e)
        {
            return new Divergence(envelope.Arrival, _actor.Address, _compared, $"the actor failed: {e.Message}",
                delivery, null);
        }
        RecordedDelivery found = delivery with { FirstSent = firstSent, NextSent = _context.Sequence };
        return delivery.Matches(in found) && _compared++ >= 0
            ? null
            : Divergence.OfDelivery(_compared, delivery, found);
    }

    private Divergence? Act(Cycle until)
    {
        try
        {
            _context.RunTo(_actor, until);
            return null;
        }
        catch (Exception e)
        {
            return new Divergence(
                _context.Now, _actor.Address, _compared, $"the actor failed: {e.Message}", null, null);
        }
    }

    private Divergence? Compare(in TraceMark mark, ulong[] hashes)
    {
        _marks++;
        ulong found = StateHash.Of(_actor);
        return found == hashes[_number]
            ? null
            : new Divergence(mark.Cycle, _actor.Address, _compared,
                $"the actor's state hash is {found:x16}, recorded was {hashes[_number]:x16}", null, null);
    }

    private ReplayVerdict Verdict(Divergence? divergence, bool complete) =>
        new(divergence, _marks, _compared, _context.Now, complete);
}
