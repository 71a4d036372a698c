namespace Disco.Actors.Verification.Stress;

/// <summary>What all runs of a campaign have shown together.</summary>
public sealed class Coverage
{
    private readonly MessagePairs _pairs = new();
    private readonly long[] _happened = new long[Enum.GetValues<Sometimes>().Length];

    public StepCoverage Steps { get; } = new();

    /// <summary>Pairs of messages at a receiver that the present run was the first to show.</summary>
    public int Novelty => _pairs.Novelty;

    /// <summary>Different pairs of all runs.</summary>
    public int Pairs => _pairs.Pairs;

    public void Begin() => _pairs.Begin();

    public void See(StressNetwork network, int channel) => _pairs.See(network, channel);

    public void Happened(Sometimes what) => _happened[(int)what]++;

    public long CountOf(Sometimes what) => _happened[(int)what];
}
