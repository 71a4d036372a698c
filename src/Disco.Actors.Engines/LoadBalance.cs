namespace Disco.Actors.Engines;

/// <summary>
/// Shares out nodes among partitions by measured load. Pure; the outcome of a run does not depend on it.
/// </summary>
internal static class LoadBalance
{
    // Below this gain a move costs more, in cold host caches, than it brings.
    private const double GainMin = 0.05;

    /// <summary>
    /// Moves nodes from the partition with most load to the one with least, as long as that makes the larger of the
    /// two clearly smaller. Few moves: what is balanced stays where it is.
    /// </summary>
    /// <param name="loads">Of each node, in any unit.</param>
    /// <param name="partitionOf">By node; changed in place.</param>
    /// <param name="partitions">How many there are; each keeps at least one node.</param>
    /// <returns>True when a node was moved.</returns>
    public static bool Share(ReadOnlySpan<long> loads, Span<int> partitionOf, int partitions)
    {
        long total = 0;
        foreach (long load in loads)
        {
            total += load;
        }
        bool moved = false;
        for (int moves = 0; moves < loads.Length; moves++)
        {
            (int most, int least, long gap) = Extremes(loads, partitionOf, partitions);
            int best = -1;
            long bestGain = (long)(GainMin * total / partitions);
            for (int node = 0; node < loads.Length; node++)
            {
                // The gap shrinks by twice the load of what moves.
                long gain = (gap - Math.Abs(gap - (2 * loads[node]))) / 2;
                if (partitionOf[node] == most && gain > bestGain)
                {
                    (best, bestGain) = (node, gain);
                }
            }
            if (best < 0 || partitionOf.Count(most) == 1)
            {
                return moved;
            }
            partitionOf[best] = least;
            moved = true;
        }
        return moved;
    }

    private static (int Most, int Least, long Gap) Extremes(
        ReadOnlySpan<long> loads, ReadOnlySpan<int> partitionOf, int partitions)
    {
        Span<long> sums = stackalloc long[partitions];
        sums.Clear();
        for (int node = 0; node < loads.Length; node++)
        {
            sums[partitionOf[node]] += loads[node];
        }
        int most = 0, least = 0;
        for (int partition = 1; partition < partitions; partition++)
        {
            most = sums[partition] > sums[most] ? partition : most;
            least = sums[partition] < sums[least] ? partition : least;
        }
        return (most, least, sums[most] - sums[least]);
    }
}
