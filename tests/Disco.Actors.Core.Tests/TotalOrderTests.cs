using Xunit;

namespace Disco.Actors.Core.Tests;

public sealed class TotalOrderTests
{
    private static readonly Address Source = Address.Cpu(1);
    private static readonly Address Target = Address.Directory(2);

    [Fact]
    public void Same_seed_gives_the_same_rank()
    {
        ulong once = new TotalOrder(7).TieBreak(new Cycle(100), Source, Target, Lane.Request);
        ulong again = new TotalOrder(7).TieBreak(new Cycle(100), Source, Target, Lane.Request);

        Assert.Equal(once, again);
    }

    /// <summary>Two sources that arrive together must be able to come in either order.</summary>
    [Fact]
    public void Seeds_put_two_concurrent_sources_in_either_order()
    {
        HashSet<bool> orders = [];
        for (ulong seed = 0; seed < 64; seed++)
        {
            TotalOrder order = new(seed);
            orders.Add(order.TieBreak(new Cycle(5), Address.Cpu(0), Target, Lane.Request)
                < order.TieBreak(new Cycle(5), Address.Cpu(1), Target, Lane.Request));
        }

        Assert.Equal(2, orders.Count);
    }

    /// <summary>The contract promises order within a lane: equal ranks, so that the sequence decides.</summary>
    [Fact]
    public void Envelopes_of_one_lane_that_arrive_together_keep_their_order_of_sending()
    {
        TotalOrder order = new(3);
        Envelope first = Make(order, sequence: 4);
        Envelope second = Make(order, sequence: 5);

        Assert.True(Envelope.Compare(first, second) < 0);
        Assert.True(Envelope.Compare(second, first) > 0);
        Assert.Equal(0, Envelope.Compare(first, first));
    }

    [Fact]
    public void An_earlier_arrival_comes_first_whatever_its_rank()
    {
        Envelope early = new() { Arrival = new Cycle(9), TieBreak = ulong.MaxValue };
        Envelope late = new() { Arrival = new Cycle(10), TieBreak = 0 };

        Assert.True(Envelope.Compare(early, late) < 0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(30)]
    public void Jitter_stays_within_its_bound(long max)
    {
        TotalOrder order = new(11);
        HashSet<long> seen = [];
        for (int sequence = 0; sequence < 2000; sequence++)
        {
            long jitter = order.Jitter(Source, sequence, max);
            Assert.InRange(jitter, 0, max);
            seen.Add(jitter);
        }

        Assert.Equal(max + 1, seen.Count);
    }

    private static Envelope Make(TotalOrder order, long sequence)
    {
        Cycle arrival = new(77);
        return new Envelope
        {
            Arrival = arrival,
            TieBreak = order.TieBreak(arrival, Source, Target, Lane.Reply),
            Source = Source,
            Target = Target,
            Sequence = sequence,
        };
    }
}
