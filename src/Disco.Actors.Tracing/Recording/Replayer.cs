using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Recording;

/// <summary>What a repeated run was found to be.</summary>
/// <param name="Divergence">The first difference; null when there is none.</param>
/// <param name="Marks">State hashes compared.</param>
/// <param name="Deliveries">Deliveries compared one by one; 0 for a recording of level order.</param>
/// <param name="End">How far the repeated run came.</param>
/// <param name="Complete">False when the recording was cut and could only be followed so far.</param>
public sealed record ReplayVerdict(
    Divergence? Divergence, int Marks, long Deliveries, Cycle End, bool Complete)
{
    public bool Equal => Divergence is null;
}

/// <summary>
/// Repeats a recorded run and compares: the state hash at every mark and, where the recording has them, every
/// delivery. The engine is fresh, made from the recording's own configuration; any exact engine will do.
/// </summary>
public sealed class Replayer
{
    private readonly Engine _engine;
    private readonly TraceReader _trace;
    private readonly OutputHash _output;
    private readonly NodeComparer[] _nodes;
    private readonly Cycle _from = Cycle.Zero;
    private int _inputs;
    private int _marks;

    /// <param name="engine">Fresh; its <see cref="Engine.OnOutput"/> is set already.</param>
    /// <param name="trace">Stays the caller's.</param>
    /// <param name="from">Begins at the last snapshot in the recording that is not after it, else at power-on.</param>
    /// <remarks>Errors: TraceException when the recording is of another machine or damaged.</remarks>
    public Replayer(Engine engine, TraceReader trace, Cycle from = default)
    {
        CheckMachine(engine, trace);
        _engine = engine;
        _trace = trace;
        engine.Lateness = LateBlock.Read(trace);
        _output = OutputHash.Of(engine);
        if (from > Cycle.Zero && SnapshotBefore(from) is { Cycle.Value: > 0 } snapshot)
        {
            engine.Load(snapshot.State.Read());
            _output.Value = snapshot.Output;
            _inputs = snapshot.Inputs;
            _from = snapshot.Cycle;
        }
        ActorNumbers actors = new(engine.World.Actors.Select(actor => actor.Address));
        _nodes = trace.Header.Level == RecordLevel.Order
            ? []
            : [.. Enumerable.Range(0, engine.World.Nodes)
                .Select(node => new NodeComparer(node, trace, actors, _from))];
        if (_nodes.Length > 0)
        {
            engine.NodeObserver = node => _nodes[node];
        }
    }

    private bool HasDiverged => Array.Exists(_nodes, node => node.Divergence is not null || node.Damage is not null);

    /// <summary>Compares from where it begins.</summary>
    /// <param name="cancelled">Asked now and then.</param>
    /// <param name="progress">Told now and then.</param>
    /// <param name="until">Nothing from this cycle on is repeated; null for the end of the recording.</param>
    /// <remarks>Errors: TraceException when the recording is damaged.</remarks>
    public ReplayVerdict Run(
        Func<bool>? cancelled = null, Action<Progress>? progress = null, Cycle? until = null)
    {
        Cycle last = until ?? Cycle.Never;
        bool Stop() => HasDiverged || (cancelled is not null && cancelled());
        int inputs = 0;
        foreach (BlockPlace place in _trace.Blocks)
        {
            bool isRead = place.Type is BlockType.Outside or BlockType.Mark or BlockType.End;
            ByteCursor cursor = new(isRead ? _trace.Read(place) : []);
            Divergence? divergence = null;
            if (place.Type == BlockType.Outside)
            {
                OutsideInput input = OutsideInput.Read(ref cursor);
                divergence = inputs++ < _inputs || input.Posted >= last ? null : Post(input);
            }
            else if (place.Type == BlockType.Mark)
            {
                TraceMark mark = TraceMark.Read(ref cursor);
                divergence = mark.Cycle < _from || mark.Cycle > last ? null : Reach(mark, Stop, progress);
            }
            else if (place.Type == BlockType.End)
            {
                TraceEnd whole = TraceEnd.Read(ref cursor);
                divergence = whole.Mark.Cycle > last ? null : Finish(whole, Stop, progress);
            }
            if (divergence is not null)
            {
                return Verdict(divergence, complete: true);
            }
            if (cancelled is not null && cancelled())
            {
                return Verdict(null, complete: false);
            }
        }
        if (until is null || _engine.Now >= last || _trace.End is not { } end || end.Mark.Cycle <= last)
        {
            return Verdict(null, complete: _engine.Now >= last || !_trace.Truncated);
        }
        _engine.Run(last, Stop, progress);
        bool isCancelled = _engine.Now < last && !HasDiverged;
        return Verdict(FirstDelivery(isCancelled ? null : last), complete: !isCancelled);
    }

