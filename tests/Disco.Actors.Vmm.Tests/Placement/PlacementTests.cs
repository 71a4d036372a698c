using Disco.Actors.Core;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Placement;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Placement;

/// <summary>The decision trees, branch by branch. Node 1 is hot, of four.</summary>
public sealed class PlacementTests
{
    private static readonly Address MemMap = new(Role.MemMap, 3);

    /// <summary>
    /// Verghese et al. 1996: hot page; another node's misses at or over the sharing threshold (32)? No: migrate if it
    /// has moved fewer times than the migrate threshold (1) in the interval. Yes: replicate if it was written fewer
    /// times than the write threshold (1).
    /// </summary>
    [Theory]
    [InlineData(31, 0, 0, 0, PageMove.Migrate)]
    [InlineData(31, 99, 0, 0, PageMove.Migrate)]
    [InlineData(31, 0, 1, 1, PageMove.None)]
    [InlineData(31, 0, 0, 1, PageMove.Migrate)]
    [InlineData(32, 0, 0, 0, PageMove.Replicate)]
    [InlineData(32, 0, 1, 1, PageMove.Replicate)]
    [InlineData(32, 1, 0, 0, PageMove.None)]
    [InlineData(32, 0, 0, 4, PageMove.None)]
    [InlineData(31, 0, 0, 4, PageMove.None)]
    public void Verghese_follows_the_tree(uint other, uint writes, int movesOfInterval, int moves, PageMove expected) =>
        Assert.Equal(
            expected,
            Decide(PlacementPolicy.Verghese, other, new HotPageView(1, true, writes)
            {
                MovesOfInterval = movesOfInterval, Moves = moves,
            }));

    /// <summary>Disco 4.2.3: pages that virtual machines share sit once in memory; hot ones get copies.</summary>
    [Theory]
    [InlineData(0, 0, PageMove.Replicate)]
    [InlineData(32, 0, PageMove.Replicate)]
    [InlineData(0, 1, PageMove.None)]
    public void Verghese_copies_a_frame_that_others_use_and_never_moves_it(
        uint other, uint writes, PageMove expected) =>
        Assert.Equal(expected, Decide(PlacementPolicy.Verghese, other, new HotPageView(1, false, writes)));

    /// <summary>The hot node's own misses do not make a page shared, however many.</summary>
    [Fact]
    public void Only_another_node_makes_a_page_shared() =>
        Assert.Equal(PageMove.Migrate, Decide(PlacementPolicy.Verghese, 0, new HotPageView(1, true, 0)));

    /// <summary>Bolosky et al. 1989: copied while read, moved when written, pinned after four moves.</summary>
    [Theory]
    [InlineData(true, 0, 0, PageMove.Replicate)]
    [InlineData(true, 1, 0, PageMove.Migrate)]
    [InlineData(true, 1, 3, PageMove.Migrate)]
    [InlineData(true, 1, 4, PageMove.None)]
    [InlineData(true, 0, 4, PageMove.None)]
    [InlineData(false, 0, 0, PageMove.Replicate)]
    [InlineData(false, 1, 0, PageMove.None)]
    public void Ace_follows_the_writer_until_the_page_is_pinned(
        bool isPrivate, uint writes, int moves, PageMove expected) =>
        Assert.Equal(
            expected, Decide(PlacementPolicy.Ace, 0, new HotPageView(1, isPrivate, writes) { Moves = moves }));

    [Fact]
    public void Off_decides_nothing_and_asks_no_directory_to_count()
    {
        PlacementConfig off = new();

        Assert.Null(off.Create());
        Assert.Null(off.HotPagesTo(MemMap));
    }

    /// <summary>Trigger 128, reset after 100 ms at 400 MHz.</summary>
    [Fact]
    public void A_policy_has_the_directories_count()
    {
        PlacementConfig config = new() { Policy = PlacementPolicy.Verghese };

        Assert.Equal(new(MemMap, 128, 40_000_000), config.HotPagesTo(MemMap));
        Assert.Equal(40_000_000, config.Create()!.ResetCycles);
    }

    [Fact]
    public void Thresholds_that_make_no_sense_are_named_with_what_to_do()
    {
        PlacementConfig config = new() { TriggerMisses = 0, MovesMax = 256 };

        Assert.Equal(
            [
                "page placement has 0 as misses that make a page hot; make it 1 or more",
                "page placement has 256 as moves after which a page stays; make it 0 to 255",
            ],
            config.Problems());
        Assert.Empty(new PlacementConfig().Problems());
    }

    private static PageMove Decide(PlacementPolicy policy, uint other, in HotPageView page)
    {
        IPagePlacement placement = new PlacementConfig { Policy = policy }.Create()!;
        return placement.Decide(page, [0, 128, other, 0]);
    }
}
