using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Verification.Observers;

/// <summary>
/// The data-value invariant: every load returns the latest store to its word. A load of a line granted for once may
/// return an older value, but none that was overwritten before the load was asked for; that shows the better the more
/// stores have values of their own.
/// </summary>
/// <param name="initial">What a word held at the start; zeros when not given. Asked at the first access.</param>
public sealed class ValueObserver(Func<MachineAddress, ulong>? initial = null) : IObserver
{
    // Of a word that is stored to again and again, so many last values are kept: more than any wait for a line lasts.
    private const int ValuesMax = 2048;

    private readonly Dictionary<ulong, List<(long At, ulong Value)>> _byWord = [];
    private readonly long[] _missedAt = new long[Fabric.AgentsMax];
    private long _now;

    public long Loads { get; private set; }

    public long Stores { get; private set; }

    /// <summary>Loads of lines granted for once that returned an older value.</summary>
    public long OlderLoads { get; private set; }

    /// <summary>The latest value of every word stored to.</summary>
    public IEnumerable<(MachineAddress Word, ulong Value)> Latest =>
        _byWord.Select(word => (new MachineAddress(word.Key), word.Value[^1].Value));

    public void Delivered(in Envelope envelope, Actor actor)
    {
    }

    public void Traced(Actor actor, Cycle cycle, in TraceEvent traceEvent)
    {
        _now++;
        switch (traceEvent.Kind)
        {
            case CoherenceTrace.Miss:
                _missedAt[traceEvent.C] = _now;
                break;
            case CoherenceTrace.Store:
                Stores++;
                Append(Stored(traceEvent.A), traceEvent.B);
                break;
            case CoherenceTrace.Load:
                Loads++;
                CheckLoad(actor, cycle, traceEvent);
                break;
        }
    }

    private void CheckLoad(Actor actor, Cycle cycle, in TraceEvent load)
    {
        List<(long At, ulong Value)> stored = Stored(load.A);
        if (stored[^1].Value == load.B)
        {
            return;
        }
        bool once = (load.C & CoherenceTrace.OnceBit) != 0;
        long since = _missedAt[(byte)load.C];
        // Values count from the one that was the latest when the load was asked for.
        int first = Math.Max(0, stored.FindLastIndex(store => store.At <= since));
        ulong value = load.B;
        if (!once || stored.FindIndex(first, store => store.Value == value) < 0)
        {
            Invariant.Broken(
                $"{actor.Address} loaded 0x{load.B:x} from 0x{load.A:x} at {cycle}; "
                + $"the latest is 0x{stored[^1].Value:x}");
        }
        OlderLoads++;
    }

    private void Append(List<(long At, ulong Value)> stored, ulong value)
    {
        if (stored.Count == ValuesMax)
        {
            stored.RemoveRange(0, ValuesMax / 2);
        }
        stored.Add((_now, value));
    }

    private List<(long At, ulong Value)> Stored(ulong word)
    {
        if (!_byWord.TryGetValue(word, out List<(long At, ulong Value)>? stored))
        {
            _byWord.Add(word, stored = [(0, initial?.Invoke(new MachineAddress(word)) ?? 0)]);
        }
        return stored;
    }
}
