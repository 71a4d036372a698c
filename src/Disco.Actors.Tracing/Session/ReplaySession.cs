using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Recording;

namespace Disco.Actors.Tracing.Session;

/// <summary>A point of a replayed run, between two deliveries.</summary>
/// <param name="Cycle">Everything before it has happened, and of the cycle itself the deliveries made so far.</param>
/// <param name="Deliveries">Made so far, in the total order: the number of the last one, from 1.</param>
/// <param name="Last">The last one; null at the beginning and where it is not known, after a jump to a snapshot.
/// </param>
public readonly record struct ReplayPosition(Cycle Cycle, long Deliveries, Envelope? Last);

/// <summary>
/// A recorded run that can be moved through in both directions, delivery by delivery or cycle by cycle. The actors of
/// <see cref="World"/> hold the states of the present position; they may be read, never called.
/// </summary>
/// <remarks>
/// Back is forward from an earlier state: from a snapshot in the recording, or from one this session took when it came
/// by. Marks that it passes are compared on the way (<see cref="Divergence"/>).
/// One caller at a time.
/// </remarks>
public sealed partial class ReplaySession
{
    private readonly TraceReader _trace;
    private readonly RecordedMarks _marks;
    private readonly SessionSnapshots _snapshots;
    private readonly DeliveryLog _log = new();
    private readonly OutputHash _output;
    private readonly long _segmentCycles;
    private readonly long _keepCycles;
    private Segment? _segment;
    private int _inputs;

    /// <param name="engine">Fresh, of the recorded machine and the recorded options.</param>
    /// <param name="trace">Stays the caller's.</param>
    /// <param name="segmentCycles">How far deliveries are looked up ahead at once.</param>
    /// <param name="keepCycles">How often a state is kept on the way; so far back costs at most the way from there.
    /// </param>
    /// <remarks>Errors: TraceException when the recording is of another machine or damaged.</remarks>
    public ReplaySession(
        DeterministicEngine engine, TraceReader trace, long segmentCycles = 50_000, long keepCycles = 2_000_000)
    {
        Invariant.Holds(engine.Now == Cycle.Zero && engine.Deliveries == 0);
        Replayer.CheckMachine(engine, trace);
        Engine = engine;
        engine.Lateness = LateBlock.Read(trace);
        _trace = trace;
        _segmentCycles = segmentCycles;
        _keepCycles = keepCycles;
        _marks = new RecordedMarks(trace);
        _snapshots = new SessionSnapshots(trace);
        _output = OutputHash.Of(engine);
        engine.Observers.Add(_log);
        Arrive();
        _snapshots.Keep(Take());
    }

    /// <summary>For observers of what is replayed. It is run by the session alone.</summary>
    public DeterministicEngine Engine { get; }

    public World World => Engine.World;

    public TraceHeader Header => _trace.Header;

    public ReplayPosition Position => new(Engine.Now, Engine.Deliveries, _log.Last);

    /// <summary>How the recording ends; null when that was cut off.</summary>
    public TraceEnd? End => _marks.End;

    /// <summary>The first difference to the recording met so far; null when there is none.</summary>
    public Divergence? Divergence { get; private set; }

    /// <summary>State hashes compared so far.</summary>
    public int MarksCompared { get; private set; }

    /// <summary>How the run ended, once the position is at its end; null before.</summary>
    public RunResult? Ending { get; private set; }

    /// <summary>True at the last point the recording knows.</summary>
    public bool IsAtEnd => Ending is not null || Engine.Now >= _marks.Limit;

    /// <summary>Told the cycle of an earlier state from which the run goes on: what it put out since comes again.
    /// </summary>
    public Action<Cycle>? Rewound { get; set; }

    /// <summary>Cycles the recording holds snapshots of.</summary>
    public IEnumerable<Cycle> Snapshots => _snapshots.Stored;

    /// <summary>Keeps the present state, so that coming back here costs nothing; not inside a cycle.</summary>
    public void Keep()
    {
        if (!IsInsideCycle && Ending is null && !_snapshots.Has(Engine.Now))
        {
            _snapshots.Keep(Take());
        }
    }

    /// <summary>Makes the next delivery. False at the end of the run.</summary>
    public bool StepDelivery() => SeekToDelivery(Engine.Deliveries + 1);

    /// <summary>Takes the last delivery back, and everything after it. False at the beginning.</summary>
    public bool StepBack() => Engine.Deliveries > 0 && SeekToDelivery(Engine.Deliveries - 1);

    /// <summary>
    /// Goes on to the end of the next cycle in which anything happens: deliveries, or instructions of a CPU. False at
    /// the end of the run.
    /// </summary>
    public bool StepCycle()
    {
        if (!IsAtEnd)
        {
            Cycle next = Cycle.Min(Engine.NextEventCycle, _marks.NextAfter(Engine.Now, _inputs) - 1);
            Advance(Cycle.Min(_marks.Limit, next == Cycle.Never ? next : Cycle.Max(Engine.Now, next) + 1));
            return true;
        }
        return false;
    }

    /// <summary>
    /// Makes everything before a cycle happen, for observers of all of it; to the end when the run ends before.
    /// </summary>
    public void RunTo(Cycle cycle) => Advance(Cycle.Min(cycle, _marks.Limit));

