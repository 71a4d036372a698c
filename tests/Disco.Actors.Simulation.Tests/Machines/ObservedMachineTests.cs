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
/// times, every line the latest, directory and caches in agreement wherever nothing is under way.
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
        CopyObserver copies = new();
        LineContents contents = new(machine);
        DeterministicEngine engine = new(machine.World, new EngineOptions { Seed = 5, JitterCycles = jitterCycles });
        engine.Observers.Add(copies);
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
            + $"{contents.FromOwners} from owners, {looked} looks at lines, {result.Cycle}");
        Assert.True(copies.Changes > 2000);
        Assert.True(contents.FromMemory > 300 && contents.FromOwners > 100);
        Assert.True(looked > 100);
    }

    /// <summary>Observers see, they never touch.</summary>
    [Fact]
    public void Watched_run_ends_as_the_unwatched_one()
    {
        GuestEnd unwatched = Guest.Run(Guest.SmallRadix.On(Guest.Board(2)));
        Multiprocessor machine = Guest.SmallRadix.On(Guest.Board(2));
        DeterministicEngine engine = new(machine.World, new EngineOptions());
        engine.Observers.Add(new CopyObserver());
        engine.Observers.Add(new LineContents(machine));

        GuestEnd watched = Guest.Run(engine);

        Assert.Equal(unwatched.StateHash, watched.StateHash);
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