    /// <summary>
    /// More about a divergence just found: whose states differ, which fields, and what led to it. Runs the engine on to
    /// the next mark and the next snapshot of the recording. Errors: TraceException when the recording is damaged.
    /// </summary>
    public DivergenceReport Explain(Divergence divergence)
    {
        _engine.NodeObserver = null;
        return DivergenceReport.Of(_trace, _engine, divergence);
    }

    /// <summary>Errors: TraceException when the engine runs another machine, or with another seed.</summary>
    internal static void CheckMachine(Engine engine, TraceReader trace)
    {
        if (!TraceActor.Of(engine.World).SequenceEqual(trace.Header.Actors))
        {
            throw new TraceException("the recording is of another machine: its actors are not this one's");
        }
        if (engine.Options.Seed != trace.Header.Seed)
        {
            throw new TraceException(
                $"the recording has seed {trace.Header.Seed}, this run has {engine.Options.Seed}");
        }
    }

    private StoredSnapshot? SnapshotBefore(Cycle from)
    {
        BlockPlace last = _trace.Blocks.Where(block => block.Type == BlockType.Snapshot)
            .Select(block => (Block: block, StoredSnapshot.Place(_trace.ReadStart(block)).Cycle))
            .Where(each => each.Cycle <= from)
            .OrderBy(each => each.Cycle.Value)
            .LastOrDefault().Block;
        return last.Type == BlockType.None ? null : StoredSnapshot.FromBlock(_trace.Read(last));
    }

    private ReplayVerdict Verdict(Divergence? divergence, bool complete) =>
        new(divergence, _marks, _nodes.Sum(node => node.Compared), _engine.Now, complete);

    private Divergence? Post(OutsideInput input)
    {
        if (_engine.Now != input.Posted)
        {
            RunResult result = _engine.Run(input.Posted);
            if (HasDiverged)
            {
                return FirstDelivery(null);
            }
            if (result.Outcome != Outcome.ReachedLimit)
            {
                return Divergence.OfEnd(_engine.Now, "a run that goes on to " + input.Posted, result.Reason);
            }
        }
        _engine.Post(input.Outside, input.Target, input.Message, input.Arrival);
        return null;
    }

    private Divergence? Reach(TraceMark mark, Func<bool> stop, Action<Progress>? progress)
    {
        RunResult result = _engine.Run(mark.Cycle, stop, progress);
        bool isCancelled = result.Outcome == Outcome.Cancelled && !HasDiverged;
        if (FirstDelivery(isCancelled ? null : mark.Cycle) is { } first)
        {
            return first;
        }
        if (result.Outcome != Outcome.ReachedLimit)
        {
            return isCancelled
                ? null
                : Divergence.OfEnd(result.Cycle, "a run that goes on to " + mark.Cycle, result.Reason);
        }
        return Compare(mark);
    }

    private Divergence? Finish(TraceEnd end, Func<bool> stop, Action<Progress>? progress)
    {
        bool limited = end.Outcome is Outcome.ReachedLimit or Outcome.Cancelled;
        RunResult result = _engine.Run(limited ? end.Mark.Cycle : Cycle.Never, stop, progress);
        bool isCancelled = result.Outcome == Outcome.Cancelled && !HasDiverged;
        if (FirstDelivery(isCancelled ? null : _engine.Now) is { } first)
        {
            return first;
        }
        Outcome expected = limited ? Outcome.ReachedLimit : end.Outcome;
        if (result.Outcome != expected || (!limited && result.Reason != end.Reason))
        {
            return isCancelled
                ? null
                : Divergence.OfEnd(result.Cycle, $"{end.Outcome}: {end.Reason}", $"{result.Outcome}: {result.Reason}");
        }
        return result.Outcome == Outcome.Faulted ? null : Compare(end.Mark);
    }

    /// <summary>
    /// The first difference of a delivery. Every node has come to the same cycle, so that none has an earlier one left.
    /// </summary>
    private Divergence? FirstDelivery(Cycle? until)
    {
        Array.ForEach(_nodes, node => node.Settle(until));
        if (_nodes.Select(node => node.Damage).OfType<TraceException>().FirstOrDefault() is { } damage)
        {
            throw damage;
        }
        return _nodes.Select(node => node.Divergence).OfType<Divergence>()
            .MinBy(divergence => divergence.Cycle.Value);
    }

    private Divergence? Compare(TraceMark expected)
    {
        TraceMark found = new(_engine.Now, _engine.Deliveries, _engine.StateHash(), _output.Value);
        _marks++;
        return found == expected ? null : Divergence.OfState(expected, found);
    }
}
