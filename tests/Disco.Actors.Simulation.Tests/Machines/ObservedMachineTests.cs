using System.Text;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Directory;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Verification.Observers;
using Xunit;
using Xunit.Abstractions;

namespace Disco.Actors.Simulation.Tests.Machines;

/// <summary>
/// Whole machines with caches of 32 lines, under the eyes of all observers: single writer or many readers at all
/// times, every load the latest store, every line the latest, directory and caches in agreement wherever nothing is
/// under way.
/// </summary>
public sealed class ObservedMachineTests(ITestOutputHelper output)
{
    private const long LimitCycles = 500_000_000;
    private const long LookEveryCycles = 1 << 16;

    public static TheoryData<string, string, int, long> Runs => new()
    {
        { "torture", "rounds=20", 4, 0 },
        { "torture", "rounds=10", 8, 200 },
        { "radix", "keys=2048 radix=64", 4, 0 },
        { "radix", "keys=1024 radix=32", 8, 100 },
        { "raytrace", "size=32", 4, 0 },
    };

    [Theory]
    [MemberData(nameof(Runs))]
    public void Guest_on_tiny_caches_stays_coherent(string name, string bootargs, int cpus, long jitterCycles)
    {
        Multiprocessor machine = new Guest(name, bootargs).On(Guest.TinyCaches(cpus));
        DeterministicEngine engine = new(machine.World, new EngineOptions { Seed = 5, JitterCycles = jitterCycles });
        (CopyObserver copies, ValueObserver values) = Watch.Over(machine, engine);
        LineContents contents = new(machine);
        engine.Observers.Add(contents);
        StringBuilder console = Guest.Capture(engine);

        RunResult result = engine.Run(new Cycle(LookEveryCycles));
        long looked = 0;
        while (result.Outcome == Outcome.ReachedLimit && result.Cycle < new Cycle(LimitCycles))
        {
            looked += CheckLines(machine);
            result = engine.Run(result.Cycle + LookEveryCycles);
        }

        Assert.True(
            result is { Outcome: Outcome.Stopped, ExitCode: 0 }, $"{result.Reason}\n{console}\n{result.Report}");
        Assert.Contains($"{name}: ok", console.ToString(), StringComparison.Ordinal);
        output.WriteLine($"{copies.Changes} changes of state, {contents.FromMemory} lines from memory, "
            + $"{contents.FromOwners} from owners, {looked} looks at lines, {values.Loads} loads and {values.Stores} "
            + $"stores, {values.OlderLoads} loads of older values, {result.Cycle}");
        Assert.True(copies.Changes > 2000);
        Assert.True(contents.FromMemory > 300 && contents.FromOwners > 100);
        Assert.True(looked > 100);
        Assert.True(values.Loads > 20_000 && values.Stores > 10_000);
    }

    /// <summary>Observers see, they never touch.</summary>
    [Fact]
    public void Watched_run_ends_as_the_unwatched_one()
    {
        GuestEnd unwatched = Guest.Run(Guest.SmallRadix.On(Guest.Board(2)));
        Multiprocessor machine = Guest.SmallRadix.On(Guest.Board(2));
        DeterministicEngine engine = new(machine.World, new EngineOptions());
        Watch.Over(machine, engine);
        engine.Observers.Add(new LineContents(machine));

        GuestEnd watched = Guest.Run(engine);

        Assert.Equal(unwatched.StateHash, watched.StateHash);
    }

    /// <summary>A stale copy is noticed: the observer can fail.</summary>
    [Fact]
    public unsafe void Load_of_a_value_that_nobody_stored_is_noticed()
    {
        Multiprocessor machine = Guest.SmallRadix.On(Guest.Board(2));
        DeterministicEngine engine = new(machine.World, new EngineOptions());
        Watch.Over(machine, engine);
        engine.Run(new Cycle(300_000));

        foreach (CoherentCache cache in machine.Cpus.Select(cpu => cpu.Cache!))
        {
            foreach ((LineAddress line, CacheState state) in cache.Lines())
            {
                byte* bytes = state is CacheState.S or CacheState.E or CacheState.M ? cache.PointerTo(line) : null;
                for (int at = 0; bytes is not null && at < cache.LineBytes; at++)
                {
                    bytes[at] ^= 1;
                }
            }
        }
        RunResult result = engine.Run(new Cycle(LimitCycles));

        Assert.Equal(Outcome.Faulted, result.Outcome);
        Assert.Contains("the latest is", result.Reason, StringComparison.Ordinal);
    }

    /// <summary>Checks every cached line that nothing is under way for; gives how many those were.</summary>
    private static long CheckLines(Multiprocessor machine)
    {
        CoherentCache[] caches = [.. machine.Cpus.Select(cpu => cpu.Cache!)];
        long looked = 0;
        foreach (LineAddress line in caches.SelectMany(cache => cache.Lines()).Select(each => each.Line).Distinct())
        {
            int home = machine.Fabric.Homes.HomeOf(new MachineAddress(line.Value)).Value;
            HomeView view = machine.Directories[home].ViewOf(line);
            bool isAtRest = view.State < HomeState.BusyInvalidate && view.Promised < 0
                && caches.All(cache => cache.StateOf(line) <= CacheState.M);
            if (!isAtRest)
            {
                continue;
            }
            looked++;
            string? broken = Agreement.Check(line, view, caches);
            Assert.True(broken is null, broken);
            AssertEqualCopies(line, caches);
        }
        return looked;
    }

    private static unsafe void AssertEqualCopies(LineAddress line, CoherentCache[] caches)
    {
        byte[]? first = null;
        foreach (CoherentCache cache in caches)
        {
            byte* bytes = cache.PointerTo(line);
            if (bytes is null)
            {
                continue;
            }
            ReadOnlySpan<byte> copy = new(bytes, cache.LineBytes);
            first ??= copy.ToArray();
            Assert.True(copy.SequenceEqual(first), $"copies of line {line} differ at agent {cache.Agent}");
        }
    }
}
