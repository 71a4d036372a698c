using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Vmm.Scheduling;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Scheduling;

/// <summary>
/// Schedulers and driver CPUs together. Disco 4.2.1: virtual processors are time-shared over the real ones, with
/// affinity.
/// </summary>
public sealed class SchedulerTests
{
    private const long Forever = 1L << 40;

    [Fact]
    public void Every_vcpu_of_an_overcommitted_machine_ends()
    {
        SchedulingBench bench = Crowd(nodes: 4, cpusPerNode: 2, vms: 16, vcpus: 2);

        RunResult result = bench.Start().Run(new Cycle(Forever));

        Assert.Equal(Outcome.NoProgress, result.Outcome);
        Assert.Equal(32, bench.Ended().Distinct().Count());
        Assert.Equal(32, bench.Ended().Length);
        Assert.All(bench.Schedulers, scheduler => Assert.Empty(scheduler.Tokens));
    }

    /// <summary>Two hundred and fifty-six vCPUs that all start on one CPU spread over the machine.</summary>
    [Fact]
    public void Work_that_starts_on_one_node_is_done_by_all()
    {
        SchedulingBench bench = new(8, 1, new SchedulerConfig { QuantumCycles = 10_000 });
        for (int vm = 0; vm < 256; vm++)
        {
            bench.Add(vm, 0, 0, new Plan(20_000, 1 << 20, 1, 1));
        }

        bench.Start().Run(new Cycle(Forever));

        Assert.Equal(256, bench.Ended().Length);
        long least = bench.Cpus.Min(cpu => cpu.Ran.Values.Sum());
        long most = bench.Cpus.Max(cpu => cpu.Ran.Values.Sum());
        Assert.True(least * 10 > most * 8, $"least {least}, most {most}");
    }

    /// <summary>VMs of equal weight on one CPU get equal time, others as their weights say.</summary>
    [Theory]
    [InlineData(1024, 1024, 0.5)]
    [InlineData(3072, 1024, 0.75)]
    [InlineData(1024, 7168, 0.125)]
    public void Time_is_shared_by_weight(int first, int second, double share)
    {
        SchedulingBench bench = new(1, 1, new SchedulerConfig { QuantumCycles = 10_000, AffinityCycles = 10_000 });
        bench.Add(0, 0, 0, new Plan(Forever, Forever / 4, 1, 1));
        bench.Add(1, 0, 0, new Plan(Forever, Forever / 4, 1, 2));

        bench.Start(1, 1, vm => vm == 0 ? first : second).Run(new Cycle(4_000_000));

        double got = (double)bench.Ran(0, 0) / (bench.Ran(0, 0) + bench.Ran(1, 0));
        Assert.InRange(got, share - 0.02, share + 0.02);
        SortedDictionary<int, long> counted = bench.Schedulers[0].Statistics.RanCyclesByVm;
        double[] shares = [(double)counted[0] / first, (double)counted[1] / second];
        Assert.InRange(SchedulerStatistics.FairnessOf(shares), 0.99, 1);
    }

    /// <summary>vCPUs of one CPU each stay on it while nothing else waits; affinity moves none.</summary>
    [Fact]
    public void Vcpus_stay_where_they_ran()
    {
        SchedulingBench bench = new(2, 2, new SchedulerConfig { QuantumCycles = 10_000, AffinityCycles = 30_000 });
        for (int cpu = 0; cpu < 4; cpu++)
        {
            bench.Add(0, cpu, cpu, new Plan(Forever, Forever / 4, 1, 1));
            bench.Add(1, cpu, cpu, new Plan(Forever, Forever / 4, 1, 2));
        }

        bench.Start().Run(new Cycle(2_000_000));

        long handOvers = bench.Schedulers.Sum(scheduler => scheduler.Statistics.HandOvers);
        long dispatches = bench.Schedulers.Sum(scheduler => scheduler.Statistics.Dispatches);
        Assert.True(dispatches > 700, $"{dispatches} dispatches");
        Assert.True(handOvers <= 4, $"{handOvers} of {dispatches}");
    }

    /// <summary>One that sleeps much takes the CPU soon from one that only computes.</summary>
    [Fact]
    public void Who_wakes_need_not_wait_for_a_quantum()
    {
        SchedulerConfig config = new() { QuantumCycles = 1_000_000, WakeCreditCycles = 20_000 };
        SchedulingBench bench = new(1, 1, config);
        bench.Add(0, 0, 0, new Plan(Forever, Forever / 4, 1, 1));
        bench.Add(1, 0, 0, new Plan(Forever, 2_000, 50_000, 2));

        bench.Start().Run(new Cycle(20_000_000));

        VcpuToken sleeper = Assert.Single(bench.Schedulers[0].Tokens, token => token.Vm == 1);
        Assert.True(sleeper.Dispatches > 200, $"{sleeper.Dispatches} dispatches");
        Assert.True(sleeper.WaitedCycles / sleeper.Dispatches < 10_000);
    }

