using Disco.Actors.Core;

namespace Disco.Actors.Verification.Stress.Strategies;

/// <summary>
/// Chooses which message comes next. What it does in a run follows from the seed and the run alone, except where it
/// says that it learns.
/// </summary>
public abstract class Strategy
{
    /// <summary>As <see cref="Parse"/> reads it.</summary>
    public abstract string Name { get; }

    /// <summary>True when a run depends on the runs before it: only its choices repeat it.</summary>
    public virtual bool Learns => false;

    /// <summary>Begins a run.</summary>
    /// <param name="network">With the first messages under way.</param>
    /// <param name="random">The run's own.</param>
    /// <param name="lengthGuess">About how many deliveries the run will have.</param>
    public abstract void Begin(StressNetwork network, SeededRandom random, int lengthGuess);

    /// <summary>The channel to deliver from, out of those allowed.</summary>
    /// <param name="network">Has at least one.</param>
    /// <param name="allowed">Channels that no fault holds back; at least one, in any order.</param>
    public abstract int Pick(StressNetwork network, ReadOnlySpan<int> allowed);

    /// <summary>Told at the end of a run what was delivered and how much of it was new.</summary>
    public virtual void End(ReadOnlySpan<Choice> choices, int novelty)
    {
    }

    /// <summary>The strategy of a name of <see cref="Names"/>, with a depth for D; null for none.</summary>
    public static Strategy? Parse(string name)
    {
        string[] parts = name.Split(':');
        int depth = 10;
        bool valid = parts.Length == 1 || (parts.Length == 2 && int.TryParse(parts[1], out depth) && depth >= 1);
        bool takesDepth = parts[0] is "pct" or "pct-channels";
        if (!valid || (parts.Length == 2 && !takesDepth))
        {
            return null;
        }
        return parts[0] switch
        {
            "random" => new RandomWalk(),
            "pos" => new PartialOrderSampling(),
            "pct" => new PriorityChange(depth, byChannel: false),
            "pct-channels" => new PriorityChange(depth, byChannel: true),
            "clog" => new Clogging(),
            "feedback" => new Feedback(),
            "exhaustive" => new EveryOrder(),
            _ => null,
        };
    }

    public static readonly string[] Names =
        ["random", "pos", "pct:D", "pct-channels:D", "clog", "feedback", "exhaustive"];
}
