using Disco.Actors.Core;
using Disco.Actors.Engines;

namespace Disco.Actors.Debugging.Timelines;

/// <summary>
/// A run that happens for the first time. Going back is going on from an earlier state, which the timeline keeps: the
/// first, and others thinned out as they take too much memory.
/// </summary>
public sealed class LiveTimeline : Timeline
{
    private const long KeptBytesMax = 1L << 29;
    private const int KeptMax = 64;
    private const long KeepCycles = 1_000_000;

    private readonly SortedList<long, Snapshot> _kept = [];
    private readonly Cycle _until;
    private (Cycle Cycle, Snapshot State)? _near;
    private RunResult? _ending;

    /// <param name="engine">At the beginning of what is to be debugged.</param>
    /// <param name="until">The first cycle not to run.</param>
    /// <param name="output">Gets what actors put out, once.</param>
    public LiveTimeline(DeterministicEngine engine, Cycle until, OutputListener? output = null)
        : base(engine, output)
    {
        _until = until;
        Remember();
    }

    public override Cycle Begin => new(_kept.Keys[0]);

    public override RunResult? Ending => _ending;

    public override bool IsAtEnd => _ending is not null;

    public override bool IsRecorded => false;

    public override void Remember()
    {
        if (_ending is not null || (_near is { } near && Now.Value - near.Cycle.Value is >= 0 and <= NearCycles))
        {
            return;
        }
        Snapshot state = new();
        Engine.Save(state);
        _near = (Now, state);
        if (_kept.Count == 0 || Now.Value - _kept.Keys[LastAt(Now)] >= KeepCycles)
        {
            Keep(state);
        }
    }

    public override void RunTo(Cycle until)
    {
        if (_ending is not null)
        {
            return;
        }
        RunResult result = Engine.Run(Cycle.Min(until, _until));
        bool goesOn = result.Outcome == Outcome.ReachedLimit && Now < _until;
        _ending = goesOn ? null : result;
    }

    public override void SeekTo(Cycle cycle)
    {
        cycle = Cycle.Max(cycle, Begin);
        // What has happened of the present cycle may be a part of it.
        if (cycle <= Now || _ending is not null)
        {
            int last = LastAt(cycle);
            Snapshot state = _near is { } near && near.Cycle <= cycle && near.Cycle.Value > _kept.Keys[last]
                ? near.State
                : _kept.Values[last];
            Engine.Load(state.Read());
            _ending = null;
            Output.Rewind(Now);
        }
        RunTo(cycle);
    }

    public override bool StepDelivery()
    {
        while (_ending is null)
        {
            if (Engine.DeliverNext())
            {
                return true;
            }
            StepCycle();
        }
        return false;
    }

    public override bool StepDeliveryBack() => false;

    public override void Changed()
    {
        _kept.Clear();
        _near = null;
        Remember();
    }

    private void Keep(Snapshot state)
    {
        _kept[Now.Value] = state;
        if (_kept.Count > KeptMax || _kept.Values.Sum(each => (long)each.Bytes) > KeptBytesMax)
        {
            // Every second one goes, but not the first nor the last.
            for (int i = _kept.Count - 2; i > 0; i -= 2)
            {
                _kept.RemoveAt(i);
            }
        }
    }

    private int LastAt(Cycle cycle)
    {
        int last = 0;
        while (last + 1 < _kept.Count && _kept.Keys[last + 1] <= cycle.Value)
        {
            last++;
        }
        return last;
    }
}
