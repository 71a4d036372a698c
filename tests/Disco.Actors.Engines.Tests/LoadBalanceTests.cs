using Xunit;

namespace Disco.Actors.Engines.Tests;

/// <summary>Sharing out nodes by load.</summary>
public sealed class LoadBalanceTests
{
    [Fact]
    public void Even_loads_stay_where_they_are()
    {
        int[] partitionOf = [0, 0, 1, 1];

        Assert.False(LoadBalance.Share([100, 104, 101, 98], partitionOf, 2));
        Assert.False(LoadBalance.Share([0, 0, 0, 0], partitionOf, 2));
        Assert.Equal([0, 0, 1, 1], partitionOf);
    }

    [Fact]
    public void One_heavy_node_ends_up_alone()
    {
        int[] partitionOf = [0, 0, 0, 1, 1, 1];

        Assert.True(LoadBalance.Share([500, 100, 100, 100, 100, 100], partitionOf, 2));
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

        LoadBalance.Share(loads, partitionOf, partitions);

        long[] sums = [.. Enumerable.Range(0, partitions)
            .Select(partition => loads.Where((_, node) => partitionOf[node] == partition).Sum())];
        Assert.DoesNotContain(0, sums);
        Assert.True(sums.Max() - (loads.Sum() / partitions) <= loads.Max() / 2, string.Join(' ', sums));
    }
}
