using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Xunit;

namespace Disco.Actors.Machine.Tests.Boards;

/// <summary>
/// Goal: translation changes nothing but speed. Whole guests end in the same cycle with the same state hash.
/// </summary>
public sealed class TranslatedGuestTests
{
    private const string Radix = "keys=4096 radix=64";

    [Theory]
    [InlineData("hello", "", 4)]
    [InlineData("hello-be", "", 2)]
    [InlineData("hello32", "", 1)]
    [InlineData("torture", "", 1)]
    [InlineData("torture", "", 4)]
    [InlineData("radix", Radix, 2)]
    [InlineData("radix", Radix, 4)]
    [InlineData("kernels", "kernel=sieve repeat=1", 1)]
    [InlineData("kernels", "kernel=fpmatrix repeat=1", 1)]
    [InlineData("kernels", "kernel=quicksort repeat=1", 1)]
    public void Guest_ends_alike_interpreted_and_translated(string guest, string arguments, int cpus)
    {
        foreach (Fidelity fidelity in (Fidelity[])[Fidelity.Coherent, Fidelity.Fast])
        {
            BoardConfig board = GuestRun.Board(cpus, fidelity);
            GuestResult expected = GuestRun.Run(guest, board with { TranslateAfter = null }, arguments);
            foreach (int after in (int[])[0, 100])
            {
                GuestResult actual = GuestRun.Run(guest, board with { TranslateAfter = after }, arguments);

                Assert.Equal(expected.Run, actual.Run);
                Assert.Equal(expected.Console, actual.Console);
                Assert.Equal(expected.StateHash, actual.StateHash);
            }
            Assert.Equal(0, expected.Run.ExitCode);
        }
    }

    [Theory]
    [InlineData(40)]
    [InlineData(3000)]
    public void Translated_guest_ends_alike_however_its_time_is_cut(int cutCycles)
    {
        DeterministicEngine whole = EngineOf(translateAfter: null);
        DeterministicEngine cut = EngineOf(translateAfter: 0);
        Cycle until = new(400_000);
        RunResult expected = whole.Run(until);
        SeededRandom random = new(7);

        RunResult result;
        do
        {
            Cycle next = cut.Now + 1 + random.Below(cutCycles);
            result = cut.Run(next < until ? next : until);
        }
        while (result.Outcome == Outcome.ReachedLimit && cut.Now < until);

        Assert.Equal(expected, result);
        Assert.Equal(whole.StateHash(), cut.StateHash());
    }

    /// <summary>Threads race for the code of a region; whoever compiles it, the outcome is the interpreter's.</summary>
    [Fact]
    public void Translated_guest_ends_alike_on_the_parallel_engine()
    {
        BoardConfig board = GuestRun.Board(4);
        GuestResult expected = GuestRun.Run("radix", board with { TranslateAfter = null }, Radix);
        GuestResult actual = GuestRun.Run(
            "radix", board with { TranslateAfter = 20 }, Radix, engineOf: (world, options) =>
                new ParallelEngine(world, options with { Threads = 2 }));

        Assert.Equal(expected.Run.Cycle, actual.Run.Cycle);
        Assert.Equal(expected.StateHash, actual.StateHash);
    }

    private static DeterministicEngine EngineOf(int? translateAfter) => new(
        MachineBuilder.Build(
            GuestRun.Board(2) with { TranslateAfter = translateAfter }, GuestRun.Image("radix"), Radix).World,
        new EngineOptions());
}
