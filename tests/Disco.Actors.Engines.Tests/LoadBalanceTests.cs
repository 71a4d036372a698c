using Xunit;

namespace Disco.Actors.Engines.Tests;

/// <summary>Sharing out nodes by load and by what they send each other.</summary>
public sealed class LoadBalanceTests
{
    [Fact]
    public void Even_loads_stay_where_they_are()
    {
        int[] partitionOf = [0, 0, 1, 1];

        Assert.False(LoadBalance.Share([100, 104, 101, 98], new long[4, 4], partitionOf, 2));
        Assert.False(LoadBalance.Share([0, 0, 0, 0], new long[4, 4], partitionOf, 2));
        Assert.Equal([0, 0, 1, 1], partitionOf);
    }

    [Fact]
    public void One_heavy_node_ends_up_alone()
    {
        int[] partitionOf = [0, 0, 0, 1, 1, 1];

        Assert.True(LoadBalance.Share([500, 100, 100, 100, 100, 100], new long[6, 6], partitionOf, 2));
        Assert.Equal([0, 1, 1, 1, 1, 1], partitionOf);
    }

    [Theory]
    [InlineData(1UL, 16, 2)]
    [InlineData(2UL, 32, 3)]
    [InlineData(3UL, 64, 8)]
    [InlineData(4UL, 5, 5)]
    public void Random_loads_come_near_the_mean_and_nobody_is_left_without_a_node(ulong seed, int nodes, int partitions)
    {
        Core.SeededRandom random = new(seed);
        long[] loads = [.. Enumerable.Range(0, nodes).Select(_ => 1000L + random.Below(2000))];
        int[] partitionOf = [.. Enumerable.Range(0, nodes).Select(node => node * partitions / nodes)];

        LoadBalance.Share(loads, new long[nodes, nodes], partitionOf, partitions);

        long[] sums = [.. Enumerable.Range(0, partitions)
            .Select(partition => loads.Where((_, node) => partitionOf[node] == partition).Sum())];
        Assert.DoesNotContain(0, sums);
        Assert.True(sums.Max() - (loads.Sum() / partitions) <= loads.Max() / 2, string.Join(' ', sums));
    }

    [Fact]
    public void Nodes_that_were_dealt_out_come_to_those_they_talk_with()
    {
        int[] partitionOf = [0, 1, 0, 1, 0, 1, 0, 1];

        Assert.True(LoadBalance.Share(Even(8), Groups(8, 4, passing: 20), partitionOf, 2));

        Assert.Single(partitionOf[..4].Distinct());
        Assert.Single(partitionOf[4..].Distinct());
        Assert.NotEqual(partitionOf[0], partitionOf[4]);
    }

    [Fact]
    public void A_gain_in_load_that_messages_would_eat_up_does_not_part_nodes()
    {
        long[] loads = [130, 130, 130, 130, 70, 70, 70, 70];
        int[] partitionOf = [0, 0, 0, 0, 1, 1, 1, 1];

        Assert.False(LoadBalance.Share(loads, Groups(8, 4, passing: 20), partitionOf, 2));
        Assert.True(LoadBalance.Share(loads, new long[8, 8], partitionOf, 2));
    }

    /// <summary>Against times counted anew.</summary>
    [Theory]
    [InlineData(1UL, 8, 2)]
    [InlineData(2UL, 16, 3)]
    [InlineData(3UL, 32, 4)]
    [InlineData(4UL, 6, 6)]
    public void Sharing_makes_the_longest_partition_shorter_or_leaves_all_as_it_is(
        ulong seed, int nodes, int partitions)
    {
        for (ulong round = 0; round < 50; round++)
        {
            Core.SeededRandom random = new((seed * 1000) + round);
            long[] loads = [.. Enumerable.Range(0, nodes).Select(_ => 100L + random.Below(900))];
            long[,] passing = new long[nodes, nodes];
            for (int i = 0; i < nodes * 2; i++)
            {
                passing[random.Below(nodes), random.Below(nodes)] += random.Below(300);
            }
            int[] partitionOf = [.. Enumerable.Range(0, nodes)
                .Select(node => node < partitions ? node : random.Below(partitions))];
            int[] before = [.. partitionOf];

            bool moved = LoadBalance.Share(loads, passing, partitionOf, partitions);

            Assert.Equal(moved, !before.SequenceEqual(partitionOf));
            Assert.Equal(partitions, partitionOf.Distinct().Count());
            Assert.True(!moved
                || Times(loads, passing, partitionOf, partitions).Max()
                < Times(loads, passing, before, partitions).Max());
        }
    }

    private static long[] Even(int nodes) => [.. Enumerable.Repeat(100L, nodes)];

    /// <summary>Groups of neighbours, each node of which sends to the others of its group.</summary>
    private static long[,] Groups(int nodes, int size, long passing)
    {
        long[,] all = new long[nodes, nodes];
        for (int from = 0; from < nodes; from++)
        {
            for (int to = 0; to < nodes; to++)
            {
                all[from, to] = from != to && from / size == to / size ? passing : 0;
            }
        }
        return all;
    }

    private static long[] Times(long[] loads, long[,] passing, int[] partitionOf, int partitions)
    {
        long[] times = new long[partitions];
        for (int node = 0; node < loads.Length; node++)
        {
            times[partitionOf[node]] += loads[node];
            for (int other = 0; other < loads.Length; other++)
            {
                if (partitionOf[node] != partitionOf[other])
                {
                    times[partitionOf[node]] += passing[node, other];
                    times[partitionOf[other]] += passing[node, other];
                }
            }
        }
        return times;
    }
}