    /// <summary>Goes to the beginning of a cycle, forward or back; to the end when the run ends before.</summary>
    public void SeekTo(Cycle cycle)
    {
        cycle = Cycle.Min(cycle, _marks.Limit);
        Cycle nearest = _snapshots.LastAt(cycle);
        if (cycle < Engine.Now || (cycle == Engine.Now && IsInsideCycle) || nearest > Engine.Now)
        {
            Load(_snapshots.Get(nearest));
        }
        Advance(cycle);
    }

    /// <summary>Goes to where this many deliveries have been made, forward or back.</summary>
    /// <returns>False when the run has fewer; the position is its end then.</returns>
    public bool SeekToDelivery(long deliveries)
    {
        Invariant.Holds(deliveries >= 0);
        if (_segment is { } known && known.Before <= deliveries && deliveries <= known.Until)
        {
            MoveWithin(known, deliveries);
            return true;
        }
        Cycle start = _snapshots.LastAt(deliveries);
        if (deliveries < Engine.Deliveries || start > Engine.Now)
        {
            Load(_snapshots.Get(start));
        }
        Cycle mark = _marks.InOrder.FindLast(each => each.Deliveries <= deliveries).Cycle;
        if (mark > Engine.Now)
        {
            Advance(mark);
        }
        while (true)
        {
            Segment segment = SegmentHere();
            if (deliveries <= segment.Until)
            {
                MoveWithin(segment, deliveries);
                return true;
            }
            Advance(segment.End);
            if (segment.IsLast)
            {
                return false;
            }
        }
    }

    /// <summary>True when deliveries of the present cycle have been made, but perhaps not all.</summary>
    private bool IsInsideCycle => _log.Last is { } last && last.Arrival == Engine.Now;

    /// <summary>The deliveries from here on. Afterwards the run may be anywhere in the segment.</summary>
    private Segment SegmentHere()
    {
        if (_segment is { } known && known.Covers(Engine.Now, Engine.Deliveries))
        {
            return known;
        }
        return Look(Cycle.Min(_marks.Limit, Engine.Now + _segmentCycles));
    }

    /// <summary>Runs from here to a cycle and notes every delivery.</summary>
    private Segment Look(Cycle until)
    {
        Invariant.Holds(!IsInsideCycle || Ending is not null);
        StoredSnapshot start = Take();
        _log.Into = [];
        Advance(until);
        List<Envelope> deliveries = _log.Into;
        _log.Into = null;
        deliveries.Sort((left, right) => Envelope.Compare(in left, in right));
        return _segment = new Segment(start, Engine.Now, deliveries, IsAtEnd);
    }

    private void MoveWithin(Segment segment, long deliveries)
    {
        int index = (int)(deliveries - segment.Before);
        Cycle cycle = index == 0 ? segment.Start.Cycle : segment.Deliveries[index - 1].Arrival;
        if (Engine.Deliveries > deliveries || Engine.Now > cycle || Engine.Now < segment.Start.Cycle)
        {
            Load(segment.Start);
        }
        Advance(cycle);
        while (Engine.Deliveries < deliveries && Engine.DeliverNext())
        {
        }
        Invariant.Holds(Engine.Deliveries == deliveries);
        Invariant.Holds(index == 0
            || Envelope.Compare(segment.Deliveries[index - 1], _log.Last!.Value) == 0);
    }

    /// <summary>Makes everything before a cycle happen, posts what came from outside, compares marks.</summary>
    private void Advance(Cycle until)
    {
        while (Engine.Now < until && Ending is null)
        {
            Cycle kept = new(((Engine.Now.Value / _keepCycles) + 1) * _keepCycles);
            Cycle next = Cycle.Min(Cycle.Min(until, kept), _marks.NextAfter(Engine.Now, _inputs));
            RunResult result = Engine.Run(next);
            Ending = result.Outcome == Outcome.ReachedLimit ? null : result;
            if (Ending is null || Ending.Outcome == Outcome.Stopped)
            {
                Arrive();
            }
            if (Ending is null && Engine.Now == kept && !_snapshots.Has(kept))
            {
                _snapshots.Keep(Take());
            }
        }
    }

    /// <summary>At the beginning of a cycle, coming from before it.</summary>
    private void Arrive()
    {
        Compare();
        while (_inputs < _marks.Inputs.Count && _marks.Inputs[_inputs].Posted <= Engine.Now)
        {
            OutsideInput input = _marks.Inputs[_inputs++];
            Engine.Post(input.Outside, input.Target, input.Message, input.Arrival);
            Compare();
        }
    }

    private void Compare()
    {
        if (_marks.At(Engine.Now, _inputs) is { } expected)
        {
            TraceMark found = new(Engine.Now, Engine.Deliveries, Engine.StateHash(), _output.Value);
            MarksCompared++;
            if (found != expected && Divergence is null)
            {
                Divergence = Divergence.OfState(expected, found);
            }
        }
    }

    private StoredSnapshot Take()
    {
        Snapshot state = new();
        Engine.Save(state);
        return new StoredSnapshot(Engine.Now, Engine.Deliveries, _inputs, _output.Value, state) { Last = _log.Last };
    }

    private void Load(StoredSnapshot snapshot)
    {
        Engine.Load(snapshot.State.Read());
        _output.Value = snapshot.Output;
        _inputs = snapshot.Inputs;
        _log.Last = snapshot.Last;
        Ending = null;
        Rewound?.Invoke(snapshot.Cycle);
        Invariant.Holds(Engine.Now == snapshot.Cycle && Engine.Deliveries == snapshot.Deliveries);
    }
}
