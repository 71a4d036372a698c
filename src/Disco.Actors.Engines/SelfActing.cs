using System.Runtime.CompilerServices;

namespace Disco.Actors.Engines;

/// <summary>
/// The actors of one node that act by themselves: their clocks side by side for the scan for the earliest, and for
/// each the arrivals already on their way to it. An actor enters when it first has a next step.
/// </summary>
internal sealed class SelfActing
{
    private long[] _clocks = new long[4];
    private long[] _ranTo = new long[4];
    private int[] _actors = new int[4];
    private Arrivals[] _pending = new Arrivals[4];

    public int Count { get; private set; }

    /// <summary>The place of the earliest clock in the last <see cref="FindEarliest"/>.</summary>
    public int Earliest { get; private set; }

    /// <summary>The second earliest clock in the last <see cref="FindEarliest"/>.</summary>
    public long Second { get; private set; }

    public int ActorAt(int place) => _actors[place];

    public ref long Clock(int place) => ref _clocks[place];

    /// <summary>The cycle up to which the actor may already have acted; nothing may arrive before it.</summary>
    public ref long RanTo(int place) => ref _ranTo[place];

    public int Enter(int actor, long clock)
    {
        if (Count == _clocks.Length)
        {
            Array.Resize(ref _clocks, Count * 2);
            Array.Resize(ref _ranTo, Count * 2);
            Array.Resize(ref _actors, Count * 2);
            Array.Resize(ref _pending, Count * 2);
        }
        _actors[Count] = actor;
        _clocks[Count] = clock;
        _ranTo[Count] = 0;
        _pending[Count] = new Arrivals();
        return Count++;
    }

    /// <summary>The earliest clock, <see cref="Timing.Never"/> when nobody acts.</summary>
    public long FindEarliest()
    {
        long first = Timing.Never;
        long second = Timing.Never;
        int place = 0;
        ReadOnlySpan<long> clocks = _clocks.AsSpan(0, Count);
        for (int i = 0; i < clocks.Length; i++)
        {
            long clock = clocks[i];
            if (clock < first)
            {
                second = first;
                first = clock;
                place = i;
            }
            else if (clock < second)
            {
                second = clock;
            }
        }
        Earliest = place;
        Second = second;
        return first;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long NextArrival(int place) => _pending[place].Next;

    public void Expect(int place, long arrival) => _pending[place].Add(arrival);

    public void Arrived(int place) => _pending[place].RemoveFirst();

    /// <summary>A few arrivals in descending order, so that the next one is at the end.</summary>
    private sealed class Arrivals
    {
        private long[] _cycles = new long[8];
        private int _count;

        public long Next { get; private set; } = Timing.Never;

        public void Add(long arrival)
        {
            if (_count == _cycles.Length)
            {
                Array.Resize(ref _cycles, _count * 2);
            }
            int at = _count++;
            for (; at > 0 && _cycles[at - 1] < arrival; at--)
            {
                _cycles[at] = _cycles[at - 1];
            }
            _cycles[at] = arrival;
            Next = _cycles[_count - 1];
        }

        public void RemoveFirst()
        {
            _count--;
            Next = _count == 0 ? Timing.Never : _cycles[_count - 1];
        }
    }
}
