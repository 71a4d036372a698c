using Disco.Actors.Core;

namespace Disco.Actors.Engines.Akka;

/// <summary>The envelopes an actor has but has not handled, by the cycle at which it will: a few, in descending order.
/// </summary>
internal sealed class Arrivals
{
    private Carried[] _envelopes = new Carried[8];
    private int _count;

    public long Next => _count == 0 ? Timing.Never : _envelopes[_count - 1].Envelope.Arrival.Value;

    public ReadOnlySpan<Carried> All => _envelopes.AsSpan(0, _count);

    public void Add(Carried carried)
    {
        if (_count == _envelopes.Length)
        {
            Array.Resize(ref _envelopes, _count * 2);
        }
        int at = _count++;
        for (; at > 0 && Envelope.Compare(in _envelopes[at - 1].Envelope, in carried.Envelope) < 0; at--)
        {
            _envelopes[at] = _envelopes[at - 1];
        }
        _envelopes[at] = carried;
    }

    public Carried Take()
    {
        Carried first = _envelopes[--_count];
        _envelopes[_count] = null!;
        return first;
    }

    public void Clear()
    {
        Array.Clear(_envelopes);
        _count = 0;
    }
}
