using Disco.Actors.Engines;
using Xunit;
using Xunit.Abstractions;

namespace Disco.Actors.Simulation.Tests;

/// <summary>
/// Random traffic in the manner of gem5's RubyTester: caches of two to four lines, false sharing, increments by LL and
/// SC, evictions, every topology, jitter on every message.
/// </summary>
public sealed class RandomTrafficTests(ITestOutputHelper output)
{
    private const int Seeds = 300;

    /// <summary>One writer or many readers, loads see the latest store, agreement at rest, no lost increment.</summary>
    [Fact]
    public void Random_traffic_stays_coherent()
    {
        long loads = 0;
        long older = 0;
        for (ulong seed = 1; seed <= Seeds; seed++)
        {
            Traffic traffic = new(seed);

            traffic.RunObserved();

            loads += traffic.Values.Loads;
            older += traffic.Values.OlderLoads;
        }
        output.WriteLine($"{loads} loads, {older} of them of a line granted for once and overwritten since");
        Assert.True(older > 0);
    }

    /// <summary>One seed gives one run, watched or not.</summary>
    [Fact]
    public void The_same_seed_gives_the_same_state_hash()
    {
        for (ulong seed = 1; seed <= 20; seed++)
        {
            ulong watched = new Traffic(seed).RunObserved();
            ulong again = new Traffic(seed).Run((world, options) => new DeterministicEngine(world, options));

            Assert.Equal(watched, again);
        }
    }

    /// <summary>Nodes on several host threads: the order of messages is not the host's affair.</summary>
    [Fact]
    public void Two_threads_give_the_state_hash_of_one()
    {
        for (ulong seed = 1; seed <= 40; seed++)
        {
            ulong one = new Traffic(seed).RunObserved();
            ulong two = new Traffic(seed).Run(
                (world, options) => new ParallelEngine(world, options with { Threads = 2 }));

            Assert.Equal(one, two);
        }
    }

    [Fact]
    public void Two_seeds_give_two_interleavings()
    {
        HashSet<ulong> hashes = [];
        for (ulong seed = 1; seed <= 20; seed++)
        {
            hashes.Add(new Traffic(seed).RunObserved());
        }

        Assert.Equal(20, hashes.Count);
    }
}
