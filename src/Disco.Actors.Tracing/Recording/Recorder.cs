using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Recording;

/// <summary>
/// Runs an engine and writes down what is needed to repeat the run: what came from outside, and at regular cycles the
/// hash of the whole state; at higher levels also every delivery. Recording changes nothing about the run.
/// </summary>
public sealed class Recorder : IDisposable
{
    private readonly Engine _engine;
    private readonly TraceWriter _writer;
    private readonly long _markCycles;
    private readonly NodeRecorder[] _nodes;
    private readonly OutputHash _output;
    private readonly ByteBuffer _buffer = new();
    private readonly SnapshotWriter _snapshots;
    private TraceMark _last;
    private ulong[] _hashes = [];
    private int _inputs;
    private bool _isClosed;

    /// <param name="engine">Fresh; its <see cref="Engine.OnOutput"/> is set already.</param>
    /// <param name="stream">Where to; the recorder owns it.</param>
    /// <param name="header">What runs.</param>
    /// <param name="markCycles">From one state hash to the next.</param>
    /// <param name="snapshotEvery">A snapshot is stored at every so many marks; 0 for none.</param>
    public Recorder(Engine engine, Stream stream, TraceHeader header, long markCycles, int snapshotEvery = 0)
    {
        Invariant.Holds(markCycles > 0);
        _engine = engine;
        _writer = new TraceWriter(stream, header);
        _markCycles = markCycles;
        _snapshots = new SnapshotWriter(_writer, snapshotEvery);
        _output = OutputHash.Of(engine);
        ActorNumbers actors = new(engine.World.Actors.Select(actor => actor.Address));
        _nodes = header.Level == RecordLevel.Order
            ? []
            : [.. Enumerable.Range(0, engine.World.Nodes)
                .Select(node => new NodeRecorder(node, actors, _writer, header.Level))];
        if (_nodes.Length > 0)
        {
            engine.NodeObserver = node => _nodes[node];
        }
        if (engine is not ExactEngine)
        {
            // Where the recording ends of a run that cannot be repeated up to its first mark.
            _last = Mark();
        }
        if (header.Level == RecordLevel.Full)
        {
            // What one actor alone begins from.
            _snapshots.Take(engine, 0, 0);
        }
    }

    /// <summary>Of the file, what is still on the way to it included.</summary>
    public long BytesWritten => _writer.BytesWritten;

    /// <summary>
    /// The last mark before something happened that cannot be repeated: the recording ends there, the run goes on.
    /// </summary>
    public Cycle? RepeatsUntil { get; private set; }

    /// <summary>As <see cref="Engine.Run"/>, with marks on the way.</summary>
    /// <param name="until">As there.</param>
    /// <param name="cancelled">As there.</param>
    /// <param name="progress">As there.</param>
    /// <param name="goesOn">
    /// Asked when it was cancelled: true when that was for something from outside, which it has posted meanwhile.
    /// </param>
    /// <param name="isLast">False when it is to be called again once the cycle has been reached.</param>
    public RunResult Run(
        Cycle until, Func<bool>? cancelled = null, Action<Progress>? progress = null, Func<bool>? goesOn = null,
        bool isLast = true)
    {
        while (true)
        {
            Cycle mark = Cycle.Min(until, new Cycle(((_engine.Now.Value / _markCycles) + 1) * _markCycles));
            RunResult result = _engine.Run(mark, cancelled, progress);
            if (!_engine.CanBeRepeated && RepeatsUntil is null)
            {
                RepeatsUntil = _last.Cycle;
                _engine.NodeObserver = null;
                WriteEnd(new TraceEnd(Outcome.Cancelled, 0, "what came next cannot be repeated", _last));
            }
            if (result.Outcome == Outcome.Cancelled && goesOn?.Invoke() == true)
            {
                continue;
            }
            if (result.Outcome == Outcome.ReachedLimit && mark == until && !isLast)
            {
                WriteMark();
                return result;
            }
            if (result.Outcome != Outcome.ReachedLimit || mark == until)
            {
                End(result);
                return result;
            }
            WriteMark();
            if (RepeatsUntil is null)
            {
                _snapshots.AtMark(_engine, _inputs, _output.Value);
            }
        }
    }

    /// <summary>As <see cref="Engine.Post"/>, written down.</summary>
    public void Post(Address outside, Address target, in Message message, Cycle arrival)
    {
        _engine.Post(outside, target, in message, arrival);
        if (RepeatsUntil is not null)
        {
            return;
        }
        _buffer.Clear();
        new OutsideInput(_engine.Now, outside, target, message, arrival).Write(_buffer);
        _writer.Append(BlockType.Outside, 0, _buffer.Written);
        _inputs++;
    }

    /// <summary>Closes the recording. Errors: IOException when a part could not be written.</summary>
    public void Dispose()
    {
        if (_isClosed)
        {
            return;
        }
        _isClosed = true;
        _snapshots.Finish();
        _writer.Dispose();
    }

    private TraceMark Mark()
    {
        _hashes = _nodes.Length == 0 ? [] : ActorHashes.Of(_engine.World);
        return _last = new TraceMark(_engine.Now, _engine.Deliveries, _engine.StateHash(), _output.Value);
    }

    private void End(RunResult result)
    {
        if (RepeatsUntil is not null)
        {
            return;
        }
        // The state of a run that has failed is not to be used: the last mark before it stands.
        TraceMark mark = result.Outcome == Outcome.Faulted ? _last : Mark();
        FlushNodes();
        WriteLate(result.Outcome == Outcome.Stopped ? result.Cycle.Value : 0);
        WriteEnd(new TraceEnd(result.Outcome, result.ExitCode, result.Reason, mark));
    }

    private void WriteEnd(TraceEnd end)
    {
        _snapshots.Finish();
        _buffer.Clear();
        end.Write(_buffer);
        ActorHashes.Write(_buffer, _hashes);
        _writer.Append(BlockType.End, 0, _buffer.Written);
        _writer.Flush();
    }

    private void WriteMark()
    {
        if (RepeatsUntil is not null)
        {
            return;
        }
        TraceMark mark = Mark();
        FlushNodes();
        WriteLate(0);
        _buffer.Clear();
        mark.Write(_buffer);
        ActorHashes.Write(_buffer, _hashes);
        _writer.Append(BlockType.Mark, 0, _buffer.Written);
        _writer.Flush();
    }

    private void WriteLate(long stopAt)
    {
        IReadOnlyList<LateEnvelope> late = _engine.TakeLate();
        if (late.Count > 0 || (stopAt != 0 && _engine is not ExactEngine))
        {
            _buffer.Clear();
            LateBlock.Write(_buffer, late, stopAt);
            _writer.Append(BlockType.Late, 0, _buffer.Written);
        }
    }

    private void FlushNodes() => Array.ForEach(_nodes, node => node.Flush());
}
