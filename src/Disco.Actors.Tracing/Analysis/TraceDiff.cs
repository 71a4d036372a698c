using Disco.Actors.Core;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Analysis;

/// <summary>
/// Compares two recordings: every delivery where both hold them, what came from outside, the state hashes and the end.
/// </summary>
/// <remarks>
/// The engine, the build and other settings may differ without making another run of it: these are remarks. A machine
/// with other actors or another seed is another run even when nothing happened in it.
/// </remarks>
public sealed class TraceDiff
{
    // An envelope that one recording has is looked for so far ahead in the other.
    private const int AheadMax = 10_000;

    private readonly TraceReader _first;
    private readonly TraceReader _second;
    private readonly int _context;
    private long _deliveries;

    private TraceDiff(TraceReader first, TraceReader second, int context)
    {
        _first = first;
        _second = second;
        _context = context;
    }

    private bool HaveDeliveries =>
        _first.Header.Level != RecordLevel.Order && _second.Header.Level != RecordLevel.Order;

    /// <param name="first">A recording.</param>
    /// <param name="second">Another.</param>
    /// <param name="context">How many deliveries before the difference are wanted.</param>
    public static TraceComparison Compare(TraceReader first, TraceReader second, int context = 10)
    {
        TraceDiff diff = new(first, second, context);
        MarkComparison marks = MarkComparison.Of(first, second);
        TraceDifference? difference = diff.OfMachine();
        if (difference is null)
        {
            TraceDifference? delivery = diff.HaveDeliveries ? diff.OfDeliveries() : null;
            // A state hash covers what came before its cycle, so a delivery in that cycle is the later one.
            difference = delivery is not null && (marks.Difference is not { } mark || delivery.Cycle < mark.Cycle)
                ? delivery
                : marks.Difference;
        }
        return new TraceComparison(difference, diff._deliveries, marks.Compared, HeaderRemarks.Of(first, second));
    }

    private TraceDifference? OfMachine()
    {
        TraceHeader first = _first.Header;
        TraceHeader second = _second.Header;
        return !first.Actors.SequenceEqual(second.Actors)
            ? TraceDifference.OfMachine("the machines differ: their actors, or the nodes of these, are not the same")
            : first.Seed != second.Seed
            ? TraceDifference.OfMachine($"the seeds differ: {first.Seed} and {second.Seed}")
            : null;
    }

    private TraceDifference? OfDeliveries()
    {
        using IEnumerator<CausedDelivery> first = Causality.Of(_first.Deliveries()).GetEnumerator();
        using IEnumerator<CausedDelivery> second = Causality.Of(_second.Deliveries()).GetEnumerator();
        DeliveryHistory history = new();
        while (true)
        {
            bool hasFirst = first.MoveNext();
            bool hasSecond = second.MoveNext();
            if (!hasFirst && !hasSecond)
            {
                return null;
            }
            if (hasFirst != hasSecond || !first.Current.Delivery.Matches(second.Current.Delivery))
            {
                return Difference(hasFirst ? first : null, hasSecond ? second : null, history);
            }
            history.Add(first.Current);
            _deliveries++;
        }
    }

    /// <param name="first">At the delivery that differs; null behind its end.</param>
    /// <param name="second">The same.</param>
    /// <param name="history">What both have before.</param>
    private TraceDifference Difference(
        IEnumerator<CausedDelivery>? first, IEnumerator<CausedDelivery>? second, DeliveryHistory history)
    {
        CausedDelivery? one = first?.Current;
        CausedDelivery? other = second?.Current;
        string what;
        if (one is { } inFirst && other is { } inSecond)
        {
            (what, one, other) = IsSame(inFirst, inSecond)
                ? (WhatOf(inFirst, inSecond), one, other)
                : Envelope.Compare(inFirst.Envelope, inSecond.Envelope) < 0
                ? (Missing(inFirst, "first", second!, "second", _second, out other), one, other)
                : (Missing(inSecond, "second", first!, "first", _first, out one), one, other);
        }
        else
        {
            (string ended, TraceReader trace) = one is null ? ("first", _first) : ("second", _second);
            what = $"the {ended} recording ends here" + (trace.Truncated ? ": it was cut" : "");
        }
        CausedDelivery at = one is { } a && other is { } b
            ? Envelope.Compare(a.Envelope, b.Envelope) <= 0 ? a : b
            : (one ?? other)!.Value;
        return new TraceDifference(at.Envelope.Arrival, at.Envelope.Target, history.Count, what, one, other)
        {
            Before = history.Last(_context),
            BeforeAtActor = history.LastAt(at.Envelope.Target, _context),
            Causes = history.Causes(at.Cause, _context),
        };
    }

    private static string Missing(
        CausedDelivery delivery, string has, IEnumerator<CausedDelivery> ahead, string hasNot, TraceReader trace,
        out CausedDelivery? found)
    {
        found = null;
        int node = NodeOf(trace, delivery);
        bool isNodeOver = trace.Truncated;
        for (int i = 0; i < AheadMax; i++)
        {
            if (IsSame(ahead.Current, delivery))
            {
                found = ahead.Current;
                return $"the {hasNot} recording has this envelope at {ahead.Current.Envelope.Arrival}, the {has} at "
                    + $"{delivery.Envelope.Arrival}";
            }
            isNodeOver &= NodeOf(trace, ahead.Current) != node;
            if (!ahead.MoveNext())
            {
                break;
            }
        }
        return isNodeOver
            ? $"the {hasNot} recording was cut and holds nothing of node {node} from here on"
            : $"only the {has} recording has this delivery";
    }

    private static int NodeOf(TraceReader trace, in CausedDelivery delivery)
    {
        string target = delivery.Envelope.Target.ToString();
        return trace.Header.Actors.First(actor => actor.Address == target).Node;
    }

    private static bool IsSame(in CausedDelivery one, in CausedDelivery other) =>
        one.Envelope.Source == other.Envelope.Source && one.Envelope.Sequence == other.Envelope.Sequence;

    private static string WhatOf(in CausedDelivery first, in CausedDelivery second) =>
        "the same envelope with another " + string.Join(", ", DeliveryFields.Different(first.Delivery, second.Delivery)
            .Select(field => $"{field.Name} ({field.First} and {field.Second})"));
}

/// <summary>What came before, so far as it may be asked for.</summary>
internal sealed class DeliveryHistory
{
    private const int Kept = 1 << 16;

    private readonly CausedDelivery[] _last = new CausedDelivery[Kept];

    public long Count { get; private set; }

    private long Oldest => Math.Max(0, Count - Kept);

    public void Add(in CausedDelivery delivery) => _last[Count++ % Kept] = delivery;

    public IReadOnlyList<CausedDelivery> Last(int count) => [.. Backwards().Take(count).Reverse()];

    public IReadOnlyList<CausedDelivery> LastAt(Address actor, int count) =>
        [.. Backwards().Where(delivery => delivery.Envelope.Target == actor).Take(count).Reverse()];

    /// <summary>A delivery, its cause, the cause of that, and so on.</summary>
    public IReadOnlyList<CausedDelivery> Causes(long number, int count)
    {
        List<CausedDelivery> causes = [];
        for (; number >= Oldest && causes.Count < count; number = causes[^1].Cause)
        {
            causes.Add(_last[number % Kept]);
        }
        return causes;
    }

    private IEnumerable<CausedDelivery> Backwards()
    {
        for (long number = Count - 1; number >= Oldest; number--)
        {
            yield return _last[number % Kept];
        }
    }
}
