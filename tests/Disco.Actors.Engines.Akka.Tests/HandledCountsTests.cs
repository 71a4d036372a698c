using Xunit;

namespace Disco.Actors.Engines.Akka.Tests;

/// <summary>Envelopes handled by kind, of which one kind is counted apart.</summary>
public sealed class HandledCountsTests
{
    [Fact]
    public void Every_kind_has_its_count_whichever_came_last_and_however_often_it_is_asked_for()
    {
        HandledCounts counts = new();
        foreach (ushort kind in (ushort[])[0, 7, 7, 0x0107, 7, 0])
        {
            counts.Add(kind);
        }
        counts.Add(0x0107, 5);

        Assert.Equal(11, counts.Sum);
        Assert.Equal((2L, 3L, 6L), CountsOf(counts));
        Assert.Equal((2L, 3L, 6L), CountsOf(counts));
        counts.Add(0x0107);
        Assert.Equal((2L, 3L, 7L), CountsOf(counts));
        Assert.Equal(12, counts.Sum);

        counts.Clear();
        Assert.Equal(0, counts.Sum);
        counts.Add(7);
        Assert.Equal((0L, 1L, 0L), CountsOf(counts));
    }

    private static (long Zero, long Seven, long OfAnotherFamily) CountsOf(HandledCounts counts)
    {
        long[] byKind = new long[ushort.MaxValue + 1];
        counts.AddTo(byKind);
        Assert.Equal(counts.Sum, byKind.Sum());
        return (byKind[0], byKind[7], byKind[0x0107]);
    }
}
