using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Session;

/// <summary>What a recording says of the run from outside: its marks, its inputs and its end.</summary>
internal sealed class RecordedMarks
{
    private readonly Dictionary<(long Cycle, int Inputs), TraceMark> _marks = [];

    public RecordedMarks(TraceReader trace)
    {
        TraceEnd? end = null;
        foreach (BlockPlace place in trace.Blocks)
        {
            switch (place.Type)
            {
                case BlockType.Outside:
                    ByteCursor input = new(trace.Read(place));
                    Inputs.Add(OutsideInput.Read(ref input));
                    break;
                case BlockType.Mark:
                    ByteCursor mark = new(trace.Read(place));
                    Add(TraceMark.Read(ref mark));
                    break;
                case BlockType.End:
                    ByteCursor last = new(trace.Read(place));
                    end = TraceEnd.Read(ref last);
                    break;
            }
        }
        // A run that was cut is known up to its last mark; one that ended by itself does so again.
        bool isLimited = end is null || end.Outcome is Outcome.ReachedLimit or Outcome.Cancelled;
        if (end is not null && end.Outcome != Outcome.Faulted)
        {
            Add(end.Mark);
        }
        Limit = !isLimited ? Cycle.Never : end?.Mark.Cycle ?? (InOrder.Count == 0 ? Cycle.Zero : InOrder[^1].Cycle);
        End = end;
    }

    public List<OutsideInput> Inputs { get; } = [];

    /// <summary>Marks in order of their cycles.</summary>
    public List<TraceMark> InOrder { get; } = [];

    /// <summary>Nothing is known from here on.</summary>
    public Cycle Limit { get; }

    public TraceEnd? End { get; }

    /// <summary>The mark of a cycle at which so many inputs had been posted.</summary>
    public TraceMark? At(Cycle cycle, int inputs) =>
        _marks.TryGetValue((cycle.Value, inputs), out TraceMark mark) ? mark : null;

    /// <summary>The first cycle after this one with a mark or an input.</summary>
    public Cycle NextAfter(Cycle cycle, int inputs)
    {
        int next = InOrder.BinarySearch(
            new TraceMark(cycle + 1, 0, 0, 0),
            Comparer<TraceMark>.Create((left, right) => left.Cycle.CompareTo(right.Cycle)));
        next = next < 0 ? ~next : next;
        Cycle mark = next < InOrder.Count ? InOrder[next].Cycle : Cycle.Never;
        return inputs < Inputs.Count ? Cycle.Min(mark, Inputs[inputs].Posted) : mark;
    }

    private void Add(TraceMark mark)
    {
        if (_marks.TryAdd((mark.Cycle.Value, Inputs.Count), mark))
        {
            InOrder.Add(mark);
        }
    }
}
