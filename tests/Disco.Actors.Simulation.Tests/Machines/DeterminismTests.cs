using System.Globalization;
using System.Text.Json;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Simulation.Tests.Machines;

/// <summary>
/// One seed, one outcome: the hash of every register, cache line, directory entry, memory page and message is the same
/// on every engine, at every thread count, in every process, and however the run is cut.
/// </summary>
public sealed class DeterminismTests
{
    private const int Cpus = 4;
    private const long LimitCycles = 1_000_000_000;

    private static readonly Guest Subject = new("radix", "keys=4096 radix=64");
    private static readonly Lazy<GuestEnd> Whole = new(() => Subject.Verified(Guest.Board(Cpus)));

    [Fact]
    public void The_same_seed_gives_the_same_hash_twice()
    {
        GuestEnd again = Subject.Verified(Guest.Board(Cpus));

        AssertSame(Whole.Value, again);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void The_parallel_engine_gives_the_hash_of_the_deterministic_one(int threads)
    {
        for (int i = 0; i < 2; i++)
        {
            GuestEnd end = Subject.Verified(Guest.Board(Cpus), new EngineOptions { Threads = threads }, parallel: true);

            AssertSame(Whole.Value, end);
        }
    }

    /// <summary>Programs with many races on purpose, and more nodes than threads.</summary>
    [Theory]
    [InlineData("torture", "rounds=5", 8)]
    [InlineData("raytrace", "size=16", 8)]
    public void Racing_guests_give_one_hash_on_both_engines(string name, string bootargs, int cpus)
    {
        Guest guest = new(name, bootargs);

        GuestEnd expected = guest.Verified(Guest.Board(cpus));
        GuestEnd end = guest.Verified(Guest.Board(cpus), new EngineOptions { Threads = 2 }, parallel: true);

        AssertSame(expected, end);
    }

    /// <summary>Windows wider than the lookahead change the timing, the same way at any thread count.</summary>
    [Fact]
    public void Wide_windows_give_one_hash_at_any_thread_count()
    {
        EngineOptions options = new() { WindowCycles = 1000 };

        GuestEnd expected = Subject.Verified(Guest.Board(Cpus), options);
        GuestEnd one = Subject.Verified(Guest.Board(Cpus), options with { Threads = 1 }, parallel: true);
        GuestEnd two = Subject.Verified(Guest.Board(Cpus), options with { Threads = 2 }, parallel: true);

        AssertSame(expected, one);
        AssertSame(expected, two);
        Assert.NotEqual(Whole.Value.StateHash, expected.StateHash);
        Assert.Equal(Whole.Value.Results, expected.Results);
    }

    [Fact]
    public void Two_seeds_give_two_interleavings_and_equal_results()
    {
        Guest[] guests = [Subject, new("raytrace", "size=16")];
        foreach (Guest guest in guests)
        {
            GuestEnd[] ends = [.. new ulong[] { 1, 2, 3 }.Select(seed =>
                guest.Verified(Guest.Board(Cpus) with { Seed = seed }, new EngineOptions { Seed = seed }))];

            Assert.Equal(ends.Length, ends.Select(end => end.StateHash).Distinct().Count());
            Assert.True(ends.Select(end => end.Cycles).Distinct().Count() > 1, "all seeds took the same cycles");
            Assert.Single(ends.Select(end => string.Join('\n', end.Results)).Distinct());
        }
    }

    /// <summary>An engine may cut an actor's time anywhere; nothing may depend on where.</summary>
    [Theory]
    [InlineData(9973)]
    [InlineData(100_003)]
    public void Run_in_slices_ends_as_the_whole_run(long sliceCycles)
    {
        Multiprocessor machine = Subject.On(Guest.Board(Cpus));
        DeterministicEngine engine = new(machine.World, new EngineOptions());

        RunResult result = engine.Run(new Cycle(sliceCycles));
        while (result.Outcome == Outcome.ReachedLimit && result.Cycle < new Cycle(LimitCycles))
        {
            result = engine.Run(result.Cycle + sliceCycles);
        }

        Assert.Equal(Outcome.Stopped, result.Outcome);
        Assert.Equal(Whole.Value.StateHash, engine.StateHash());
        Assert.Equal(Whole.Value.Cycles, engine.Now.Value);
    }

    /// <summary>A state saved in the middle, of one engine, goes on in a new machine, on another engine.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(2)]
    public void Run_saved_in_the_middle_and_loaded_ends_as_the_whole_run(int divisor)
    {
        Snapshot snapshot = new();
        Multiprocessor first = Subject.On(Guest.Board(Cpus));
        DeterministicEngine early = new(first.World, new EngineOptions());
        RunResult paused = early.Run(new Cycle(Whole.Value.Cycles / divisor));
        early.Save(snapshot);

        Multiprocessor second = Subject.On(Guest.Board(Cpus));
        ParallelEngine late = new(second.World, new EngineOptions { Threads = 2 });
        late.Load(snapshot.Read());
        GuestEnd end = Guest.Run(late);

        Assert.Equal(Outcome.ReachedLimit, paused.Outcome);
        Assert.Equal(Outcome.Stopped, end.Run.Outcome);
        Assert.Equal(Whole.Value.StateHash, end.StateHash);
    }

    /// <summary>Addresses of the host, its clock and its hash seeds differ from process to process.</summary>
    [Fact]
    public void Another_process_gives_the_same_hash()
    {
        foreach (string engine in new[] { "deterministic", "parallel" })
        {
            DiscoEnd end = DiscoProgram.Run(
                "run", "--cpus", "4", "--guest", Subject.Name, "--bootargs", Subject.Bootargs, "--engine", engine,
                "--seed", "1", "--json");

            Assert.True(end.ExitCode == 0, end.Error + end.Output);
            using JsonDocument report = JsonDocument.Parse(end.Output);
            string hash = report.RootElement.GetProperty("stateHash").GetString()!;
            Assert.Equal(Whole.Value.StateHash.ToString("x16", CultureInfo.InvariantCulture), hash);
        }
    }

    private static void AssertSame(GuestEnd expected, GuestEnd end)
    {
        Assert.Equal(expected.Console, end.Console);
        Assert.Equal(expected.Cycles, end.Cycles);
        Assert.Equal(expected.StateHash, end.StateHash);
    }
}
