using Disco.Actors.Core;
using Xunit;

namespace Disco.Actors.Engines.Tests;

/// <summary>The parts by which threads tell each other things: channel, bulletin, doorbell.</summary>
public sealed class ExchangeTests
{
    private static readonly Timing Timing = new(new EngineOptions(), new Lookahead(5, 7, 22, 20));

    [Theory]
    [InlineData(1UL, 10)]
    [InlineData(2UL, 100)]
    [InlineData(3UL, 1_000)]
    public void A_channel_gives_back_everything_in_order(ulong seed, int underWayMax)
    {
        Channel channel = new(Timing);
        SeededRandom random = new(seed);
        for (int round = 0; round < 200; round++)
        {
            for (int count = random.Below(underWayMax); count > 0; count--)
            {
                channel.Add(100 + channel.Sent, toBorder: true).Sequence = channel.Sent - 1;
            }
            long keep = random.Below(2) * random.Below(underWayMax);
            while (channel.Sent - channel.Received > keep)
            {
                long expected = channel.Received;
                Assert.Equal(expected, channel.Take().Sequence);
            }
            long least = channel.Sent == channel.Received ? Timing.Never : 100 + channel.Received + 20;
            Assert.Equal(least, channel.Unreceived(channel.Received).Delivery);
        }
    }

    /// <summary>No copy mixes two notices, and none is older than one seen before.</summary>
    [Fact]
    public void A_bulletin_is_read_whole()
    {
        const int Notices = 200_000;
        Notice written = new(0, 3);
        Notice read = new(0, 3);
        Bulletin bulletin = new(written.Length);
        Thread writer = new(() =>
        {
            for (long i = 1; i <= Notices; i++)
            {
                written.Leave = new Limits(i, i);
                written.End = i;
                written.Sent(2) = i;
                written.SetUnreceived(1, new Limits(i, i));
                bulletin.Publish(written);
            }
        });

        writer.Start();
        for (long last = 0; last < Notices; last = read.End)
        {
            if (bulletin.TryRead(read))
            {
                Assert.True(read.End >= last);
                Assert.Equal(new Limits(read.End, read.End), read.Leave);
                Assert.Equal(read.End, read.Sent(2));
                Assert.Equal(read.Leave, read.Unreceived(1));
            }
        }
        writer.Join();
    }

    /// <summary>Two threads wait for each other a few thousand times, asleep or not.</summary>
    [Fact]
    public void Nobody_sleeps_through_the_bell()
    {
        const int Turns = 5_000;
        Doorbell doorbell = new();
        int turn = 0;
        Thread[] players = [.. Enumerable.Range(0, 2).Select(player => new Thread(() =>
        {
            for (int i = player; i < Turns; i += 2)
            {
                int mine = i;
                doorbell.Wait(() => Volatile.Read(ref turn) == mine);
                Volatile.Write(ref turn, mine + 1);
                doorbell.Ring();
            }
        }))];

        Array.ForEach(players, player => player.Start());
        Array.ForEach(players, player => player.Join());

        Assert.Equal(Turns, turn);
    }
}
