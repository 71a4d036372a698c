using Disco.Actors.Vmm.Memory;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Memory;

/// <summary>Memory may be promised twice; who is asked to give some back. [Waldspurger, OSDI 2002, section 5]</summary>
public sealed class BalloonTests
{
    [Fact]
    public void Nobody_is_asked_for_nothing() => Assert.Equal([0, 0], Balloon.AsksOf([Uses(10), Uses(20)], 0));

    [Fact]
    public void Who_has_more_than_its_share_is_asked_first() =>
        Assert.Equal([60, 0, 0], Balloon.AsksOf([Uses(180), Uses(60), Uses(60)], 60));

    /// <summary>Of 300 pages three quarters are the first one's.</summary>
    [Fact]
    public void Shares_are_by_weight() =>
        Assert.Equal([0, 20], Balloon.AsksOf([Uses(200, weight: 3), Uses(100)], 20));

    /// <summary>Of 600 pages each of four should have 150: two have 150 and 50 more.</summary>
    [Fact]
    public void Those_that_have_more_are_asked_in_proportion_to_it() =>
        Assert.Equal([30, 10, 0, 0], Balloon.AsksOf([Uses(300), Uses(200), Uses(0), Uses(100)], 40));

    [Fact]
    public void All_are_asked_when_what_some_have_more_is_not_enough() =>
        Assert.Equal([60, 60], Balloon.AsksOf([Uses(100), Uses(100)], 120));

    [Fact]
    public void Nobody_is_asked_for_more_than_it_has() =>
        Assert.Equal([100, 20], Balloon.AsksOf([Uses(100), Uses(20)], 1000));

    [Fact]
    public void Who_never_gives_is_asked_when_nobody_else_has_anything()
    {
        VmUse deaf = Uses(100) with { Gives = false };

        Assert.Equal([0, 20], Balloon.AsksOf([deaf, Uses(50)], 20));
        Assert.Equal([20, 0], Balloon.AsksOf([deaf, Uses(0)], 20));
    }

    private static VmUse Uses(int pages, int weight = 1) => new(pages, weight, Gives: true);
}
