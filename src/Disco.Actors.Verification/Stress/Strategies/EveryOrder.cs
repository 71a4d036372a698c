using Disco.Actors.Core;

namespace Disco.Actors.Verification.Stress.Strategies;

/// <summary>
/// Not one order of a scenario but all of them: <see cref="Exhaustive"/>, without faults. Sparse scenarios are explored
/// to the end, dense ones as far as a bound on states.
/// </summary>
public sealed class EveryOrder : Strategy
{
    /// <summary>Distinct states of a scenario that are visited at most.</summary>
    public const int StatesMax = 20_000;

    public override string Name => "exhaustive";

    public override void Begin(StressNetwork network, SeededRandom random, int lengthGuess) =>
        Invariant.Broken("all orders are taken, none is picked");

    public override int Pick(StressNetwork network, ReadOnlySpan<int> allowed) =>
        Invariant.Unreachable<int>("all orders are taken, none is picked");
}
