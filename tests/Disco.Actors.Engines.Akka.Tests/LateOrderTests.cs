using Disco.Actors.Core;
using Disco.Actors.Engines.Tests;
using Xunit;

namespace Disco.Actors.Engines.Akka.Tests;

/// <summary>
/// A run in the order of the host, and its repetition on the deterministic engine from what was late. The toys hash
/// every message with its arrival, and every cycle in which they act.
/// </summary>
public sealed class LateOrderTests
{
    [Theory]
    [InlineData(1UL, 0, 4, 2)]
    [InlineData(2UL, 0, 7, 3)]
    [InlineData(3UL, 9, 4, 2)]
    [InlineData(4UL, 0, 1, 1)]
    public void A_run_is_repeated_from_what_was_late(ulong seed, long jitter, int nodes, int threads)
    {
        EngineOptions options = new() { Seed = seed, JitterCycles = jitter, Threads = threads };
        using AkkaEngine engine = new(
            ToyMachine.Build(nodes), options, new AkkaOptions { WindowCycles = 300, SliceCycles = 50 });
        List<string> output = Listen(engine);
        List<(Cycle At, ulong State, long Deliveries)> marks = [];
        Lateness lateness = new();
        for (long at = 1_000; at <= 20_000; at += 1_000)
        {
            Assert.Equal(Outcome.ReachedLimit, engine.Run(new Cycle(at)).Outcome);
            marks.Add((engine.Now, engine.StateHash(), engine.Deliveries));
            foreach (LateEnvelope late in engine.TakeLate())
            {
                lateness.Add(late);
            }
        }

        DeterministicEngine again = new(ToyMachine.Build(nodes), options) { Lateness = lateness };
        List<string> repeated = Listen(again);
        foreach ((Cycle at, ulong state, long deliveries) in marks)
        {
            again.Run(at);
            Assert.Equal((at, state, deliveries), (again.Now, again.StateHash(), again.Deliveries));
        }

        Assert.Equal(output, repeated);
        Assert.True(engine.Deliveries > 100 * nodes);
        Assert.Equal(lateness.Count, engine.WindowDelay.Count);
        Assert.True(lateness.Count > 0);
        Assert.Equal(engine.DeliveriesByKind(), again.DeliveriesByKind());
    }

    /// <summary>What is under way is saved as it was sent; how late it will be belongs to the run that handles it.
    /// </summary>
    [Fact]
    public void A_saved_run_goes_on_on_any_engine()
    {
        using AkkaEngine engine = new(ToyMachine.Build(4), new EngineOptions());
        engine.Run(new Cycle(2_345));
        Snapshot snapshot = new();
        engine.Save(snapshot);
        DeterministicEngine exact = new(ToyMachine.Build(4), new EngineOptions());
        using AkkaEngine other = new(ToyMachine.Build(4), new EngineOptions());

        exact.Load(snapshot.Read());
        other.Load(snapshot.Read());

        Assert.Equal(engine.StateHash(), exact.StateHash());
        Assert.Equal(engine.StateHash(), other.StateHash());
        Assert.Equal(engine.Now, other.Now);
        Assert.Equal(Outcome.ReachedLimit, exact.Run(new Cycle(5_000)).Outcome);
        Assert.Equal(Outcome.ReachedLimit, other.Run(new Cycle(5_000)).Outcome);
        Assert.True(other.Deliveries > engine.Deliveries);
    }

    /// <summary>Nobody may be beyond a stop, and actors are apart: it ends with the window.</summary>
    [Fact]
    public void A_stop_ends_the_run_where_nobody_is_beyond_it()
    {
        Probe power = new(new Address(Role.Power, 0))
        {
            Next = new Cycle(2_000),
            OnRun = (self, context) =>
            {
                context.Stop(7, "power off");
                self.Next = Cycle.Never;
            },
        };
        World world = new([.. ToyMachine.Build(4).Actors, power], ToyMachine.Lookahead, new ToyNames());
        using AkkaEngine engine = new(world, new EngineOptions { Threads = 2 });

        RunResult result = engine.Run(Cycle.Never);

        Assert.Equal((Outcome.Stopped, 7, "power off"), (result.Outcome, result.ExitCode, result.Reason));
        Assert.InRange(result.Cycle.Value, 2_022, 3_022);
        Assert.Equal(result, engine.Run(Cycle.Never));
    }

    /// <summary>A receiver that has been further gets a message late, by so much and no more.</summary>
    [Fact]
    public void A_message_is_never_early()
    {
        Probe receiver = new(new Address(Role.Driver, 9), 1);
        List<Actor> actors = [receiver];
        for (ushort i = 0; i < 4; i++)
        {
            actors.Add(Sender(i, receiver.Address));
        }
        World world = new(actors, new Lookahead(20, 20, 20, 20), new ToyNames());
        using AkkaEngine engine = new(
            world, new EngineOptions { Threads = 2 }, new AkkaOptions { WindowCycles = 100, SliceCycles = 10 });

        engine.Run(Cycle.Never);

        long[] late = [.. receiver.Inbox.Select(each => each.Arrival.Value - (long)each.Message.B - 20)];
        Assert.Equal(400, late.Length);
        Assert.All(late, cycles => Assert.InRange(cycles, 0, 200));
        Assert.Equal(new WindowDelay(late.Count(cycles => cycles > 0), late.Sum(), late.Max()), engine.WindowDelay);
        Assert.All(
            receiver.Inbox.Zip(receiver.Inbox.Skip(1)),
            pair => Assert.True(Envelope.Compare(pair.First, pair.Second) < 0));
    }

    private static Probe Sender(ushort index, Address receiver) => new(new Address(Role.Driver, index), index % 2)
    {
        Next = Cycle.Zero,
        OnRun = (self, context) =>
        {
            while (self.Next < context.Horizon)
            {
                context.AdvanceTo(self.Next);
                context.Send(receiver, 20, new Message { B = (ulong)self.Next.Value });
                self.Next = self.Next.Value >= 297 ? Cycle.Never : self.Next + 3;
            }
        },
    };

    private static List<string> Listen(Engine engine)
    {
        List<string> lines = [];
        engine.OnOutput = (source, cycle, bytes) => lines.Add($"{cycle} {source} {bytes.Length}");
        return lines;
    }
}
