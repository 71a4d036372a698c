using Disco.Actors.TestKit;
using Disco.Actors.Verification.Litmus;
using Xunit;

namespace Disco.Actors.Simulation.Tests.GuestLitmus;

/// <summary>
/// Litmus programs in real instructions on whole machines: thousands of outcomes of each, over topologies, latencies,
/// jitters and places of the words. The machine is sequentially consistent: one access outstanding, a store waits for
/// the only copy. Sets of outcomes are golden.
/// </summary>
public sealed class GuestLitmusTests
{
    // Shapes whose sets of outcomes are wanted whole get more.
    private const int MachinesOfClassics = 12;
    private const int IterationsOfClassics = 900;
    private const int Machines = 6;
    private const int Iterations = 120;

    private static readonly string[] Classics =
        ["SB", "MP", "LB", "IRIW", "CoRR", "2+2W", "R", "S", "LLSC", "Counter"];

    public static TheoryData<string> Tests =>
        [.. LitmusLibrary.Names.Where(name => LitmusLibrary.Read(name).HasCode)];

    [Theory]
    [MemberData(nameof(Tests))]
    public void No_outcome_is_beyond_sequential_consistency(string name)
    {
        LitmusTest test = LitmusLibrary.Read(name);
        SortedSet<string> allowed = LitmusModel.Outcomes(test);

        LitmusRun run = Classics.Contains(name)
            ? LitmusMachine.Run(test, MachinesOfClassics, IterationsOfClassics)
            : LitmusMachine.Run(test, Machines, Iterations);

        Assert.True(run.Problem is null, run.Problem);
        Assert.Empty(run.Outcomes.Keys.Except(allowed));
        Golden.Matches(name, string.Join('\n', run.Outcomes.Keys));
    }

    /// <summary>Every fifteenth of the critical cycles; the others are a user's
    /// <c>disco stress litmus --generate</c>.</summary>
    [Fact]
    public void Critical_cycles_do_not_happen()
    {
        foreach (LitmusTest test in CriticalCycles.All().Where((_, number) => number % 15 == 0))
        {
            LitmusRun run = LitmusMachine.Run(test, 2, 40);

            Assert.True(run.Problem is null, $"{test.Name}: {run.Problem}");
            Assert.Empty(run.Outcomes.Keys.Except(LitmusModel.Outcomes(test)));
        }
    }
}
