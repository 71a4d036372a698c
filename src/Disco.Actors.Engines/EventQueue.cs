using System.Numerics;
using System.Runtime.CompilerServices;
using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <summary>
/// The undelivered envelopes of one node, taken out cycle by cycle in the total order. A timing wheel: one bucket per
/// cycle of the near future, a bitmap to find the next one in use, a heap for arrivals beyond the wheel. Envelopes
/// stay in reused slots from sending to delivery; only slot numbers move. No allocation once grown.
/// </summary>
internal sealed class EventQueue
{
    private const int Buckets = 2048;
    private const int Mask = Buckets - 1;
    private const int None = -1;

    private readonly int[] _heads = new int[Buckets];
    private Calendar _used = new();
    private Calendar _border = new();
    private long _base;

    private Envelope[] _slots = new Envelope[16];
    private Link[] _links = new Link[16];
    private int _free;

    private Far[] _far = new Far[16];
    private int _farCount;

    private Rank[] _ranks = new Rank[16];

    public EventQueue()
    {
        Array.Fill(_heads, None);
        ChainFree(0);
    }

    /// <summary>The earliest arrival, <see cref="Timing.Never"/> when empty.</summary>
    public long Next { get; private set; } = Timing.Never;

    /// <summary>
    /// The earliest arrival of an envelope added as one for the border, or earlier: not later than any of them.
    /// </summary>
    public long NextAtBorder { get; private set; } = Timing.Never;

    public int Count { get; private set; }

    public ref Envelope this[int slot] => ref _slots[slot];

    public int TargetOf(int slot) => _links[slot].Target;

    /// <summary>Makes room for an envelope; the caller fills it in before the cycle is taken.</summary>
    /// <param name="arrival">Not before the cycle taken last.</param>
    /// <param name="target">Any number, given back by <see cref="TargetOf"/>.</param>
    /// <param name="atBorder">Whether <see cref="NextAtBorder"/> counts it.</param>
    /// <returns>The slot. A reference into it stays usable for writing until the next addition.</returns>
    public int Add(long arrival, int target, bool atBorder)
    {
        Invariant.Holds(arrival >= _base);
        if (_free == None)
        {
            Grow();
        }
        int slot = _free;
        ref Link link = ref _links[slot];
        _free = link.Next;
        link.Target = target;
        link.AtBorder = atBorder;
        _slots[slot].Arrival = new Cycle(arrival);
        if (arrival - _base < Buckets)
        {
            Chain(slot, arrival);
        }
        else
        {
            PushFar(new Far(arrival, slot));
        }
        if (arrival < Next)
        {
            Next = arrival;
        }
        if (atBorder && arrival < NextAtBorder)
        {
            NextAtBorder = arrival;
        }
        Count++;
        return slot;
    }

    /// <summary>
    /// Takes out all envelopes of the cycle <see cref="Next"/>: their number. <see cref="Taken"/> gives their slots in
    /// order; each must be given back with <see cref="Free"/>.
    /// </summary>
    public int Take()
    {
        Invariant.Holds(Count > 0);
        _base = Next;
        while (_farCount > 0 && _far[0].Arrival - _base < Buckets)
        {
            Far far = PopFar();
            Chain(far.Slot, far.Arrival);
        }
        int bucket = (int)_base & Mask;
        int head = _heads[bucket];
        _heads[bucket] = None;
        _used.Clear(bucket);
        if (NextAtBorder == _base)
        {
            _border.Clear(bucket);
            NextAtBorder = FindNext(in _border, bucket);
        }
        Next = FindNext(in _used, bucket);
        int count = _links[head].Next == None ? TakeOne(head) : TakeMany(head);
        Count -= count;
        return count;
    }

