using Disco.Actors.Core;
using Xunit;

namespace Disco.Actors.Engines.Tests;

/// <summary>
/// A thread with nothing to do runs a node of another thread's. Two nodes of one thread meet here while both act, which
/// they can only if the other thread, whose own nodes sleep, has taken one.
/// </summary>
public sealed class LendingTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // Too soon after the messages for a node that could be lent a second time.
    private static readonly Cycle Until = new(1_400);

    private readonly ManualResetEventSlim _taken = new();
    private readonly ManualResetEventSlim _told = new();
    private readonly List<string> _output = [];
    private readonly Probe _lender;
    private readonly Probe _borrowed;
    private readonly Probe _far = new(Address.Cpu(2), node: 2);
    private readonly ParallelEngine _engine;
    private Action<Probe, Context> _onBorrowed = (_, _) => { };

    public LendingTests()
    {
        _lender = new Probe(Address.Cpu(0), node: 0)
        {
            Next = new Cycle(10),
            OnRun = (self, context) =>
            {
                Meet(_taken);
                context.Send(Address.Cpu(1), 20, new Message { A = 1 });
                _told.Set();
                self.Next = Cycle.Never;
            },
        };
        _borrowed = new Probe(Address.Cpu(1), node: 1)
        {
            Next = new Cycle(11),
            OnRun = (self, context) =>
            {
                _taken.Set();
                Meet(_told);
                self.Next = Cycle.Never;
                _onBorrowed(self, context);
            },
        };
        _engine = new ParallelEngine(
            new World(
                [_lender, _borrowed, _far, new Probe(Address.Cpu(3), node: 3)], ToyMachine.Lookahead, new ToyNames()),
            new EngineOptions { Threads = 2, WindowCycles = 1_000 });
        _engine.OnOutput = (source, cycle, bytes) => _output.Add($"{source} {cycle} {bytes.Length}");
    }

    public void Dispose()
    {
        _taken.Dispose();
        _told.Dispose();
    }

    [Fact]
    public void What_a_lent_node_sends_and_is_sent_arrives()
    {
        _onBorrowed = (self, context) =>
        {
            context.Send(Address.Cpu(0), 20, new Message { A = 2 });
            context.Send(Address.Cpu(2), 20, new Message { A = 3 });
            context.Output([1, 2, 3]);
        };

        RunResult result = _engine.Run(Until);

        Assert.Equal((Outcome.NoProgress, 3), (result.Outcome, _engine.Deliveries));
        Assert.Equal([(1ul, 1_010L)], Seen(_borrowed));
        Assert.Equal([(2ul, 1_011L)], Seen(_lender));
        Assert.Equal([(3ul, 1_011L)], Seen(_far));
        Assert.Equal(["cpu/1 c11 3"], _output);
        Assert.Equal(1, TurnsForOthers());
    }

    [Fact]
    public void A_fault_of_a_lent_node_is_reported_as_its_own()
    {
        _onBorrowed = (_, _) => throw new InvalidOperationException("broken toy");

        RunResult result = _engine.Run(Until);

        Assert.Equal((Outcome.Faulted, new Cycle(11)), (result.Outcome, result.Cycle));
        Assert.StartsWith("cpu/1 failed at c11", result.Reason, StringComparison.Ordinal);
        Assert.Equal(1, TurnsForOthers());
    }

    [Fact]
    public void A_stop_that_a_lent_node_asks_for_stops_all()
    {
        _onBorrowed = (_, context) => context.Stop(3, "enough");
        Cycle stop = new(11 + 1_000);

        RunResult result = _engine.Run(Until);

        Assert.Equal((Outcome.Stopped, stop, 3), (result.Outcome, result.Cycle, result.ExitCode));
        Assert.Equal([(1ul, 1_010L)], Seen(_borrowed));
        Assert.Equal(1, TurnsForOthers());
    }

    private static void Meet(ManualResetEventSlim other) =>
        Invariant.Holds(other.Wait(Patience), "the nodes do not run at the same time");

    private static IEnumerable<(ulong A, long Cycle)> Seen(Probe probe) =>
        probe.Inbox.Select(envelope => (envelope.Message.A, envelope.Arrival.Value));

    private long TurnsForOthers() => _engine.Partitions.ToArray().Sum(partition => partition.TurnsForOthers);
}
