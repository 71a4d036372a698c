using Disco.Actors.Core;
using Xunit;

namespace Disco.Actors.Engines.Tests;

/// <summary>What only the parallel engine has: threads, their shares, their times.</summary>
public sealed class ParallelEngineTests
{
    [Theory]
    [InlineData(2, 0)]
    [InlineData(4, 0)]
    [InlineData(7, 0)]
    [InlineData(5, 100)]
    [InlineData(6, 1000)]
    public void Any_number_of_threads_gives_the_state_of_one(int threads, long window)
    {
        EngineOptions options = new() { Seed = 9, JitterCycles = 4, WindowCycles = window };
        Engine one = new DeterministicEngine(ToyMachine.Build(7), options);
        Engine many = new ParallelEngine(ToyMachine.Build(7), options with { Threads = threads });

        one.Run(new Cycle(8_000));
        many.Run(new Cycle(8_000));

        Assert.Equal(one.StateHash(), many.StateHash());
        Assert.Equal(one.WindowDelay, many.WindowDelay);
    }

    /// <summary>
    /// Random machines, windows, threads and slices; 12 of them, or as many as DISCO_ENGINE_RUNS says. More threads
    /// than cores, so that some are taken from their core at any place; in every other run acting takes so long that
    /// threads find nodes to run for others.
    /// </summary>
    [Fact]
    public void Threads_agree_with_one_in_random_runs()
    {
        long turnsForOthers = 0;
        int runs = int.Parse(Environment.GetEnvironmentVariable("DISCO_ENGINE_RUNS") ?? "12");
        SeededRandom random = new(77);
        for (int run = 0; run < runs; run++)
        {
            int nodes = 2 + random.Below(8);
            EngineOptions options = new()
            {
                Seed = (ulong)run,
                JitterCycles = random.Below(3) * 3,
                WindowCycles = random.Below(2) * random.Below(300),
                Threads = 2 + random.Below(nodes - 1),
                LoanCyclesMin = random.Below(30),
            };
            Engine one = new DeterministicEngine(ToyMachine.Build(nodes), options);
            ParallelEngine many = new(ToyMachine.Build(nodes, spins: random.Below(2) * 300), options);

            for (long until = 0; until < 4_000; until += 1 + random.Below(2_000))
            {
                one.Run(new Cycle(until));
                many.Run(new Cycle(until));

                Assert.True(one.StateHash() == many.StateHash(), $"run {run}, {nodes} nodes, {options}, c{until}");
            }
            turnsForOthers += many.Partitions.ToArray().Sum(partition => partition.TurnsForOthers);
        }
        Assert.True(turnsForOthers > runs, $"{turnsForOthers} turns for others in {runs} runs");
    }

    /// <summary>Actors that are not at the border let other nodes run further ahead, and change nothing.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(200)]
    public void Actors_behind_a_border_show_only_in_the_stretches(long window)
    {
        Lookahead narrow = new(5, 5, 20, 20);
        Lookahead wide = new(5, 10, 30, 20) { OutboundCycles = 5, RemoteInboundCycles = 25 };
        EngineOptions options = new() { WindowCycles = window };
        List<Engine> engines =
        [
            new DeterministicEngine(Relayed(border: true, narrow), options),
            new DeterministicEngine(Relayed(border: false, wide), options),
            new ParallelEngine(Relayed(border: false, wide), options with { Threads = 2 }),
            new ParallelEngine(Relayed(border: false, wide), options with { Threads = 3 }),
        ];

        Assert.All(engines, engine => engine.Run(new Cycle(20_000)));

        Assert.True(engines[0].Deliveries > 2_000);
        Assert.Single(engines.Select(engine => engine.StateHash()).Distinct());
    }

