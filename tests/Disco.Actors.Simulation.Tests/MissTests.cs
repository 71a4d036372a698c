using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Directory;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Verification.Drivers;
using Xunit;
using Xunit.Abstractions;

namespace Disco.Actors.Simulation.Tests;

/// <summary>What misses cost, and what they leave behind, one at a time and in a crowd.</summary>
public sealed class MissTests(ITestOutputHelper output)
{
    /// <summary>Disco paper, 5.1: 300 ns for a local miss, 900 ns for a remote one, unloaded; 400 MHz clock.</summary>
    [Theory]
    [InlineData(TopologyKind.Hypercube, 0, 120)]
    [InlineData(TopologyKind.Hypercube, 1, 360)]
    [InlineData(TopologyKind.Hypercube, 3, 360 + 16)]
    [InlineData(TopologyKind.Ring, 3, 360)]
    [InlineData(TopologyKind.Ring, 2, 360 + 16)]
    [InlineData(TopologyKind.Mesh, 3, 360 + 16)]
    [InlineData(TopologyKind.Uma, 3, 120)]
    public void Clean_miss_takes_exactly_the_stated_time(TopologyKind topology, int home, long cycles)
    {
        MemorySystem system = Run(topology, 4, (0, Load(home, 0)));

        Assert.Equal(new Cycle(cycles), system.Drivers[0].LastPerformed);
        CacheStatistics statistics = system.Drivers[0].Cache.Statistics;
        Assert.Equal(home == 0 ? (1, 0) : (0, 1), (statistics.LocalMisses, statistics.RemoteMisses));
    }

    /// <summary>Requester to home, home to owner, owner to requester: a third node adds a crossing.</summary>
    [Fact]
    public void Miss_on_a_line_dirty_in_a_third_node_takes_three_crossings()
    {
        MemorySystem system = Run(TopologyKind.Ring, 3, (2, Store(1, 0, 7)), (0, Load(1, 1000)));

        Assert.Equal(new Cycle(1000 + 30 + 120 + 1 + 120 + 30 + 30 + 120 + 30), system.Drivers[0].LastPerformed);
    }

    [Fact]
    public void Latencies_in_nanoseconds_become_cycles_of_the_clock()
    {
        Assert.Equal(120, InterconnectConfig.FromNanoseconds(300, 400));
        Assert.Equal(360, InterconnectConfig.FromNanoseconds(900, 400));
    }

    /// <summary>MESI: a line nobody has is granted exclusively, and the store that follows needs no message.</summary>
    [Fact]
    public void Store_after_the_only_load_of_a_line_is_free()
    {
        MemorySystem system = Run(TopologyKind.Uma, 1, (0, Load(0, 0)), (0, Store(0, 0, 7)));

        Assert.Equal(new Cycle(121), system.Drivers[0].LastPerformed);
        Assert.Equal(CacheState.M, system.Drivers[0].Cache.StateOf(default));
    }

    /// <summary>A store to a line that others share first invalidates them: no reader keeps the old value.</summary>
    [Fact]
    public void Store_to_a_shared_line_invalidates_every_sharer()
    {
        MemorySystem system = Run(
            TopologyKind.Ring, 4, (0, Load(0, 0)), (1, Load(0, 1000)), (2, Load(0, 2000)), (3, Load(0, 3000)),
            (2, Store(0, 3000, 9)));

        Assert.Equal(
            [CacheState.I, CacheState.I, CacheState.M, CacheState.I],
            system.Drivers.Select(driver => driver.Cache.StateOf(default)));
        Assert.Equal(1, system.Drivers[2].Cache.Statistics.Upgrades);
        Assert.Equal(3, system.Directories[0].Statistics.InvalsSent);
    }

    /// <summary>FLASH: the owner answers the reader and brings memory up to date.</summary>
    [Fact]
    public unsafe void Load_of_a_dirty_line_leaves_two_sharers_and_current_memory()
    {
        MemorySystem system = Run(TopologyKind.Ring, 2, (0, Store(1, 0, 7)), (1, Load(1, 2000)));

        LineAddress line = new(Page.Bytes);
        Assert.Equal(CacheState.S, system.Drivers[0].Cache.StateOf(line));
        Assert.Equal(CacheState.S, system.Drivers[1].Cache.StateOf(line));
        Assert.Equal(HomeState.Shared, system.HomeOf(line).State);
        Assert.Equal(7UL, *(ulong*)system.Memories[1].Host);
    }

