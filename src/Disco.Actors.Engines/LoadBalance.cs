namespace Disco.Actors.Engines;

/// <summary>
/// Shares out nodes among partitions by measured load and by what they send each other. Pure; the outcome of a run does
/// not depend on it.
/// </summary>
/// <remarks>
/// A partition's time is what its nodes take, and what passes between its nodes and others' takes. Nodes that talk with
/// each other, those of one virtual machine for example, come to lie together.
/// </remarks>
internal sealed class LoadBalance
{
    // Below this gain a move costs more, in cold host caches, than it brings.
    private const double GainMin = 0.05;

    private readonly long[] _loads;
    private readonly long[,] _passing;
    private readonly int[] _partitionOf;
    private readonly int[] _counts;
    private readonly long[] _times;

    // By node: to and from all others, and by partition to and from those in it.
    private readonly long[] _ofNode;
    private readonly long[,] _with;

    private LoadBalance(long[] loads, long[,] passing, int[] partitionOf, int partitions)
    {
        _loads = loads;
        _passing = passing;
        _partitionOf = partitionOf;
        _counts = new int[partitions];
        _times = new long[partitions];
        _ofNode = new long[loads.Length];
        _with = new long[loads.Length, partitions];
        for (int node = 0; node < loads.Length; node++)
        {
            for (int other = 0; other < loads.Length; other++)
            {
                long passes = Passing(node, other);
                _ofNode[node] += passes;
                _with[node, partitionOf[other]] += passes;
            }
            _counts[partitionOf[node]]++;
        }
        for (int node = 0; node < loads.Length; node++)
        {
            int own = partitionOf[node];
            _times[own] += loads[node] + _ofNode[node] - _with[node, own];
        }
    }

    /// <summary>
    /// Moves nodes out of the partition that takes longest, or exchanges them for others, as long as that makes it
    /// clearly shorter. Few moves: what is balanced stays where it is.
    /// </summary>
    /// <param name="loads">Of each node, in any unit of time.</param>
    /// <param name="passing">
    /// What the messages from a node to another one take the two partitions each when they are not in the same one.
    /// </param>
    /// <param name="partitionOf">By node; changed in place.</param>
    /// <param name="partitions">How many there are; each keeps at least one node.</param>
    /// <returns>True when a node was moved.</returns>
    public static bool Share(long[] loads, long[,] passing, int[] partitionOf, int partitions)
    {
        LoadBalance balance = new(loads, passing, partitionOf, partitions);
        long gainMin = (long)(GainMin * loads.Sum() / partitions);
        bool moved = false;
        for (int moves = 0; moves < loads.Length && balance.FindBest(gainMin) is { } best; moves++)
        {
            balance.Carry(best);
            moved = true;
        }
        return moved;
    }

    /// <summary>The change that shortens the longest time most, if by more than the minimum.</summary>
    private Change? FindBest(long gainMin)
    {
        int most = Array.IndexOf(_times, _times.Max());
        Change? best = null;
        long bestGain = gainMin;
        for (int node = 0; node < _loads.Length; node++)
        {
            if (_partitionOf[node] != most)
            {
                continue;
            }
            for (int to = 0; to < _times.Length; to++)
            {
                if (to == most)
                {
                    continue;
                }
                for (int other = -1; other < _loads.Length; other++)
                {
                    bool isExchange = other >= 0;
                    if (isExchange ? _partitionOf[other] != to : _counts[most] == 1)
                    {
                        continue;
                    }
                    Change change = new(node, to, other);
                    // An exchange leaves two nodes with cold caches.
                    long gain = GainOf(change) - (isExchange ? gainMin : 0);
                    if (gain > bestGain)
                    {
                        (best, bestGain) = (change, gain);
                    }
                }
            }
        }
        return best;
    }

    /// <summary>By how much the longer of the two partitions gets shorter.</summary>
    private long GainOf(Change change)
    {
        (int node, int to, int other) = change;
        int from = _partitionOf[node];
        (long atFrom, long atTo) = (_times[from] - Weight(node, from), _times[to] + Weight(node, to));
        if (other >= 0)
        {
            // As if the node had moved already.
            long between = Passing(node, other);
            atTo -= Weight(other, to) - (2 * between);
            atFrom += Weight(other, from) + (2 * between);
        }
        return Math.Max(_times[from], _times[to]) - Math.Max(atFrom, atTo);
    }

    private void Carry(Change change)
    {
        int from = _partitionOf[change.Node];
        Move(change.Node, change.To);
        if (change.Other >= 0)
        {
            Move(change.Other, from);
        }
    }

    private void Move(int node, int to)
    {
        int from = _partitionOf[node];
        _times[from] -= Weight(node, from);
        _times[to] += Weight(node, to);
        _counts[from]--;
        _counts[to]++;
        _partitionOf[node] = to;
        for (int other = 0; other < _loads.Length; other++)
        {
            _with[other, from] -= Passing(node, other);
            _with[other, to] += Passing(node, other);
        }
    }

    /// <summary>By how much a partition takes longer with a node than without it.</summary>
    private long Weight(int node, int partition) => _loads[node] + _ofNode[node] - (2 * _with[node, partition]);

    private long Passing(int node, int other) => node == other ? 0 : _passing[node, other] + _passing[other, node];

    /// <summary>A node goes to a partition, and another one, unless it is -1, comes from there.</summary>
    private readonly record struct Change(int Node, int To, int Other);
}
