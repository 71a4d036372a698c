using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Interconnect;
using Xunit;

namespace Disco.Actors.Machine.Tests.Boards;

/// <summary>A board that cannot be built says why in one sentence.</summary>
public sealed class BoardConfigTests
{
    [Fact]
    public void Default_board_is_the_papers_machine()
    {
        BoardConfig board = new();

        Assert.Empty(board.Problems());
        Assert.Equal((8, 8), (board.Nodes, board.Cpus));
    }

    [Theory]
    [InlineData(0, 8, "the board flash-8x1 has 0 CPUs; it can have 1 to 64")]
    [InlineData(65, 1, "the board flash-8x1 has 65 CPUs; it can have 1 to 64")]
    [InlineData(8, 65, "the board flash-8x1 has 65 nodes; it can have 1 to 64")]
    [InlineData(8, 0, "the board flash-8x1 has 0 nodes; it can have 1 to 64")]
    [InlineData(6, 4, "6 CPUs cannot be spread evenly over 4 nodes; make cpus a multiple of nodes")]
    public void Impossible_counts_are_refused(int cpus, int nodes, string sentence)
    {
        BoardConfig board = new() { Cpus = cpus, Nodes = nodes, Topology = TopologyKind.Mesh };

        Assert.Equal([sentence], board.Problems());
    }

    [Fact]
    public void Hypercube_of_three_nodes_is_refused() =>
        Assert.Equal(
            ["a hypercube cannot have 3 nodes; use a power of two, or topology mesh or ring"],
            new BoardConfig { Cpus = 3, Nodes = 3, MemoryBytes = 3 << 20 }.Problems());

    [Theory]
    [InlineData(4096UL, "the board flash-8x1 has 4096 bytes of memory; give it at least 1 MiB")]
    [InlineData(0x1_0000_0000UL, "the board flash-8x1 has 4096 MiB of memory; it can have up to 3584 MiB, where the "
        + "devices begin")]
    [InlineData((1UL << 20) + 4096, "1052672 bytes of memory cannot be spread evenly over 8 nodes; make memory a "
        + "multiple of 32768 bytes")]
    public void Impossible_memory_is_refused(ulong bytes, string sentence) =>
        Assert.Equal([sentence], new BoardConfig { MemoryBytes = bytes }.Problems());

    [Fact]
    public void Cache_that_is_no_power_of_two_is_refused() =>
        Assert.Equal(
            ["the L1 data cache has 30000 bytes, 2 ways and lines of 32 bytes; each must be a power of two, lines of "
                + "at least 16 bytes, sets of at least one"],
            new BoardConfig { FirstData = new CacheShape(30000, 2, 32) }.Problems());

    [Fact]
    public void First_level_line_longer_than_the_second_levels_is_refused() =>
        Assert.Single(new BoardConfig { Second = new CacheShape(1 << 20, 2, 32) }.Problems());

    [Fact]
    public void Negative_latency_is_refused() =>
        Assert.Single(new BoardConfig { HopNanoseconds = -1 }.Problems());
}
