using Disco.Actors.Core;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Recording;
using Xunit;

namespace Disco.Actors.Tracing.Tests;

/// <summary>An actor is a function of its state and of what it receives: alone it does the same.</summary>
public sealed class ActorReplayTests
{
    private static readonly byte[] Bare = (RecordedRun.Radix with { SnapshotEvery = 3 }).Record(RecordLevel.Full);

    [Fact]
    public void Every_actor_of_a_bare_machine_does_alone_what_it_did_in_the_machine() =>
        EveryActorEqual(RecordedRun.Radix, Bare);

    [Fact]
    public void Every_actor_of_a_machine_with_a_monitor_does_alone_what_it_did_in_the_machine() =>
        EveryActorEqual(RecordedRun.Monitored, RecordedRun.Monitored.Record(RecordLevel.Full));

    [Fact]
    public void An_actor_begins_at_a_snapshot_and_ends_where_it_is_told()
    {
        using TraceReader trace = Open(Bare);

        ReplayVerdict late = Alone(trace, "cpu/1").Run(new Cycle(650_000), Cycle.Never);
        ReplayVerdict early = Alone(trace, "cpu/1").Run(Cycle.Zero, new Cycle(200_000));

        Assert.True(late.Equal && late.Complete && early.Equal && early.Complete);
        Assert.Equal(2, early.Marks);
        Assert.True(late.Marks < Alone(trace, "cpu/1").Run(Cycle.Zero, Cycle.Never).Marks - 3);
    }

    [Fact]
    public void An_actor_that_is_not_the_recorded_one_is_found_at_the_delivery_or_the_mark()
    {
        using TraceReader trace = Open(Bare);
        Actor other = (RecordedRun.Radix with { Cpus = 8 }).Alone(Address.Directory(1))!;

        ReplayVerdict verdict = new ActorReplayer(other, trace).Run(Cycle.Zero, Cycle.Never);

        Assert.False(verdict.Equal);
        Assert.Equal(other.Address, verdict.Divergence!.Actor);
    }

    [Fact]
    public void A_recording_without_the_contents_of_messages_is_refused_with_advice()
    {
        using TraceReader trace = Open(RecordedRun.Radix.Record(RecordLevel.Messages, out _, new Cycle(100_000)));

        Assert.Contains("--record-level full", Assert.Throws<TraceException>(
            () => Alone(trace, "cpu/0")).Message, StringComparison.Ordinal);
    }

    private static void EveryActorEqual(RecordedRun run, byte[] recording)
    {
        using TraceReader trace = Open(recording);
        long deliveries = 0;
        foreach (TraceActor each in trace.Header.Actors)
        {
            Assert.True(Address.TryParse(each.Address, out Address address));
            Actor alone = run.Alone(address) ?? throw new Xunit.Sdk.XunitException($"{address} cannot be made");

            ReplayVerdict verdict = new ActorReplayer(alone, trace).Run(Cycle.Zero, Cycle.Never);

            Assert.True(verdict.Equal, $"{address} at {verdict.Divergence?.Cycle}: {verdict.Divergence?.What}");
            Assert.True(verdict.Complete && verdict.Marks > 3);
            deliveries += verdict.Deliveries;
        }
        Assert.Equal(trace.End!.Mark.Deliveries, deliveries);
    }

    private static ActorReplayer Alone(TraceReader trace, string actor)
    {
        Assert.True(Address.TryParse(actor, out Address address));
        return new ActorReplayer(RecordedRun.Radix.Alone(address)!, trace);
    }

    private static TraceReader Open(byte[] recording) => new(new MemoryStream(recording), "memory");
}