    /// <summary>The node with most of the load gets a thread of its own; the outcome does not notice.</summary>
    [Fact]
    public void Nodes_change_threads_when_the_load_is_uneven()
    {
        Engine reference = new DeterministicEngine(ToyMachine.Build(4), new EngineOptions());
        ParallelEngine engine = new(ToyMachine.Build(4), new EngineOptions { Threads = 2 });
        Assert.Equal(2, engine.Partitions[0].Nodes.Length);
        for (int node = 0; node < 4; node++)
        {
            // Far above what the test itself takes.
            engine.Nodes[node].SampledTicks = (node == 0 ? 4L : 1L) << 50;
        }

        for (long until = 100; until <= 10_000; until += 100)
        {
            reference.Run(new Cycle(until));
            engine.Run(new Cycle(until));
            Assert.Equal(reference.StateHash(), engine.StateHash());
        }

        Assert.Equal([0], engine.Partitions[0].Nodes.ToArray().Select(node => node.Number));
        Assert.Equal([1, 2, 3], engine.Partitions[1].Nodes.ToArray().Select(node => node.Number));
    }

    /// <summary>On every thread: an actor of each looks at what its thread has allocated so far.</summary>
    [Fact]
    public void Messages_between_threads_allocate_nothing_once_the_tables_have_grown()
    {
        long[,] bytes = new long[4, 2];
        Probe[] gauges = [.. Enumerable.Range(0, 4).Select(i => new Probe(new Address(Role.Driver, (ushort)i), node: i)
        {
            Next = new Cycle(270_000),
            OnRun = (self, _) =>
            {
                bool first = self.Next.Value == 270_000;
                bytes[i, first ? 0 : 1] = GC.GetAllocatedBytesForCurrentThread();
                self.Next = first ? new Cycle(370_000) : Cycle.Never;
            },
        })];
        // Two slices before, so that what is kept until the end of a slice has found its room.
        ParallelEngine engine = new(
            new World([.. ToyMachine.Build(4).Actors, .. gauges], ToyMachine.Lookahead, new ToyNames()),
            new EngineOptions { Threads = 2 });

        engine.Run(new Cycle(371_000));

        Assert.True(engine.Deliveries > 20_000, $"{engine.Deliveries} deliveries");
        Assert.All(Enumerable.Range(0, 4), i => Assert.InRange(bytes[i, 1] - bytes[i, 0], 0, 5_000));
    }

    [Fact]
    public void Every_thread_accounts_for_its_time()
    {
        ParallelEngine engine = new(ToyMachine.Build(4), new EngineOptions { Threads = 3, PinThreads = true });

        engine.Run(new Cycle(5_000));

        Assert.Equal(3, engine.ThreadTimes.Count);
        Assert.All(engine.ThreadTimes, time =>
        {
            Assert.True(time.Windows > TimeSpan.Zero);
            Assert.True(time.Waiting > TimeSpan.Zero);
            Assert.Equal(AllOf(engine.ThreadTimes[0]), AllOf(time), tolerance: 1e-6);
        });
    }

    private static double AllOf(ThreadTime time) => (time.Windows + time.Waiting + time.Idle).TotalSeconds;

    /// <summary>On each node a CPU that asks by way of a port, and is asked the same way.</summary>
    private static World Relayed(bool border, Lookahead lookahead)
    {
        const int Nodes = 5;
        List<Actor> actors = [];
        for (int node = 0; node < Nodes; node++)
        {
            int next = (node + 1) % Nodes;
            ulong heard = (ulong)node;
            actors.Add(new Probe(Address.Network(node), node)
            {
                OnReceive = (Probe _, in Envelope envelope, Context context) =>
                    context.Send(Address.Cpu(next), 25, envelope.Message),
            });
            actors.Add(new Probe(Address.Cpu(node), node)
            {
                Border = border,
                Next = new Cycle(node),
                OnReceive = (Probe _, in Envelope envelope, Context context) =>
                    heard = TotalOrder.Mix(heard ^ envelope.Message.A ^ (ulong)context.Now.Value),
                OnRun = (self, context) =>
                {
                    while (self.Next < context.Horizon)
                    {
                        context.AdvanceTo(self.Next);
                        long pause = 1 + (long)(heard % 40);
                        context.Send(Address.Network(self.Node), 5, new Message { A = heard });
                        self.Next += pause;
                    }
                },
            });
        }
        return new World(actors, lookahead, new ToyNames());
    }
}
