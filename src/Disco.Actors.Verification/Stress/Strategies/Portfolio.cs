using Disco.Actors.Core;

namespace Disco.Actors.Verification.Stress.Strategies;

/// <summary>
/// Several strategies, each as likely as what it has shown that was new, but none less than a floor: no single strategy
/// dominates. A bandit with decaying rewards.
/// </summary>
public sealed class Portfolio
{
    private const double Decay = 0.98;
    private const double Floor = 0.5;

    private static readonly string[] Members =
        ["random", "pos", "pct:10", "pct:3", "pct-channels:10", "clog", "feedback"];

    private readonly Strategy[] _strategies;
    private readonly double[] _weights;

    /// <param name="only">A single strategy; null for all.</param>
    public Portfolio(Strategy? only = null)
    {
        _strategies = only is null ? [.. Members.Select(name => Strategy.Parse(name)!)] : [only];
        _weights = new double[_strategies.Length];
        Array.Fill(_weights, 1);
        Runs = new long[_strategies.Length];
    }

    public IReadOnlyList<Strategy> Strategies => _strategies;

    /// <summary>Runs of each strategy.</summary>
    public long[] Runs { get; }

    public double WeightOf(int strategy) => _weights[strategy] + Floor;

    /// <summary>The strategy of the next run.</summary>
    public int Choose(ulong seed)
    {
        double sum = 0;
        for (int i = 0; i < _weights.Length; i++)
        {
            sum += WeightOf(i);
        }
        double at = (TotalOrder.Mix(seed ^ 0xBA4D17) >> 11) * (1.0 / (1UL << 53)) * sum;
        for (int i = 0; i < _weights.Length; i++)
        {
            at -= WeightOf(i);
            if (at < 0)
            {
                return i;
            }
        }
        return _weights.Length - 1;
    }

    /// <summary>Rewards a strategy for what was new in its run.</summary>
    public void Reward(int strategy, int novelty)
    {
        Runs[strategy]++;
        _weights[strategy] = (_weights[strategy] * Decay) + ((1 - Decay) * Math.Min(novelty, 50));
    }
}
