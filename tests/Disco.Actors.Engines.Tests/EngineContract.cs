using System.Text;
using Disco.Actors.Core;
using Xunit;

namespace Disco.Actors.Engines.Tests;

/// <summary>
/// What every engine promises, whether or not it keeps the exact order. One sealed class per engine.
/// </summary>
public abstract class EngineContract
{
    private protected static readonly Address Outside = new(Role.Outside, 0);

    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    public void Messages_of_one_source_target_and_lane_keep_their_order_and_come_once(long jitter) =>
        KeepsOrder(new EngineOptions { JitterCycles = jitter });

    [Fact]
    public void A_stop_beyond_the_limit_is_remembered()
    {
        Engine engine = Create(
            new World([Stopper(0, 0, at: 100, exitCode: 7)], new Lookahead(5, 5, 50, 50), new ToyNames()),
            new EngineOptions());

        RunResult limited = engine.Run(new Cycle(120));
        RunResult stopped = engine.Run(new Cycle(1_000));

        Assert.Equal((Outcome.ReachedLimit, new Cycle(120)), (limited.Outcome, limited.Cycle));
        Assert.Equal((Outcome.Stopped, new Cycle(150)), (stopped.Outcome, stopped.Cycle));
    }

    [Fact]
    public void A_run_that_cannot_go_on_says_who_waits_for_whom()
    {
        Address cpu = Address.Cpu(0), directory = Address.Directory(1);
        Probe waiter = new(cpu) { WaitsFor = new WaitsFor(directory, "line 0x80") };
        Probe other = new(directory, 1) { WaitsFor = new WaitsFor(cpu, "its answer") };
        Engine engine = Create(
            new World([waiter, other], new Lookahead(1, 1, 1, 1), new ToyNames()), new EngineOptions());
        engine.Post(Outside, cpu, default, new Cycle(33));

        RunResult result = engine.Run(new Cycle(1_000_000));

        Assert.Equal((Outcome.NoProgress, new Cycle(33), 1), (result.Outcome, result.Cycle, result.ExitCode));
        Assert.Contains("cpu/0 waits for dir/1: line 0x80", result.Report, StringComparison.Ordinal);
        Assert.Contains("cpu/0 -> dir/1 -> cpu/0", result.Report, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void An_exception_in_an_actor_is_a_report_with_actor_cycle_message_and_seed(int node)
    {
        Probe faulty = new(new Address(Role.Driver, 9), node)
        {
            OnReceive = (Probe _, in Envelope _, Context _) => throw new InvalidOperationException("broken toy"),
        };
        World toys = ToyMachine.Build(4);
        Engine engine = Create(
            new World([.. toys.Actors, faulty], ToyMachine.Lookahead, new ToyNames()), new EngineOptions { Seed = 77 });
        engine.Post(Outside, faulty.Address, new Message { Kind = 3, A = 4 }, new Cycle(555));

        RunResult result = engine.Run(new Cycle(2_000));

        Assert.Equal((Outcome.Faulted, new Cycle(555), 1), (result.Outcome, result.Cycle, result.ExitCode));
        Assert.Equal("driver/9 failed at c555 handling Toy3 4 from outside/0: broken toy", result.Reason);
        Assert.Contains("seed 77", result.Report, StringComparison.Ordinal);
        Assert.Contains("run to c556", result.Report, StringComparison.Ordinal);
        Assert.Equal(Outcome.Faulted, engine.Run(Cycle.Never).Outcome);
    }

    /// <summary>Not the one some thread happens to meet first.</summary>
    [Fact]
    public void Of_several_exceptions_the_earliest_is_reported()
    {
        Probe[] faulty = [.. Enumerable.Range(0, 4).Select(i => new Probe(new Address(Role.Driver, (ushort)i), node: i)
        {
            OnReceive = (Probe _, in Envelope _, Context _) => throw new InvalidOperationException("broken toy"),
        })];
        Engine engine = Create(
            new World([.. ToyMachine.Build(4).Actors, .. faulty], ToyMachine.Lookahead, new ToyNames()),
            new EngineOptions());
        foreach ((int node, long cycle) in new[] { (0, 809L), (1, 807L), (2, 800L), (3, 801L) })
        {
            engine.Post(Outside, faulty[node].Address, default, new Cycle(cycle));
        }

        RunResult result = engine.Run(new Cycle(2_000));

        Assert.Equal((Outcome.Faulted, new Cycle(800)), (result.Outcome, result.Cycle));
        Assert.StartsWith("driver/2 failed at c800", result.Reason, StringComparison.Ordinal);
    }

    /// <summary>An actor may leave the slack of a stretch for the next one, not more.</summary>
    [Fact]
    public void Stopping_short_of_the_horizon_is_a_fault()
    {
        Probe lazy = new(new Address(Role.Driver, 1))
        {
            Next = Cycle.Zero,
            OnRun = (self, context) => self.Next = context.Horizon - (context.SlackCycles + 1),
        };
        Probe sleeper = new(new Address(Role.Driver, 2), node: 1) { Next = new Cycle(1_000) };
        World world = new([lazy, sleeper], new Lookahead(50, 70, 220, 200), new ToyNames());

        RunResult result = Create(world, new EngineOptions()).Run(new Cycle(500));

        Assert.Equal(Outcome.Faulted, result.Outcome);
        Assert.Contains("before its horizon", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_latency_below_the_promise_is_a_fault()
    {
        Probe hasty = new(new Address(Role.Driver, 0))
        {
            OnReceive = (Probe _, in Envelope _, Context context) =>
                context.Send(new Address(Role.Driver, 1), 19, default),
        };
        World world = new(
            [hasty, new Probe(new Address(Role.Driver, 1), 1)], new Lookahead(1, 1, 20, 20), new ToyNames());
        Engine engine = Create(world, new EngineOptions());
        engine.Post(Outside, hasty.Address, default, new Cycle(1));

        RunResult result = engine.Run(Cycle.Never);

        Assert.Equal(Outcome.Faulted, result.Outcome);
        Assert.Contains("latency 19", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Output_comes_in_the_order_of_cycles_and_sources()
    {
        OutputOf(Create(ToyMachine.Build(4), new EngineOptions()), out List<(Cycle, Address)> order);

        Assert.True(order.Count > 50);
        Assert.Equal(order.Order(), order);
    }

    /// <summary>What goes from actor to actor is what the bytes say, and nothing else.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    public void A_run_in_which_every_message_is_bytes_is_the_same_run(long jitter)
    {
        EngineOptions options = new() { Seed = 9, JitterCycles = jitter };
        Engine bytes = Create(ToyMachine.Build(4), options with { SerialiseMessages = true });
        RunResult result = bytes.Run(new Cycle(20_000));
        Lateness lateness = new();
        foreach (LateEnvelope late in bytes.TakeLate())
        {
            lateness.Add(late);
        }

        DeterministicEngine direct = new(ToyMachine.Build(4), options) { Lateness = lateness };
        direct.Run(new Cycle(20_000));

        Assert.Equal(Outcome.ReachedLimit, result.Outcome);
        Assert.True(direct.Deliveries > 1_000);
        Assert.Equal((direct.Deliveries, direct.StateHash()), (bytes.Deliveries, bytes.StateHash()));
    }

    [Fact]
    public void A_message_of_no_family_cannot_become_bytes()
    {
        Probe receiver = new(new Address(Role.Driver, 0));
        Engine engine = Create(
            new World([receiver], new Lookahead(1, 1, 1, 1), new ToyNames()),
            new EngineOptions { SerialiseMessages = true });
        engine.Post(Outside, receiver.Address, new Message { Kind = 0x7701 }, new Cycle(3));

        RunResult result = engine.Run(new Cycle(100));

        Assert.Equal(Outcome.Faulted, result.Outcome);
        Assert.Contains("7701", result.Reason, StringComparison.Ordinal);
    }

    private protected abstract Engine Create(World world, EngineOptions options);

    /// <summary>Sends numbered messages on both lanes, latency 20, at cycles 0, 3, 6 ...</summary>
    private protected static Probe Sender(ushort index, int node, Address receiver, int messages)
    {
        int sent = 0;
        return new Probe(new Address(Role.Driver, index), node)
        {
            Next = Cycle.Zero,
            OnRun = (self, context) =>
            {
                while (self.Next < context.Horizon)
                {
                    context.AdvanceTo(self.Next);
                    Message message = new() { A = (ulong)sent, B = (ulong)self.Next.Value };
                    context.Send(receiver, 20, message with { Lane = Lane.Request });
                    context.Send(receiver, 20, message with { Lane = Lane.Reply });
                    sent += 2;
                    self.Next = sent >= messages ? Cycle.Never : self.Next + 3;
                }
            },
        };
    }

    private protected static Probe Stopper(ushort index, int node, long at, int exitCode) =>
        new(new Address(Role.Power, index), node)
        {
            Next = new Cycle(at),
            OnRun = (self, context) =>
            {
                context.Stop(exitCode, $"{self.Address} said so");
                self.Next = Cycle.Never;
            },
        };

    private protected void KeepsOrder(EngineOptions options)
    {
        Probe receiver = new(new Address(Role.Driver, 9), 1);
        List<Actor> actors = [receiver];
        for (ushort i = 0; i < 4; i++)
        {
            actors.Add(Sender(i, node: i % 2, receiver.Address, messages: 200));
        }
        World world = new(actors, new Lookahead(20, 20, 20, 20), new ToyNames());

        Create(world, options).Run(Cycle.Never);

        Assert.Equal(800, receiver.Inbox.Count);
        foreach (IGrouping<(Address, Lane), Envelope> channel in
            receiver.Inbox.GroupBy(envelope => (envelope.Source, envelope.Message.Lane)))
        {
            ulong[] numbers = [.. channel.Select(envelope => envelope.Message.A)];
            Assert.Equal(numbers.Order(), numbers);
            Assert.Equal(100, numbers.Distinct().Count());
        }
    }

    private protected static string OutputOf(Engine engine, out List<(Cycle, Address)> order)
    {
        StringBuilder text = new();
        List<(Cycle, Address)> calls = [];
        engine.OnOutput = (source, cycle, bytes) =>
        {
            calls.Add((cycle, source));
            text.Append(Encoding.ASCII.GetString(bytes));
        };
        engine.Run(new Cycle(5_000));
        order = calls;
        return text.ToString();
    }
}
