using Disco.Actors.Core;
using Xunit;

namespace Disco.Actors.Engines.Tests;

/// <summary>
/// What engines promise that keep the exact order: the deterministic engine with the same options is the reference.
/// </summary>
public abstract class ExactEngineContract : EngineContract
{
    [Theory]
    [InlineData(1UL, 0, 0, 4)]
    [InlineData(2UL, 0, 0, 7)]
    [InlineData(3UL, 0, 0, 1)]
    [InlineData(4UL, 9, 0, 4)]
    [InlineData(5UL, 0, 100, 5)]
    [InlineData(6UL, 13, 1000, 3)]
    public void A_run_ends_in_the_state_of_the_reference(ulong seed, long jitter, long window, int nodes)
    {
        EngineOptions options = new() { Seed = seed, JitterCycles = jitter, WindowCycles = window };
        Engine reference = new DeterministicEngine(ToyMachine.Build(nodes), options);
        Engine engine = Create(ToyMachine.Build(nodes), options);

        RunResult expected = reference.Run(new Cycle(30_000));
        RunResult result = engine.Run(new Cycle(30_000));

        Assert.Equal(Outcome.ReachedLimit, result.Outcome);
        Assert.Equal(expected, result);
        Assert.True(reference.Deliveries > 200 * nodes);
        Assert.Equal(reference.Deliveries, engine.Deliveries);
        Assert.Equal(reference.DeliveriesByKind(), engine.DeliveriesByKind());
        Assert.Equal(reference.StateHash(), engine.StateHash());
        Assert.Equal(reference.WindowDelay, engine.WindowDelay);
        Assert.Equal(window != 0, engine.WindowDelay.Count != 0);
    }

    /// <summary>Actors must not depend on how their time was cut, and engines may cut it anyhow.</summary>
    [Theory]
    [InlineData(1, 0)]
    [InlineData(7, 0)]
    [InlineData(31, 0)]
    [InlineData(501, 0)]
    [InlineData(97, 250)]
    public void A_run_in_slices_is_one_run(long sliceCycles, long window)
    {
        Cycle end = new(Math.Min(5_000, 150 * sliceCycles));
        EngineOptions options = new() { Seed = 11, WindowCycles = window, JitterCycles = 3 };
        Engine whole = Create(ToyMachine.Build(3), options);
        Engine sliced = Create(ToyMachine.Build(3), options);

        whole.Run(end);
        for (Cycle until = Cycle.Zero; until < end;)
        {
            until = Cycle.Min(until + sliceCycles, end);
            sliced.Run(until);
        }

        Assert.Equal(whole.StateHash(), sliced.StateHash());
        Assert.Equal(whole.Deliveries, sliced.Deliveries);
    }

    /// <summary>A smaller lookahead only shortens the stretches.</summary>
    [Fact]
    public void The_lookahead_does_not_show_in_the_outcome()
    {
        Engine wide = Create(ToyMachine.Build(3), new EngineOptions());
        Engine narrow = Create(ToyMachine.Build(3, new Lookahead(1, 1, 1, 1)), new EngineOptions());

        wide.Run(new Cycle(5_000));
        narrow.Run(new Cycle(5_000));

        Assert.Equal(wide.StateHash(), narrow.StateHash());
    }

    [Fact]
    public void Another_seed_gives_another_order()
    {
        HashSet<ulong> hashes = [];
        for (ulong seed = 1; seed <= 5; seed++)
        {
            Engine engine = Create(ToyMachine.Build(3), new EngineOptions { Seed = seed });
            engine.Run(new Cycle(3_000));
            hashes.Add(engine.StateHash());
        }

        Assert.Equal(5, hashes.Count);
    }

    [Fact]
    public void In_window_mode_too_messages_keep_their_order_and_come_once() =>
        KeepsOrder(new EngineOptions { JitterCycles = 50, WindowCycles = 300 });

    /// <summary>Sometimes one first, sometimes the other: across sources, and across the lanes of one source.</summary>
    [Fact]
    public void Messages_of_one_cycle_come_in_either_order_over_seeds()
    {
        HashSet<uint> firstSources = [];
        HashSet<Lane> firstLanes = [];
        for (ulong seed = 1; seed <= 20; seed++)
        {
            Probe receiver = new(new Address(Role.Driver, 9));
            Actor[] actors = [receiver, Sender(0, 0, receiver.Address, 2), Sender(1, 0, receiver.Address, 2)];
            World world = new(actors, new Lookahead(1, 1, 1, 1), new ToyNames());
            Create(world, new EngineOptions { Seed = seed }).Run(Cycle.Never);
            firstSources.Add(receiver.Inbox[0].Source.Packed);
            firstLanes.Add(receiver.Inbox[0].Message.Lane);
        }

        Assert.Equal(2, firstSources.Count);
        Assert.Equal(2, firstLanes.Count);
    }

    /// <summary>A send is visible at its arrival and not before, whatever the sender had run ahead.</summary>
    [Fact]
    public void A_message_is_received_at_its_sending_cycle_plus_latency()
    {
        Probe receiver = new(new Address(Role.Driver, 9), 1);
        World world = new(
            [receiver, Sender(0, 0, receiver.Address, 50)], new Lookahead(20, 20, 20, 20), new ToyNames());

        Create(world, new EngineOptions()).Run(Cycle.Never);

        Assert.All(receiver.Inbox, envelope => Assert.Equal((long)envelope.Message.B + 20, envelope.Arrival.Value));
    }

