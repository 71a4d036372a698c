using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <summary>An envelope that was handled later than its latency says.</summary>
public readonly record struct LateEnvelope(Address Source, long Sequence, long Cycles);

/// <summary>
/// The order in which a run without exact order happened, written as the lateness of its envelopes: handled that much
/// later, each at the cycle where it was handled, they are handled in the total order again. Envelopes that an actor
/// sends itself are never late.
/// </summary>
public sealed class Lateness
{
    private readonly Dictionary<uint, List<(long Sequence, long Cycles)>> _bySource = [];

    /// <summary>The cycle before which no stop takes effect; 0 for none.</summary>
    public long StopAt { get; set; }

    /// <summary>How many envelopes are late.</summary>
    public long Count { get; private set; }

    public void Add(LateEnvelope late)
    {
        Invariant.Holds(late.Cycles > 0);
        if (!_bySource.TryGetValue(late.Source.Packed, out List<(long, long)>? list))
        {
            _bySource[late.Source.Packed] = list = [];
        }
        int at = list.BinarySearch((late.Sequence, 0));
        Invariant.Holds(at < 0);
        list.Insert(~at, (late.Sequence, late.Cycles));
        Count++;
    }

    /// <summary>By how many cycles the envelope is late, 0 when it is on time.</summary>
    public long Of(Address source, long sequence)
    {
        if (!_bySource.TryGetValue(source.Packed, out List<(long Sequence, long Cycles)>? list))
        {
            return 0;
        }
        int at = ~list.BinarySearch((sequence, 0));
        return at < list.Count && list[at].Sequence == sequence ? list[at].Cycles : 0;
    }
}
