using Disco.Actors.Core;

namespace Disco.Actors.Engines.Akka;

/// <summary>The envelopes an actor has but has not handled, by the cycle at which it will: a few, linked to each other.
/// </summary>
internal struct Arrivals
{
    private Carried? _first;

    public readonly long Next => _first is null ? Timing.Never : _first.Envelope.Arrival.Value;

    /// <summary>In the order in which they will be handled.</summary>
    public readonly List<Carried> All
    {
        get
        {
            List<Carried> all = [];
            for (Carried? each = _first; each is not null; each = each.Next)
            {
                all.Add(each);
            }
            return all;
        }
    }

    public void Add(Carried carried)
    {
        ref Carried? place = ref _first;
        while (place is not null && Envelope.Compare(in place.Envelope, in carried.Envelope) < 0)
        {
            place = ref place.Next;
        }
        carried.Next = place;
        place = carried;
    }

    /// <summary>The first; there must be one.</summary>
    public Carried Take()
    {
        Carried first = _first!;
        _first = first.Next;
        return first;
    }

    public void Clear() => _first = null;
}
