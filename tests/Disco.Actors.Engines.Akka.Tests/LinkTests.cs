using Disco.Actors.Core;
using Disco.Actors.Engines.Akka.Cluster;
using Xunit;

namespace Disco.Actors.Engines.Akka.Tests;

/// <summary>What goes over a link comes once and in order, whatever the transport does to frames.</summary>
public sealed class LinkTests
{
    private const ulong Session = 77;
    private const int TicksToGiveUp = 300;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Lost_repeated_and_reordered_frames_arrive_once_and_in_order(ulong seed)
    {
        SeededRandom random = new(seed);
        List<(bool ToRight, byte[] Frame)> wire = [];
        Link left = new(Session, 0, frame => wire.Add((true, frame)), TicksToGiveUp);
        Link right = new(Session, 1, frame => wire.Add((false, frame)), TicksToGiveUp);
        List<byte[]>[] sent = [[], [], []];
        List<byte[]>[] received = [[], [], []];
        for (int round = 0; round < 3_000; round++)
        {
            if (round < 1_000)
            {
                int lane = random.Below(Link.Lanes);
                byte[] payload = new byte[random.OneIn(50) ? 150_000 : 1 + random.Below(40)];
                Array.Fill(payload, (byte)round);
                sent[lane].Add(payload);
                left.Send(lane, payload);
            }
            for (int moves = random.Below(4); moves > 0 && wire.Count > 0; moves--)
            {
                int at = random.OneIn(3) ? random.Below(wire.Count) : 0;
                (bool toRight, byte[] frame) = wire[at];
                if (!random.OneIn(10))
                {
                    wire.RemoveAt(at);
                }
                if (!random.OneIn(8))
                {
                    (toRight ? right : left).Receive(frame, (lane, payload) => received[lane].Add(payload));
                }
            }
            if (round % 10 == 0)
            {
                Assert.True(left.Tick());
                Assert.True(right.Tick());
            }
        }
        Settle(left, right, wire, received);

        Assert.True(left.Resent > 0);
        for (int lane = 0; lane < Link.Lanes; lane++)
        {
            Assert.Equal(sent[lane], received[lane]);
        }
    }

    /// <summary>Also when nothing was sent to it that it would have to acknowledge.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Who_is_silent_is_given_up(bool hasSent)
    {
        Link link = new(Session, 0, _ => { }, TicksToGiveUp);
        if (hasSent)
        {
            link.Send(Link.Control, [1]);
        }

        Assert.All(Enumerable.Range(0, TicksToGiveUp - 1), _ => Assert.True(link.Tick()));
        Assert.False(link.Tick());
    }

    [Fact]
    public void Who_has_nothing_to_say_answers_and_is_not_given_up()
    {
        List<(bool ToRight, byte[] Frame)> wire = [];
        Link left = new(Session, 0, frame => wire.Add((true, frame)), TicksToGiveUp);
        Link right = new(Session, 1, frame => wire.Add((false, frame)), TicksToGiveUp);

        for (int tick = 0; tick < 2 * TicksToGiveUp; tick++)
        {
            Assert.True(left.Tick());
            Deliver(left, right, wire, []);
        }
    }

    [Fact]
    public void Who_talks_but_acknowledges_nothing_is_given_up()
    {
        byte[] frame = [];
        Link deaf = new(Session, 1, sent => frame = sent, TicksToGiveUp);
        Link link = new(Session, 0, _ => { }, TicksToGiveUp);
        link.Send(Link.Control, [1]);

        Assert.All(Enumerable.Range(0, TicksToGiveUp - 1), _ =>
        {
            deaf.Send(Link.Control, [2]);
            link.Receive(frame, (_, _) => { });
            Assert.True(link.Tick());
        });
        Assert.False(link.Tick());
    }

    [Fact]
    public void Frames_of_another_session_or_version_are_nobodys()
    {
        byte[] frame = [];
        new Link(Session, 5, sent => frame = sent, TicksToGiveUp).Send(0, [1, 2, 3]);

        Assert.Equal(5, Link.SenderOf(frame, Session));
        Assert.Equal(-1, Link.SenderOf(frame, Session + 1));
        Assert.Equal(-1, Link.SenderOf(frame.AsSpan(0, Link.HeaderBytes - 1), Session));
        frame[0]++;
        Assert.Equal(-1, Link.SenderOf(frame, Session));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(Bundle.BytesMax - 8)]
    [InlineData(Bundle.BytesMax + 1)]
    public void Frames_that_leave_together_come_out_as_they_were(int length)
    {
        byte[][] frames = [new byte[length], [1, 2, 3], []];
        List<byte[]> bundles = [];
        Bundle bundle = new(bundles.Add);
        foreach (byte[] frame in frames)
        {
            bundle.Add(frame);
        }
        bundle.Leave();
        bundle.Leave();

        List<byte[]> taken = [];
        foreach (byte[] each in bundles)
        {
            ReadOnlySpan<byte> rest = each;
            while (Bundle.TryTake(ref rest, out ReadOnlySpan<byte> frame))
            {
                taken.Add(frame.ToArray());
            }
            Assert.True(rest.IsEmpty);
        }
        Assert.Equal(frames, taken);
        Assert.Equal(length == 1 ? 1 : 2, bundles.Count);
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(2, 0, 0, 0, 9)]
    [InlineData(255, 255, 255, 255, 9)]
    public void A_bundle_that_ends_in_the_middle_has_no_frame(params int[] bytes)
    {
        ReadOnlySpan<byte> bundle = [.. bytes.Select(each => (byte)each)];

        Assert.False(Bundle.TryTake(ref bundle, out _));
    }

    /// <summary>A transport that is well again delivers all that is missing.</summary>
    private static void Settle(
        Link left, Link right, List<(bool ToRight, byte[] Frame)> wire, List<byte[]>[] received)
    {
        for (int tick = 0; tick < 4 * Link.TicksToResend; tick++)
        {
            Deliver(left, right, wire, received);
            left.Tick();
            right.Tick();
        }
    }

    private static void Deliver(
        Link left, Link right, List<(bool ToRight, byte[] Frame)> wire, List<byte[]>[] received)
    {
        while (wire.Count > 0)
        {
            (bool toRight, byte[] frame) = wire[0];
            wire.RemoveAt(0);
            (toRight ? right : left).Receive(frame, (lane, payload) => received[lane].Add(payload));
        }
    }
}
