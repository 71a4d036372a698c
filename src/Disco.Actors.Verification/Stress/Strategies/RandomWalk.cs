using Disco.Actors.Core;

namespace Disco.Actors.Verification.Stress.Strategies;

/// <summary>Every channel is as likely as every other.</summary>
internal sealed class RandomWalk : Strategy
{
    private SeededRandom _random;

    public override string Name => "random";

    public override void Begin(StressNetwork network, SeededRandom random, int lengthGuess) => _random = random;

    public override int Pick(StressNetwork network, ReadOnlySpan<int> allowed) =>
        allowed[_random.Below(allowed.Length)];
}