    /// <summary>As <see cref="Take"/>, but only the first in order: 1. For stopping inside a cycle.</summary>
    public int TakeFirst()
    {
        int count = Take();
        for (int i = 1; i < count; i++)
        {
            int slot = _ranks[i].Slot;
            Chain(slot, _base);
            Next = _base;
            NextAtBorder = _links[slot].AtBorder ? _base : NextAtBorder;
        }
        Count += count - 1;
        return 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Taken(int index) => _ranks[index].Slot;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Free(int slot)
    {
        _links[slot].Next = _free;
        _free = slot;
    }

    /// <summary>The slots in use, in no particular order.</summary>
    public IEnumerable<int> Slots()
    {
        foreach (int head in _heads)
        {
            for (int slot = head; slot != None; slot = _links[slot].Next)
            {
                yield return slot;
            }
        }
        for (int i = 0; i < _farCount; i++)
        {
            yield return _far[i].Slot;
        }
    }

    private void Chain(int slot, long arrival)
    {
        int bucket = (int)arrival & Mask;
        _links[slot].Next = _heads[bucket];
        _heads[bucket] = slot;
        _used.Set(bucket);
        if (_links[slot].AtBorder)
        {
            _border.Set(bucket);
        }
    }

    /// <summary>The first arrival after the bucket just emptied: around the wheel once, or in the heap.</summary>
    private long FindNext(in Calendar calendar, int bucket)
    {
        long far = _farCount == 0 ? Timing.Never : _far[0].Arrival;
        return calendar.IsEmpty ? far : Math.Min(far, _base + ((calendar.From(bucket) - bucket) & Mask));
    }

    private int TakeOne(int slot)
    {
        _ranks[0].Slot = slot;
        return 1;
    }

    private int TakeMany(int head)
    {
        int count = 0;
        for (int slot = head; slot != None; slot = _links[slot].Next)
        {
            if (count == _ranks.Length)
            {
                Array.Resize(ref _ranks, count * 2);
            }
            ref Envelope envelope = ref _slots[slot];
            _ranks[count++] = new Rank(envelope.TieBreak, envelope.Source.Packed, envelope.Sequence, slot);
        }
        if (count > 24)
        {
            _ranks.AsSpan(0, count).Sort();
            return count;
        }
        for (int i = 1; i < count; i++)
        {
            Rank rank = _ranks[i];
            int at = i;
            for (; at > 0 && rank.CompareTo(_ranks[at - 1]) < 0; at--)
            {
                _ranks[at] = _ranks[at - 1];
            }
            _ranks[at] = rank;
        }
        return count;
    }

    private void PushFar(Far far)
    {
        if (_farCount == _far.Length)
        {
            Array.Resize(ref _far, _farCount * 2);
        }
        int at = _farCount++;
        for (; at > 0 && far.Arrival < _far[(at - 1) / 2].Arrival; at = (at - 1) / 2)
        {
            _far[at] = _far[(at - 1) / 2];
        }
        _far[at] = far;
    }

    private Far PopFar()
    {
        Far top = _far[0];
        Far last = _far[--_farCount];
        int at = 0;
        for (int child = 1; child < _farCount; child = (2 * at) + 1)
        {
            if (child + 1 < _farCount && _far[child + 1].Arrival < _far[child].Arrival)
            {
                child++;
            }
            if (last.Arrival <= _far[child].Arrival)
            {
                break;
            }
            _far[at] = _far[child];
            at = child;
        }
        _far[at] = last;
        return top;
    }

    private void Grow()
    {
        int old = _slots.Length;
        Array.Resize(ref _slots, old * 2);
        Array.Resize(ref _links, old * 2);
        ChainFree(old);
    }

    private void ChainFree(int from)
    {
        for (int slot = from; slot < _links.Length; slot++)
        {
            _links[slot].Next = slot + 1 == _links.Length ? None : slot + 1;
        }
        _free = from;
    }

    private struct Link
    {
        public int Next;
        public int Target;
        public bool AtBorder;
    }

    /// <summary>The buckets in use: a bit each, and a bit for each word of them.</summary>
    private struct Calendar()
    {
        private readonly ulong[] _words = new ulong[Buckets / 64];
        private ulong _any;

        public readonly bool IsEmpty => _any == 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Set(int bucket)
        {
            _words[bucket >> 6] |= 1UL << bucket;
            _any |= 1UL << (bucket >> 6);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Clear(int bucket)
        {
            if ((_words[bucket >> 6] &= ~(1UL << bucket)) == 0)
            {
                _any &= ~(1UL << (bucket >> 6));
            }
        }

        /// <summary>The first bucket in use from one on, around the wheel.</summary>
        public readonly int From(int bucket)
        {
            int word = bucket >> 6;
            ulong rest = _words[word] & (~0UL << bucket);
            if (rest == 0)
            {
                // Words above, else from the start; the own word's low part is the far end of the wheel.
                ulong above = word == 63 ? 0 : _any & (~0UL << (word + 1));
                word = BitOperations.TrailingZeroCount(above != 0 ? above : _any);
                rest = _words[word];
            }
            return (word << 6) + BitOperations.TrailingZeroCount(rest);
        }
    }

    private readonly record struct Far(long Arrival, int Slot);

    /// <summary>The total order inside one cycle.</summary>
    private record struct Rank(ulong TieBreak, uint Source, long Sequence, int Slot) : IComparable<Rank>
    {
        public readonly int CompareTo(Rank other)
        {
            int byTieBreak = TieBreak.CompareTo(other.TieBreak);
            if (byTieBreak != 0)
            {
                return byTieBreak;
            }
            int bySource = Source.CompareTo(other.Source);
            return bySource != 0 ? bySource : Sequence.CompareTo(other.Sequence);
        }
    }
}
