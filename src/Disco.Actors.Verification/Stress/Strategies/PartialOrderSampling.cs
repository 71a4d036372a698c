using Disco.Actors.Core;

namespace Disco.Actors.Verification.Stress.Strategies;

/// <summary>
/// Each message has a random priority; the highest comes next, and those it raced with, to the same receiver, draw
/// anew. [Yuan, Yang, Gu: Partial order aware concurrency sampling, CAV 2018]
/// </summary>
internal sealed class PartialOrderSampling : Strategy
{
    private SeededRandom _random;

    public override string Name => "pos";

    public override void Begin(StressNetwork network, SeededRandom random, int lengthGuess) => _random = random;

    public override int Pick(StressNetwork network, ReadOnlySpan<int> allowed)
    {
        int best = allowed[0];
        ulong highest = 0;
        foreach (int channel in allowed)
        {
            ref ulong mark = ref network.MarkOf(channel);
            if (mark == 0)
            {
                mark = _random.Next() | 1;
            }
            if (mark > highest)
            {
                (best, highest) = (channel, mark);
            }
        }
        int target = network.TargetOf(best);
        foreach (int channel in allowed)
        {
            if (channel != best && network.TargetOf(channel) == target)
            {
                network.MarkOf(channel) = 0;
            }
        }
        return best;
    }
}
