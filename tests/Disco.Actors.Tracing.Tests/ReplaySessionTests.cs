using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Session;
using Xunit;

namespace Disco.Actors.Tracing.Tests;

/// <summary>A position in a replayed run is the same state however one came to it.</summary>
public sealed class ReplaySessionTests
{
    private static readonly byte[] Recording = (RecordedRun.Radix with { SnapshotEvery = 2 })
        .Record(RecordLevel.Messages);

    [Fact]
    public void Steps_make_the_deliveries_of_the_recording_in_the_total_order()
    {
        using TraceReader trace = Open();
        ReplaySession session = Begin(trace);

        foreach (RecordedDelivery expected in trace.Deliveries().Take(3_000))
        {
            Assert.True(session.StepDelivery());
            Assert.Equal(0, Envelope.Compare(expected.Envelope, session.Position.Last!.Value));
            Assert.Equal(expected.Envelope.Arrival, session.Position.Cycle);
        }
        Assert.Equal(3_000, session.Position.Deliveries);
    }

    [Fact]
    public void Steps_back_find_the_states_the_steps_forward_had()
    {
        using TraceReader trace = Open();
        ReplaySession session = Begin(trace);
        session.SeekToDelivery(9_990);
        List<ulong> hashes = [];
        for (int i = 0; i < 20; i++)
        {
            hashes.Add(session.Engine.StateHash());
            session.StepDelivery();
        }

        for (int i = 19; i >= 0; i--)
        {
            Assert.True(session.StepBack());
            Assert.Equal(9_990 + i, session.Position.Deliveries);
            Assert.Equal(hashes[i], session.Engine.StateHash());
        }
    }

    [Fact]
    public void A_cycle_is_the_same_state_from_power_on_from_a_snapshot_and_from_behind()
    {
        using TraceReader trace = Open();
        Engine alone = RecordedRun.Radix.Engine();
        alone.Run(new Cycle(450_123));
        ReplaySession session = Begin(trace);

        session.SeekTo(new Cycle(450_123));
        ulong jumped = session.Engine.StateHash();
        session.SeekTo(new Cycle(777_000));
        session.SeekTo(new Cycle(450_123));

        Assert.Equal(alone.StateHash(), jumped);
        Assert.Equal(alone.StateHash(), session.Engine.StateHash());
        Assert.Equal(alone.Deliveries, session.Position.Deliveries);
        Assert.Null(session.Divergence);
    }

    [Fact]
    public void Replay_from_every_snapshot_ends_in_the_recorded_state()
    {
        using TraceReader trace = Open();
        Cycle[] snapshots = [.. Begin(trace).Snapshots];

        foreach (Cycle snapshot in snapshots)
        {
            ReplaySession session = Begin(trace);
            session.SeekTo(snapshot);
            session.SeekTo(Cycle.Never);

            Assert.True(session.IsAtEnd);
            Assert.Equal(trace.End!.Mark.State, session.Engine.StateHash());
            Assert.Null(session.Divergence);
        }
        Assert.True(snapshots.Length >= 3, $"{snapshots.Length} snapshots");
    }

    [Fact]
    public void Searches_find_the_same_delivery_forward_and_back()
    {
        using TraceReader trace = Open();
        ReplaySession session = Begin(trace);
        RecordedDelivery[] wanted =
            [.. trace.Deliveries().Where(each => each.Envelope.Target.Role == Role.Console).Take(3)];

        Assert.True(session.RunUntil(IsForConsole));
        Assert.Equal(0, Envelope.Compare(wanted[0].Envelope, session.Position.Last!.Value));
        Assert.True(session.RunUntil(IsForConsole));
        Assert.True(session.RunUntil(IsForConsole));
        Assert.Equal(0, Envelope.Compare(wanted[2].Envelope, session.Position.Last!.Value));
        Assert.True(session.RunBackUntil(IsForConsole));
        Assert.Equal(0, Envelope.Compare(wanted[1].Envelope, session.Position.Last!.Value));

        static bool IsForConsole(in Envelope envelope) => envelope.Target.Role == Role.Console;
    }

    [Fact]
    public void Conditions_on_states_are_found_at_the_cycle_forward_and_back()
    {
        using TraceReader trace = Open();
        ReplaySession session = Begin(trace);
        session.SeekTo(new Cycle(30_000));
        Actor directory = session.World[Address.Directory(0)];
        ulong first = StateHash.Of(directory);

        Assert.True(session.RunUntil(() => StateHash.Of(directory) != first));
        ReplayPosition changed = session.Position;
        session.SeekTo(changed.Cycle + 500);
        Assert.True(session.RunBackUntil(() => StateHash.Of(directory) == first));

        Assert.True(session.Position.Cycle < changed.Cycle);
        Assert.True(session.StepCycle());
        Assert.NotEqual(first, StateHash.Of(directory));
        Assert.Equal(changed.Cycle, session.Position.Cycle);
    }

    [Fact]
    public void The_end_of_the_run_is_reached_by_cycle_and_by_delivery()
    {
        using TraceReader trace = Open();
        ReplaySession session = Begin(trace);

        Assert.False(session.SeekToDelivery(long.MaxValue / 2));

        Assert.Equal(Outcome.Stopped, session.Ending!.Outcome);
        Assert.Equal(trace.End!.Mark.Deliveries, session.Position.Deliveries);
        Assert.False(session.StepDelivery());
        Assert.True(session.StepBack());
        Assert.Null(session.Ending);
        Assert.Equal(trace.End.Mark.Deliveries - 1, session.Position.Deliveries);
    }

    [Fact]
    public void Virtual_machines_under_the_monitor_go_back_and_end_as_recorded()
    {
        RecordedRun run = RecordedRun.Monitored with { SnapshotEvery = 1 };
        using TraceReader trace = new(new MemoryStream(run.Record(RecordLevel.Order)), "memory");
        ReplaySession session = new((DeterministicEngine)run.Engine(), trace);
        session.SeekToDelivery(5_000);
        ulong hash = session.Engine.StateHash();
        Cycle[] snapshots = [.. session.Snapshots];

        for (int i = snapshots.Length - 1; i >= 0; i -= Math.Max(1, snapshots.Length / 3))
        {
            session.SeekTo(snapshots[i]);
            session.SeekTo(Cycle.Never);
            Assert.Equal(trace.End!.Mark.State, session.Engine.StateHash());
        }
        Assert.True(session.SeekToDelivery(5_000));

        Assert.Equal(hash, session.Engine.StateHash());
        Assert.Null(session.Divergence);
        Assert.True(snapshots.Length >= 3, $"{snapshots.Length} snapshots");
    }

    private static TraceReader Open() => new(new MemoryStream(Recording), "memory");

    private static ReplaySession Begin(TraceReader trace) =>
        new((DeterministicEngine)RecordedRun.Radix.Engine(), trace, segmentCycles: 20_000, keepCycles: 300_000);
}
