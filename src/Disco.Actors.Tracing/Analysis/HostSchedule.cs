namespace Disco.Actors.Tracing.Analysis;

/// <summary>
/// Work of a recorded run laid out on host cores: a piece may begin when what it depends on has ended and its core is
/// free. Pieces come in the total order, so a layout is one that an engine could have followed.
/// </summary>
internal abstract class HostSchedule
{
    /// <summary>The last end so far.</summary>
    public long Length { get; private set; }

    /// <summary>Lays a piece out.</summary>
    /// <param name="node">Where its actor lives.</param>
    /// <param name="ready">When it may begin.</param>
    /// <param name="work">How long it takes.</param>
    /// <returns>When it has ended.</returns>
    public long Place(int node, long ready, long work)
    {
        long end = Begin(node, ready, work) + work;
        Length = Math.Max(Length, end);
        return end;
    }

    protected abstract long Begin(int node, long ready, long work);
}

/// <summary>Any number of cores: its length is the critical path.</summary>
internal sealed class UnboundedSchedule : HostSchedule
{
    protected override long Begin(int node, long ready, long work) => ready;
}

/// <summary>Any actor on any core: the one that has been free for the shortest time, or is free the soonest.</summary>
internal sealed class FreeSchedule(int cores) : HostSchedule
{
    private readonly long[] _free = new long[cores];

    protected override long Begin(int node, long ready, long work)
    {
        int best = 0;
        for (int core = 1; core < _free.Length; core++)
        {
            bool isInTime = _free[core] <= ready;
            bool isBetter = isInTime ? _free[best] > ready || _free[core] > _free[best] : _free[core] < _free[best];
            best = isBetter ? core : best;
        }
        long begin = Math.Max(ready, _free[best]);
        _free[best] = begin + work;
        return begin;
    }
}

/// <summary>All actors of a node on one core, nodes in even ranges, as the parallel engine begins.</summary>
internal sealed class NodeSchedule(int cores, int nodes) : HostSchedule
{
    private readonly long[] _free = new long[cores];

    protected override long Begin(int node, long ready, long work)
    {
        ref long free = ref _free[(int)((long)node * Math.Min(cores, nodes) / nodes)];
        long begin = Math.Max(ready, free);
        free = begin + work;
        return begin;
    }
}
