using Disco.Actors.Core;
using Disco.Actors.Engines;

namespace Disco.Actors.Debugging;

/// <summary>
/// Sees which messages were sent in the handling of others while a run passes. What was under way when it began to look
/// is taken to begin something.
/// </summary>
internal sealed class CauseLog : IObserver, IDisposable
{
    private readonly DeterministicEngine _engine;
    private readonly List<Envelope> _beginnings = [];
    private bool _isSorted;

    // Of a message to oneself its kind, -1 for any other.
    private readonly Dictionary<(Address Source, long Sequence), int> _caused = [];

    public CauseLog(DeterministicEngine engine)
    {
        _engine = engine;
        engine.Observers.Add(this);
    }

    public bool WantsTrace => false;

    /// <summary>Deliveries that began a transaction, in the total order.</summary>
    public List<Envelope> Beginnings
    {
        get
        {
            if (!_isSorted)
            {
                _beginnings.Sort((left, right) => Envelope.Compare(in left, in right));
                _isSorted = true;
            }
            return _beginnings;
        }
    }

    public void Dispose() => _engine.Observers.Remove(this);

    public void Delivered(in Envelope envelope, Actor actor) =>
        Invariant.Broken("causes need the receiver's sequence numbers");

    public void Delivered(in Envelope envelope, Actor actor, long firstSequence, long nextSequence)
    {
        bool isCaused = _caused.Remove((envelope.Source, envelope.Sequence), out int kind);
        // Every further turn of a timer begins something of its own.
        if (!isCaused || (envelope.Source == envelope.Target && kind == envelope.Message.Kind))
        {
            _beginnings.Add(envelope);
            _isSorted = false;
        }
        int self = envelope.Source == envelope.Target ? envelope.Message.Kind : -1;
        for (long sequence = firstSequence; sequence < nextSequence; sequence++)
        {
            _caused[(envelope.Target, sequence)] = self;
        }
    }

    public void Traced(Actor actor, Cycle cycle, in TraceEvent traceEvent)
    {
    }
}
