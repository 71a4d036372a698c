using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Recording;
using Xunit;

namespace Disco.Actors.Tracing.Tests;

/// <summary>A recording repeats bit for bit, and what does not is found at the exact place.</summary>
public sealed class ReplayTests
{
    [Theory]
    [InlineData(RecordLevel.Order, 0)]
    [InlineData(RecordLevel.Messages, 0)]
    [InlineData(RecordLevel.Full, 0)]
    [InlineData(RecordLevel.Order, 2)]
    [InlineData(RecordLevel.Messages, 2)]
    [InlineData(RecordLevel.Full, 2)]
    public void A_run_recorded_on_either_engine_replays_equal_on_the_deterministic_one(RecordLevel level, int threads)
    {
        byte[] recording = (RecordedRun.Radix with { Threads = threads }).Record(level, out RunResult result);

        ReplayVerdict verdict = RecordedRun.Radix.Replay(recording);

        Assert.Equal((Outcome.Stopped, 0), (result.Outcome, result.ExitCode));
        Assert.True(verdict.Equal, verdict.Divergence?.What);
        Assert.True(verdict.Complete);
        Assert.True(verdict.Marks > 2);
        Assert.Equal(level != RecordLevel.Order, verdict.Deliveries > 10_000);
    }

    [Fact]
    public void Recording_changes_nothing_about_the_run()
    {
        Engine bare = RecordedRun.Radix.Engine();
        bare.Run(new Cycle(1_000_000_000));

        using TraceReader trace = Open(RecordedRun.Radix.Record(RecordLevel.Full));

        Assert.Equal(bare.StateHash(), trace.End!.Mark.State);
        Assert.Equal(bare.Deliveries, trace.End.Mark.Deliveries);
        Assert.Equal(bare.Deliveries, trace.Deliveries().LongCount());
    }

    [Fact]
    public void The_same_run_gives_the_same_bytes_on_any_number_of_threads()
    {
        byte[] one = (RecordedRun.Radix with { Threads = 1 }).Record(RecordLevel.Order);
        byte[] two = (RecordedRun.Radix with { Threads = 2 }).Record(RecordLevel.Order);

        Assert.Equal(one, two);
    }

    [Fact]
    public void Deliveries_of_all_nodes_come_in_the_total_order()
    {
        using TraceReader trace = Open(RecordedRun.Radix.Record(RecordLevel.Messages));
        RecordedDelivery[] all = [.. trace.Deliveries().Take(20_000)];

        for (int i = 1; i < all.Length; i++)
        {
            Assert.True(Envelope.Compare(all[i - 1].Envelope, all[i].Envelope) < 0, $"delivery {i}");
        }
    }

    [Fact]
    public void Another_seed_is_refused_and_another_program_is_found_out()
    {
        byte[] recording = RecordedRun.Radix.Record(RecordLevel.Messages);

        Assert.Contains("seed", Assert.Throws<TraceException>(
            () => (RecordedRun.Radix with { Seed = 2 }).Replay(recording)).Message, StringComparison.Ordinal);
        Divergence divergence = (RecordedRun.Radix with { Bootargs = "keys=1024 radix=64" }).Replay(recording)
            .Divergence!;
        Assert.True(divergence.Delivery >= 0, divergence.What);
        Assert.NotNull(divergence.Expected);
    }

    [Fact]
    public void A_run_that_was_stopped_by_its_limit_replays_to_that_limit()
    {
        byte[] recording = RecordedRun.Radix.Record(RecordLevel.Full, out RunResult result, new Cycle(250_000));

        ReplayVerdict verdict = RecordedRun.Radix.Replay(recording);

        Assert.Equal(Outcome.ReachedLimit, result.Outcome);
        Assert.True(verdict.Equal, verdict.Divergence?.What);
        Assert.Equal(new Cycle(250_000), verdict.End);
    }

    [Theory]
    [InlineData(RecordLevel.Order)]
    [InlineData(RecordLevel.Full)]
    public void A_replay_begins_at_a_snapshot_and_ends_where_it_is_told(RecordLevel level)
    {
        RecordedRun run = RecordedRun.Radix with { SnapshotEvery = 2 };
        using TraceReader trace = new(new MemoryStream(run.Record(level)), "memory", isChecked: false);

        ReplayVerdict whole = new Replayer(run.Engine(), trace).Run();
        ReplayVerdict late = new Replayer(run.Engine(), trace, new Cycle(600_000)).Run();
        ReplayVerdict early = new Replayer(run.Engine(), trace).Run(until: new Cycle(333_333));

        Assert.True(late.Equal && late.Complete, late.Divergence?.What);
        Assert.Equal(whole.Marks - 5, late.Marks);
        Assert.True(early.Equal && early.Complete, early.Divergence?.What);
        Assert.Equal((3, new Cycle(333_333)), (early.Marks, early.End));
        Assert.Equal(level == RecordLevel.Full, whole.Deliveries > late.Deliveries);
    }

    [Fact]
    public void A_divergence_is_explained_by_what_led_to_it_whose_states_differ_and_in_which_fields()
    {
        using TraceReader trace = Open((RecordedRun.Radix with { SnapshotEvery = 1 }).Record(RecordLevel.Messages));
        Replayer replayer = new((RecordedRun.Radix with { Bootargs = "keys=1024 radix=64" }).Engine(), trace);
        Divergence divergence = replayer.Run().Divergence!;

        DivergenceReport report = replayer.Explain(divergence);

        Assert.Equal(20, report.Predecessors.Count);
        Assert.All(report.Predecessors, before => Assert.True(before.Envelope.Arrival <= divergence.Cycle));
        Assert.Contains(report.Predecessors, before => before.Envelope.Target == divergence.Actor);
        Assert.Contains(divergence.Actor!.Value, report.Actors);
        Assert.NotNull(report.FieldsAt);
        Assert.Equal(divergence.Actor, report.Fields[0].Actor);
        Assert.NotEqual(report.Fields[0].Recorded, report.Fields[0].Found);
    }

    [Fact]
    public void A_recording_opened_by_its_index_has_the_same_blocks_and_notices_damage_when_it_reads_it()
    {
        byte[] recording = RecordedRun.Radix.Record(RecordLevel.Messages, out _, new Cycle(400_000));
        using TraceReader scanned = Open(recording);
        using TraceReader indexed = new(new MemoryStream(recording), "memory", isChecked: false);
        byte[] damaged = [.. recording];
        damaged[scanned.Blocks.First(block => block.Type == BlockType.Events).Offset + 1_000] ^= 1;
        using TraceReader trusting = new(new MemoryStream(damaged), "memory", isChecked: false);

        Assert.Equal(scanned.Blocks, indexed.Blocks);
        Assert.False(indexed.Truncated);
        Assert.Contains("damaged", Assert.Throws<TraceException>(
            () => trusting.Deliveries().Count()).Message, StringComparison.Ordinal);
    }

    private static TraceReader Open(byte[] recording) => new(new MemoryStream(recording), "memory");
}