    [Fact]
    public void In_window_mode_messages_between_nodes_take_as_long_as_a_window()
    {
        Probe far = new(new Address(Role.Driver, 9), 1);
        Probe near = new(new Address(Role.Driver, 8), 0);
        Actor[] actors = [far, near, Sender(0, 0, far.Address, 50), Sender(1, 0, near.Address, 50)];
        World world = new(actors, new Lookahead(20, 20, 20, 20), new ToyNames());

        Engine engine = Create(world, new EngineOptions { WindowCycles = 100 });
        engine.Run(Cycle.Never);

        Assert.All(far.Inbox, envelope => Assert.Equal((long)envelope.Message.B + 100, envelope.Arrival.Value));
        Assert.All(near.Inbox, envelope => Assert.Equal((long)envelope.Message.B + 20, envelope.Arrival.Value));
        Assert.Equal(new WindowDelay(far.Inbox.Count, far.Inbox.Count * 80, 80), engine.WindowDelay);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public void A_stop_ends_the_run_at_the_same_cycle_and_state_everywhere(long window)
    {
        EngineOptions options = new() { Seed = 5, WindowCycles = window };
        Engine reference = new DeterministicEngine(WithStops(), options);
        Engine engine = Create(WithStops(), options);

        RunResult expected = reference.Run(Cycle.Never);
        RunResult result = engine.Run(Cycle.Never);

        Assert.Equal(Outcome.Stopped, result.Outcome);
        Assert.Equal(7, result.ExitCode);
        Assert.Equal("power/0 said so", result.Reason);
        Assert.Equal(expected, result);
        Assert.Equal(reference.StateHash(), engine.StateHash());
        Assert.Equal(result, engine.Run(Cycle.Never));

        static World WithStops()
        {
            World toys = ToyMachine.Build(4);
            Actor first = Stopper(0, node: 3, at: 2_000, exitCode: 7);
            Actor later = Stopper(1, node: 0, at: 2_001, exitCode: 8);
            return new World([.. toys.Actors, first, later], ToyMachine.Lookahead, new ToyNames());
        }
    }

    [Fact]
    public void A_cancelled_run_can_be_resumed()
    {
        Engine engine = Create(ToyMachine.Build(2), new EngineOptions());
        Engine reference = Create(ToyMachine.Build(2), new EngineOptions());
        reference.Run(new Cycle(400_000));
        int asked = 0;

        RunResult cancelled = engine.Run(new Cycle(400_000), () => ++asked == 2);
        RunResult resumed = engine.Run(new Cycle(400_000));

        Assert.Equal(Outcome.Cancelled, cancelled.Outcome);
        Assert.True(cancelled.Cycle < resumed.Cycle);
        Assert.Equal(reference.StateHash(), engine.StateHash());
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(9, 0)]
    [InlineData(0, 200)]
    public void A_run_saved_and_loaded_into_any_engine_goes_on_as_if_never_interrupted(long jitter, long window)
    {
        EngineOptions options = new() { Seed = 21, JitterCycles = jitter, WindowCycles = window };
        Engine engine = Create(ToyMachine.Build(4), options);
        engine.Post(Outside, Address.Directory(1), new Message { Kind = 1 }, new Cycle(3));
        engine.Run(new Cycle(2_345));
        Snapshot snapshot = new();
        engine.Save(snapshot);
        Engine loaded = Create(ToyMachine.Build(4), options);
        Engine reference = new DeterministicEngine(ToyMachine.Build(4), options);

        loaded.Load(snapshot.Read());
        reference.Load(snapshot.Read());

        Assert.Equal(engine.StateHash(), loaded.StateHash());
        engine.Run(new Cycle(5_000));
        loaded.Run(new Cycle(5_000));
        reference.Run(new Cycle(5_000));
        Assert.Equal(engine.StateHash(), loaded.StateHash());
        Assert.Equal(engine.StateHash(), reference.StateHash());
        Assert.Equal(engine.DeliveriesByKind(), loaded.DeliveriesByKind());
        Assert.Equal(engine.WindowDelay, loaded.WindowDelay);
        Assert.Equal(engine.Now, loaded.Now);
    }

    /// <summary>The caller's thread; workers run the same code.</summary>
    [Fact]
    public void A_delivery_allocates_nothing_once_the_tables_have_grown()
    {
        Engine engine = Create(ToyMachine.Build(2), new EngineOptions { JitterCycles = 2 });
        engine.Run(new Cycle(200_000));
        long before = engine.Deliveries;
        long bytesBefore = GC.GetAllocatedBytesForCurrentThread();

        engine.Run(new Cycle(400_000));

        long bytes = GC.GetAllocatedBytesForCurrentThread() - bytesBefore;
        Assert.True(engine.Deliveries - before > 5_000, $"{engine.Deliveries - before} deliveries");
        Assert.True(bytes < 20_000, $"{bytes} bytes");
    }

    [Fact]
    public void Output_is_that_of_the_reference()
    {
        string expected = OutputOf(new DeterministicEngine(ToyMachine.Build(4), new EngineOptions()), out _);

        string text = OutputOf(Create(ToyMachine.Build(4), new EngineOptions()), out _);

        Assert.Equal(expected, text);
    }
}

public sealed class DeterministicEngineContract : ExactEngineContract
{
    private protected override Engine Create(World world, EngineOptions options) =>
        new DeterministicEngine(world, options);
}

public sealed class ParallelEngineOfOneThreadContract : ExactEngineContract
{
    private protected override Engine Create(World world, EngineOptions options) =>
        new ParallelEngine(world, options with { Threads = 1 });
}

public sealed class ParallelEngineOfTwoThreadsContract : ExactEngineContract
{
    private protected override Engine Create(World world, EngineOptions options) =>
        new ParallelEngine(world, options with { Threads = 2 });
}

public sealed class ParallelEngineOfThreeThreadsContract : ExactEngineContract
{
    private protected override Engine Create(World world, EngineOptions options) =>
        new ParallelEngine(world, options with { Threads = 3 });
}
