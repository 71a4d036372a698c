using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Vmm.Scheduling;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Scheduling;

/// <summary>Whole runs of schedulers: watched, repeated, on threads, cut and resumed, and in gangs.</summary>
public sealed class SchedulerRunTests
{
    private const long Forever = 1L << 40;

    /// <summary>At every delivery each vCPU is known to at most one scheduler, and in the end to none.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void No_vcpu_is_known_twice(ulong seed)
    {
        SchedulingBench bench = SchedulerTests.Crowd(nodes: 4, cpusPerNode: 1, vms: 6, vcpus: 2);
        TokenObserver observer = new(bench);
        DeterministicEngine engine = (DeterministicEngine)bench.Start(1, seed);
        engine.Observers.Add(observer);

        engine.Run(new Cycle(Forever));

        Assert.True(observer.Deliveries > 1000);
        Assert.True(bench.Schedulers.Sum(scheduler => scheduler.Statistics.Steals) > 0);
        Assert.Equal(12, bench.Ended().Length);
    }

    [Fact]
    public void Thread_counts_and_repetition_do_not_matter()
    {
        ulong once = Finish(1);

        Assert.Equal(once, Finish(1));
        Assert.Equal(once, Finish(2));
    }

    [Theory]
    [InlineData(50_000)]
    [InlineData(123_457)]
    public void A_run_goes_on_after_a_restart_as_if_there_had_been_none(long cutAt)
    {
        ulong whole = Finish(1);
        Engine first = SchedulerTests.Crowd(4, 2, 12, 2).Start();
        first.Run(new Cycle(cutAt));
        Snapshot snapshot = new();
        first.Save(snapshot);

        Engine second = SchedulerTests.Crowd(4, 2, 12, 2).Start();
        second.Load(snapshot.Read());
        second.Run(new Cycle(Forever));

        Assert.Equal(whole, second.StateHash());
    }

    /// <summary>
    /// Three VMs of two vCPUs on two CPUs: in gangs the two vCPUs of a VM run at the same time nearly always, else
    /// as it happens. (Ousterhout, Scheduling Techniques for Concurrent Systems, 1982)
    /// </summary>
    [Fact]
    public void Vcpus_of_a_gang_run_together()
    {
        double gang = Together(new SchedulerConfig { QuantumCycles = 20_000, Gangs = [0, 1, 2] });
        double plain = Together(new SchedulerConfig { QuantumCycles = 20_000 });

        Assert.True(gang > 0.9, $"in gangs {gang:F2} of the time, without {plain:F2}");
        Assert.True(plain < gang - 0.05, $"in gangs {gang:F2} of the time, without {plain:F2}");
    }

    private static ulong Finish(int threads)
    {
        Engine engine = SchedulerTests.Crowd(4, 2, 12, 2).Start(threads);
        engine.Run(new Cycle(Forever));
        return engine.StateHash();
    }

    /// <summary>Of the time in which a vCPU of a VM runs, the part in which both do.</summary>
    private static double Together(SchedulerConfig config)
    {
        SchedulingBench bench = new(2, 1, config);
        for (int vm = 0; vm < 3; vm++)
        {
            // Unequal bursts, so that without gangs the CPUs fall out of step.
            bench.Add(vm, 0, 0, new Plan(Forever, Forever / 4, 1, 1));
            bench.Add(vm, 1, 1, new Plan(Forever, vm == 0 ? 30_000 : Forever / 4, 9_000, (ulong)vm));
        }
        TogetherObserver observer = new(bench);
        DeterministicEngine engine = (DeterministicEngine)bench.Start();
        engine.Observers.Add(observer);
        engine.Run(new Cycle(6_000_000));
        return observer.Share();
    }

    private sealed class TokenObserver(SchedulingBench bench) : IObserver
    {
        public long Deliveries { get; private set; }

        public void Delivered(in Envelope envelope, Actor actor)
        {
            Deliveries++;
            HashSet<(int, int)> seen = [];
            foreach (VcpuToken token in bench.Schedulers.SelectMany(scheduler => scheduler.Tokens))
            {
                Assert.True(seen.Add((token.Vm, token.Vcpu)));
            }
        }

        public void Traced(Actor actor, Cycle cycle, in TraceEvent traceEvent)
        {
        }
    }

    /// <summary>Notes when CPUs get and leave vCPUs; nodes are told one after the other, so it sorts in the end.
    /// </summary>
    private sealed class TogetherObserver(SchedulingBench bench) : IObserver
    {
        private readonly List<(long Cycle, int Vm, int Change)> _changes = [];
        private readonly int[] _runs = [.. bench.Cpus.Select(_ => -1)];

        public void Delivered(in Envelope envelope, Actor actor)
        {
            if (actor is not DriverCpu cpu)
            {
                return;
            }
            int now = cpu.Running < 0 ? -1 : cpu.Running >> 8;
            int before = _runs[cpu.Address.Index];
            if (now != before)
            {
                _runs[cpu.Address.Index] = now;
                _changes.Add((envelope.Arrival.Value, before, -1));
                _changes.Add((envelope.Arrival.Value, now, 1));
            }
        }

        public void Traced(Actor actor, Cycle cycle, in TraceEvent traceEvent)
        {
        }

        // VM 0 sleeps of its own accord and is left out.
        public double Share()
        {
            long any = 0;
            long both = 0;
            int[] running = new int[3];
            long last = 0;
            foreach ((long cycle, int vm, int change) in _changes.OrderBy(change => change.Cycle))
            {
                for (int other = 1; other < 3; other++)
                {
                    any += running[other] > 0 ? cycle - last : 0;
                    both += running[other] > 1 ? cycle - last : 0;
                }
                last = cycle;
                if (vm >= 0)
                {
                    running[vm] += change;
                }
            }
            return (double)both / any;
        }
    }
}
