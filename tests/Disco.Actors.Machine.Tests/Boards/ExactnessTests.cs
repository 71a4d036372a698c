using System.Text;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Xunit;

namespace Disco.Actors.Machine.Tests.Boards;

/// <summary>
/// The outcome of a run is a function of machine, guest and seed: not of the engine, of how its time is cut, or of
/// being saved and restored on the way.
/// </summary>
public sealed class ExactnessTests
{
    private const string Guest = "hello";
    private const int Cpus = 4;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Parallel_engine_gives_the_deterministic_outcome(int threads)
    {
        GuestResult deterministic = GuestRun.Run(Guest, GuestRun.Board(Cpus));
        GuestResult parallel = GuestRun.Run(Guest, GuestRun.Board(Cpus), engineOf: (world, options) =>
            new ParallelEngine(world, options with { Threads = threads }));

        Assert.Equal(deterministic.Run.Cycle, parallel.Run.Cycle);
        Assert.Equal(deterministic.Console, parallel.Console);
        Assert.Equal(deterministic.StateHash, parallel.StateHash);
    }

    [Fact]
    public void Another_seed_gives_another_run_with_the_same_result()
    {
        GuestResult first = GuestRun.Run("torture", GuestRun.Board(2), seed: 1);
        GuestResult second = GuestRun.Run("torture", GuestRun.Board(2), seed: 2);

        Assert.NotEqual(first.StateHash, second.StateHash);
        Assert.Equal((0, 0), (first.Run.ExitCode, second.Run.ExitCode));
    }

    [Fact]
    public void Outcome_does_not_depend_on_how_time_is_cut()
    {
        DeterministicEngine whole = EngineOf(out _);
        DeterministicEngine cut = EngineOf(out _);
        RunResult expected = whole.Run(Cycle.Never);
        SeededRandom random = new(42);

        RunResult result;
        do
        {
            result = cut.Run(cut.Now + 1 + random.Below(3000));
        }
        while (result.Outcome == Outcome.ReachedLimit);

        Assert.Equal(expected, result);
        Assert.Equal(whole.StateHash(), cut.StateHash());
    }

    [Fact]
    public void Run_saved_and_restored_goes_on_as_it_would_have()
    {
        DeterministicEngine whole = EngineOf(out StringBuilder console);
        DeterministicEngine first = EngineOf(out StringBuilder before);
        DeterministicEngine second = EngineOf(out StringBuilder after);
        RunResult expected = whole.Run(Cycle.Never);
        first.Run(new Cycle(expected.Cycle.Value / 2));
        Snapshot saved = new();
        first.Save(saved);

        second.Load(saved.Read());
        RunResult result = second.Run(Cycle.Never);

        Assert.Equal(expected, result);
        Assert.Equal(whole.StateHash(), second.StateHash());
        Assert.Equal(console.ToString(), before.ToString() + after);
    }

    private static DeterministicEngine EngineOf(out StringBuilder console)
    {
        StringBuilder text = new();
        Multiprocessor machine = MachineBuilder.Build(GuestRun.Board(Cpus), GuestRun.Image(Guest));
        DeterministicEngine engine = new(machine.World, new EngineOptions());
        engine.OnOutput = (_, _, bytes) => text.Append(Encoding.ASCII.GetString(bytes));
        console = text;
        return engine;
    }
}