    /// <summary>
    /// Seven on one node, one on the other, all busy for ever: with the balancer each gets about a quarter of a CPU.
    /// </summary>
    [Theory]
    [InlineData(100_000, 0.95, 1.0)]
    [InlineData(0, 0.3, 0.6)]
    public void Nodes_without_idle_cpus_share_their_load(long balanceCycles, double low, double high)
    {
        SchedulingBench bench = new(2, 1, new SchedulerConfig
        {
            QuantumCycles = 10_000,
            AffinityCycles = 10_000,
            BalanceCycles = balanceCycles,
        });
        for (int vm = 0; vm < 8; vm++)
        {
            bench.Add(vm, 0, vm == 0 ? 0 : 1, new Plan(Forever, Forever / 4, 1, 1));
        }

        bench.Start().Run(new Cycle(20_000_000));

        double fairness = SchedulerStatistics.FairnessOf(
            Enumerable.Range(0, 8).Select(vm => (double)bench.Ran(vm, 0)));
        Assert.InRange(fairness, low, high);
        Assert.True(bench.Schedulers.Sum(scheduler => scheduler.Statistics.Given) < 12);
    }

    /// <summary>An idle machine exchanges no messages: nothing to do is nothing to count.</summary>
    [Fact]
    public void Idle_nodes_are_silent()
    {
        SchedulingBench bench = new(8, 1, new SchedulerConfig());

        Engine engine = bench.Start();
        engine.Run(new Cycle(1_000_000));
        long before = engine.Deliveries;
        RunResult result = engine.Run(new Cycle(1_000_000_000));

        Assert.Equal(Outcome.NoProgress, result.Outcome);
        Assert.Equal(before, engine.Deliveries);
    }

    /// <summary>A node whose CPU sleeps and wakes asks the others no second time while they have nothing.</summary>
    [Fact]
    public void Nobody_asks_twice_in_vain()
    {
        SchedulingBench bench = new(8, 1, new SchedulerConfig());
        bench.Add(0, 0, 0, new Plan(1_000_000, 1_000, 2_000, 1));

        bench.Start().Run(new Cycle(Forever));

        Assert.True(bench.Schedulers[0].Statistics.Wakes > 500);
        Assert.Equal(7 * 8, bench.Schedulers.Sum(scheduler => scheduler.Statistics.Refusals));
    }

    /// <summary>A stopped VM leaves every CPU and queue, and its monitor hears so from each node.</summary>
    [Fact]
    public void A_stopped_vm_runs_no_more_and_others_do()
    {
        SchedulingBench bench = new(2, 2, new SchedulerConfig { QuantumCycles = 20_000 });
        for (int vcpu = 0; vcpu < 6; vcpu++)
        {
            bench.Add(0, vcpu, vcpu % 4, new Plan(Forever, 5_000, 3_000, (ulong)vcpu));
            bench.Add(1, vcpu, vcpu % 4, new Plan(400_000, 5_000, 3_000, (ulong)vcpu));
        }

        Engine engine = bench.Start();
        SchedulingBench.Stop(engine, 0, new Cycle(100_000));
        engine.Run(new Cycle(200_000));
        long ran = Enumerable.Range(0, 6).Sum(vcpu => bench.Ran(0, vcpu));
        engine.Run(new Cycle(Forever));

        Assert.Equal([0, 1], bench.Monitor.Answers.Order());
        Assert.Equal(ran, Enumerable.Range(0, 6).Sum(vcpu => bench.Ran(0, vcpu)));
        Assert.Equal(6, bench.Ended().Length);
    }

    internal static SchedulingBench Crowd(int nodes, int cpusPerNode, int vms, int vcpus)
    {
        SchedulingBench bench = new(nodes, cpusPerNode, new SchedulerConfig { QuantumCycles = 20_000 });
        for (int vm = 0; vm < vms; vm++)
        {
            for (int vcpu = 0; vcpu < vcpus; vcpu++)
            {
                int cpu = ((vm * vcpus) + vcpu) % (nodes * cpusPerNode);
                ulong seed = TotalOrder.Mix((ulong)((vm << 8) | vcpu));
                bench.Add(vm, vcpu, cpu, new Plan(150_000, 3_000 + (vm * 500), 6_000, seed));
            }
        }
        return bench;
    }
}
