using Disco.Actors.Core;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Session;

/// <summary>
/// The states a session can start from: those stored in the recording, and those it took itself. Of its own it keeps
/// a bounded number, evenly spread over what it has visited.
/// </summary>
internal sealed class SessionSnapshots
{
    private const int OwnMax = 48;

    private readonly TraceReader _trace;
    private readonly List<(Cycle Cycle, long Deliveries, BlockPlace Place)> _stored = [];
    private readonly SortedList<long, StoredSnapshot> _own = [];

    public SessionSnapshots(TraceReader trace)
    {
        _trace = trace;
        foreach (BlockPlace place in trace.Blocks.Where(block => block.Type == BlockType.Snapshot))
        {
            (Cycle cycle, long deliveries, _, _) = StoredSnapshot.Place(trace.ReadStart(place));
            _stored.Add((cycle, deliveries, place));
        }
        _stored.Sort((left, right) => left.Cycle.CompareTo(right.Cycle));
    }

    /// <summary>Cycles of the snapshots in the recording.</summary>
    public IEnumerable<Cycle> Stored => _stored.Select(each => each.Cycle);

    public bool Has(Cycle cycle) =>
        _own.ContainsKey(cycle.Value) || _stored.Exists(each => each.Cycle == cycle);

    public void Keep(StoredSnapshot snapshot)
    {
        _own[snapshot.Cycle.Value] = snapshot;
        if (_own.Count > OwnMax)
        {
            // Every second one goes, but not the first (power-on) nor the one just taken.
            for (int i = _own.Count - 2; i > 0; i -= 2)
            {
                if (_own.Keys[i] != snapshot.Cycle.Value)
                {
                    _own.RemoveAt(i);
                }
            }
        }
    }

    /// <summary>The last one that is not after the cycle. One of cycle 0 is always kept.</summary>
    public Cycle LastAt(Cycle cycle) => Last((at, _) => at <= cycle);

    /// <summary>The last one with at most so many deliveries before it.</summary>
    public Cycle LastAt(long deliveries) => Last((_, before) => before <= deliveries);

    public StoredSnapshot Get(Cycle cycle)
    {
        if (_own.TryGetValue(cycle.Value, out StoredSnapshot? own))
        {
            return own;
        }
        BlockPlace place = _stored.Find(each => each.Cycle == cycle).Place;
        return StoredSnapshot.FromBlock(_trace.Read(place));
    }

    private Cycle Last(Func<Cycle, long, bool> isBefore)
    {
        Cycle last = Cycle.Zero;
        foreach (StoredSnapshot own in _own.Values)
        {
            last = isBefore(own.Cycle, own.Deliveries) ? Cycle.Max(last, own.Cycle) : last;
        }
        foreach ((Cycle cycle, long deliveries, _) in _stored)
        {
            last = isBefore(cycle, deliveries) ? Cycle.Max(last, cycle) : last;
        }
        return last;
    }
}
