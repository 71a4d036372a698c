using Disco.Actors.Core;

namespace Disco.Actors.Tracing.Session;

/// <summary>Tests a delivery that happens.</summary>
public delegate bool DeliveryTest(in Envelope envelope);

/// <summary>Notes the last delivery in the total order, and all of them while a list is there to take them.</summary>
internal sealed class DeliveryLog : IObserver
{
    private Envelope _last;

    public bool WantsTrace => false;

    /// <summary>Null when none is known.</summary>
    public Envelope? Last
    {
        get => HasLast ? _last : null;
        set
        {
            HasLast = value is not null;
            _last = value ?? default;
        }
    }

    public List<Envelope>? Into { get; set; }

    private bool HasLast { get; set; }

    public void Delivered(in Envelope envelope, Actor actor)
    {
        Into?.Add(envelope);
        if (!HasLast || Envelope.Compare(in envelope, in _last) > 0)
        {
            HasLast = true;
            Envelope.Copy(in envelope, ref _last);
        }
    }

    public void Traced(Actor actor, Cycle cycle, in TraceEvent traceEvent)
    {
    }
}
