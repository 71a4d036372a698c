namespace Disco.Actors.Engines;

/// <summary>What a user may choose about a run. The outcome depends on all of it except the thread count.</summary>
public sealed record EngineOptions
{
    /// <summary>Decides the order of envelopes that arrive in the same cycle, and the jitter.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Largest extra latency of an envelope in cycles, 0 for none.</summary>
    public long JitterCycles { get; init; }

    /// <summary>
    /// 0 is exact. Otherwise envelopes between nodes arrive no earlier than the next multiple of this many cycles
    /// after their sending: longer windows for a stated, deterministic error.
    /// </summary>
    public long WindowCycles { get; init; }

    /// <summary>Host threads of the parallel engine; more than there are nodes are not used.</summary>
    public int Threads { get; init; } = 1;
}
