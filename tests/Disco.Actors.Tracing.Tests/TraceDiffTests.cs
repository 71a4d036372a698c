using Disco.Actors.Core;
using Disco.Actors.Tracing.Analysis;
using Disco.Actors.Tracing.Container;
using Xunit;

namespace Disco.Actors.Tracing.Tests;

/// <summary>Two recordings: equal, or different at the exact delivery.</summary>
public sealed class TraceDiffTests
{
    private static readonly byte[] Recording = RecordedRun.Radix.Record(RecordLevel.Full, out _, new Cycle(250_000));

    [Fact]
    public void The_same_run_on_two_engines_is_equal_and_the_engine_is_a_remark()
    {
        byte[] other = (RecordedRun.Radix with { Threads = 2 }).Record(RecordLevel.Messages, out _, new Cycle(250_000));

        TraceComparison found = Compare(Recording, other);

        Assert.True(found.Equal, found.Difference?.What);
        Assert.True(found.Deliveries > 1000);
        Assert.Equal(3, found.Marks);
        Assert.Contains(found.Remarks, remark => remark.StartsWith("engine: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Another_seed_is_another_run()
    {
        byte[] other = (RecordedRun.Radix with { Seed = 2 }).Record(RecordLevel.Full, out _, new Cycle(250_000));

        Assert.Contains("seed", Compare(Recording, other).Difference!.What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_dropped_delivery_is_named_with_what_was_before()
    {
        EditedRecording edited = new(Recording);
        RecordedDelivery dropped = edited[2, 300];
        edited.Drop(2, 300);

        TraceDifference at = Compare(Recording, edited.Write()).Difference!;

        Assert.Equal("only the first recording has this delivery", at.What);
        Assert.Equal((dropped.Envelope.Arrival, dropped.Envelope.Target), (at.Cycle, at.Actor));
        Assert.True(at.First!.Value.Delivery.Matches(dropped));
        Assert.Null(at.Second);
        Assert.Equal(10, at.Before.Count);
        Assert.Equal(at.Number - 1, at.Before[^1].Number);
        Assert.All(at.BeforeAtActor, delivery => Assert.Equal(at.Actor, delivery.Envelope.Target));
        Assert.Equal(at.First!.Value.Cause, at.Causes.Count == 0 ? -1 : at.Causes[0].Number);
    }

    [Fact]
    public void A_changed_word_is_named_with_both_values()
    {
        EditedRecording edited = new(Recording);
        RecordedDelivery was = edited[1, 200];
        Envelope envelope = was.Envelope;
        envelope.Message.A ^= 0x80;
        edited[1, 200] = was with { Envelope = envelope };

        TraceDifference at = Compare(Recording, edited.Write()).Difference!;

        Assert.Equal($"the same envelope with another word a (0x{was.Envelope.Message.A:x} and "
            + $"0x{envelope.Message.A:x})", at.What);
        Assert.Equal(was.Envelope.Arrival, at.Cycle);
    }

    [Fact]
    public void A_changed_payload_is_named_with_its_byte()
    {
        EditedRecording edited = new(Recording);
        int number = Enumerable.Range(100, 900).First(at => edited[0, at].Envelope.Message.PayloadBytes > 40);
        RecordedDelivery was = edited[0, number];
        Envelope envelope = was.Envelope;
        ((Span<byte>)envelope.Payload)[33] ^= 0x10;
        edited[0, number] = was with { Envelope = envelope };

        TraceDifference at = Compare(Recording, edited.Write()).Difference!;

        Assert.Contains("byte 33 is 0x", at.What, StringComparison.Ordinal);
        Assert.Equal(was.Envelope.Arrival, at.Cycle);
    }

    [Fact]
    public void A_message_that_comes_later_is_found_where_it_comes()
    {
        EditedRecording edited = new(Recording);
        RecordedDelivery was = edited[3, 400];
        Envelope envelope = was.Envelope;
        envelope.Arrival += 1000;
        edited.Drop(3, 400);
        int place = Enumerable.Range(400, 5000).First(at => edited[3, at].Envelope.Arrival > envelope.Arrival);
        edited.Duplicate(3, place);
        edited[3, place] = was with { Envelope = envelope };

        TraceDifference at = Compare(Recording, edited.Write()).Difference!;

        Assert.Contains($"has this envelope at {envelope.Arrival}", at.What, StringComparison.Ordinal);
        Assert.Equal(was.Envelope.Arrival, at.Cycle);
    }

    [Fact]
    public void A_recording_that_was_cut_differs_where_it_ends()
    {
        TraceDifference at = Compare(Recording, Recording[..(Recording.Length / 2)]).Difference!;

        Assert.Contains("cut", at.What, StringComparison.Ordinal);
        Assert.True(at.Cycle > Cycle.Zero);
    }

    [Fact]
    public void Recordings_of_level_order_are_compared_by_their_state_hashes()
    {
        byte[] one = RecordedRun.Radix.Record(RecordLevel.Order, out _, new Cycle(450_000));
        byte[] other = (RecordedRun.Radix with { Bootargs = "keys=1024 radix=64" })
            .Record(RecordLevel.Order, out _, new Cycle(450_000));

        Assert.True(Compare(one, one).Equal);
        TraceDifference at = Compare(one, other).Difference!;
        Assert.Equal(0, at.Cycle.Value % RecordedRun.MarkCycles);
        Assert.Null(at.Actor);
    }

    private static TraceComparison Compare(byte[] first, byte[] second)
    {
        using TraceReader one = new(new MemoryStream(first), "first");
        using TraceReader other = new(new MemoryStream(second), "second");
        return TraceDiff.Compare(one, other);
    }
}