    /// <summary>MIPS64 manual, SC: fails when another processor stored into the line since the LL.</summary>
    [Fact]
    public void Conditional_store_fails_after_the_line_was_lost()
    {
        Script linked = new(
            new DriverStep(DriverAction.LoadLinked, default, 0, 0),
            new DriverStep(DriverAction.StoreConditional, default, 5, 5000));
        Script other = new(Store(0, 2000, 9));
        MemorySystem system = new(new MemorySystemPlan { Nodes = 2 }, agent => agent == 0 ? linked : other);
        new DeterministicEngine(system.World, new EngineOptions()).Run(Cycle.Never);

        Assert.Equal(9UL, system.ValueOf(default));
    }

    /// <summary>Verghese's placement policies need to know who misses on which page.</summary>
    [Fact]
    public void Home_counts_misses_by_page_and_node()
    {
        MemorySystem system = Run(TopologyKind.Ring, 2, (0, Load(1, 0)), (1, Load(1, 0)), (1, Store(1, 2000, 1)));

        Assert.Equal(1u, system.Directories[1].Misses(0, 0));
        Assert.Equal(2u, system.Directories[1].Misses(0, 1));
    }

    /// <summary>Occupancy: a hot node's controller, banks and links make everybody wait (Disco, 5.4).</summary>
    [Fact]
    public void Misses_on_one_node_at_once_take_longer_than_alone()
    {
        (int, DriverStep)[] all = [.. Enumerable.Range(0, 8).Select(agent => (agent, LoadAt((ulong)agent * 128)))];
        MemorySystem system = Run(TopologyKind.Hypercube, 8, all);

        long slowest = system.Drivers.Max(driver => driver.LastPerformed.Value);
        Assert.True(slowest > 360 + 2 * 16, $"the slowest took {slowest} cycles");
        Assert.True(system.Directories[0].Statistics.WaitedCycles > 0);
        Assert.True(system.Memories[0].WaitedCycles > 0);
        Assert.True(system.Networks[0].WaitedCycles > 0);
    }

    /// <summary>Fairness: in a storm on one line nobody starves, because the home promises it to who waits longest.
    /// </summary>
    [Fact]
    public void Nobody_starves_in_a_storm_on_one_line()
    {
        const int Stores = 40;
        MemorySystemPlan plan = new() { Nodes = 8, AgentsPerNode = 2 };
        DriverStep[] steps = [.. Enumerable.Range(0, Stores).Select(i => Store(0, 300, (ulong)i))];
        MemorySystem system = new(plan, _ => new Script(steps));

        RunResult result = new DeterministicEngine(system.World, new EngineOptions()).Run(new Cycle(10_000_000));

        Assert.True(system.IsFinished, result.Report);
        long longest = system.Drivers.Max(driver => LongestMiss(driver.Cache.Statistics));
        double mean = system.Drivers.Sum(driver => driver.Cache.Statistics.MissCycles)
            / (double)system.Drivers.Sum(driver => driver.Cache.Statistics.Misses);
        output.WriteLine($"mean {mean:f0}, longest {longest} cycles, end {result.Cycle}, "
            + $"{system.Directories[0].Statistics.Nacks} nacks, {system.Directories[0].Statistics.Promises} promises");
        Assert.True(longest < 4 * mean, $"somebody waited {longest} cycles");
    }

    private static long LongestMiss(CacheStatistics statistics)
    {
        int bucket = CacheStatistics.LatencyBuckets - 1;
        while (statistics.LatencyCounts[bucket] == 0)
        {
            bucket--;
        }
        return CacheStatistics.LatencyOf(bucket);
    }

    private static DriverStep Load(int home, int delay) =>
        new(DriverAction.Load, new MachineAddress((ulong)home * Page.Bytes), 0, delay);

    private static DriverStep LoadAt(ulong address) => new(DriverAction.Load, new MachineAddress(address), 0, 0);

    private static DriverStep Store(int home, int delay, ulong value) =>
        new(DriverAction.Store, new MachineAddress((ulong)home * Page.Bytes), value, delay);

    /// <summary>One agent on each node, with the steps given for it.</summary>
    private static MemorySystem Run(TopologyKind topology, int nodes, params (int Agent, DriverStep Step)[] steps)
    {
        MemorySystemPlan plan = new() { Nodes = nodes, Interconnect = new InterconnectConfig { Topology = topology } };
        MemorySystem system = new(plan, agent =>
            new Script([.. steps.Where(step => step.Agent == agent).Select(step => step.Step)]));
        new DeterministicEngine(system.World, new EngineOptions()).Run(new Cycle(1_000_000));
        Assert.True(system.IsFinished);
        return system;
    }
}
