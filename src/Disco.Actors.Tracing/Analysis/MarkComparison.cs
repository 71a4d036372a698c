using Disco.Actors.Core;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Analysis;

/// <summary>The state hashes, the input from outside and the ends of two recordings.</summary>
/// <param name="Difference">The first; null when there is none.</param>
/// <param name="Compared">State hashes that both have.</param>
internal sealed record MarkComparison(TraceDifference? Difference, int Compared)
{
    public static MarkComparison Of(TraceReader first, TraceReader second)
    {
        Dictionary<Cycle, TraceMark> marks = first.Marks().ToDictionary(mark => mark.Cycle);
        int compared = 0;
        TraceDifference? difference = null;
        foreach (TraceMark found in second.Marks())
        {
            if (!marks.TryGetValue(found.Cycle, out TraceMark mark))
            {
                continue;
            }
            compared++;
            if (mark != found)
            {
                difference = TraceDifference.OfState(mark.Cycle, WhatOf(mark, found));
                break;
            }
        }
        compared += first.End is not null && second.End is not null ? 1 : 0;
        TraceDifference?[] all = [difference, OfOutside(first, second), OfEnd(first, second)];
        return new MarkComparison(
            all.OfType<TraceDifference>().OrderBy(one => one.Cycle.Value).FirstOrDefault(), compared);
    }

    private static string WhatOf(TraceMark first, TraceMark second) =>
        first.Deliveries != second.Deliveries
            ? $"the first run had {first.Deliveries} deliveries by then, the second {second.Deliveries}"
            : first.Output != second.Output
            ? "what the machines have put out by then differs"
            : $"the state hashes are {first.State:x16} and {second.State:x16}";

    private static TraceDifference? OfOutside(TraceReader first, TraceReader second)
    {
        OutsideInput[] a = [.. first.OutsideInputs()];
        OutsideInput[] b = [.. second.OutsideInputs()];
        for (int i = 0; i < Math.Max(a.Length, b.Length); i++)
        {
            OutsideInput? one = i < a.Length ? a[i] : null;
            OutsideInput? other = i < b.Length ? b[i] : null;
            if (one != other)
            {
                Cycle cycle = Cycle.Min(one?.Arrival ?? Cycle.Never, other?.Arrival ?? Cycle.Never);
                return TraceDifference.OfState(cycle, $"message {i} from outside is not the same in both");
            }
        }
        return null;
    }

    private static TraceDifference? OfEnd(TraceReader first, TraceReader second)
    {
        TraceEnd? a = first.End;
        TraceEnd? b = second.End;
        if (a == b)
        {
            return null;
        }
        Cycle cycle = Cycle.Min(a?.Mark.Cycle ?? Cycle.Never, b?.Mark.Cycle ?? Cycle.Never);
        string what = a is null || b is null
            ? $"the {(a is null ? "first" : "second")} recording has no end: it was cut"
            : $"the ends differ: {a.Outcome} ({a.Reason}) at {a.Mark.Cycle} and {b.Outcome} ({b.Reason}) at "
                + $"{b.Mark.Cycle}"
                + (a.Mark.Cycle == b.Mark.Cycle && a.Mark != b.Mark ? "; " + WhatOf(a.Mark, b.Mark) : "");
        return TraceDifference.OfState(cycle, what);
    }
}
