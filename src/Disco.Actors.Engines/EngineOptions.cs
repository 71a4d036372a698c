namespace Disco.Actors.Engines;

/// <summary>What a user may choose about a run. The outcome depends on all of it except the threads and the
/// bytes.</summary>
public sealed record EngineOptions
{
    /// <summary>Decides the order of envelopes that arrive in the same cycle, and the jitter.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Largest extra latency of an envelope in cycles, 0 for none.</summary>
    public long JitterCycles { get; init; }

    /// <summary>
    /// 0 is exact. Otherwise no envelope between nodes takes less than this many cycles, as if the network were that
    /// slow, so that nodes may be that far apart. A deterministic error, which <see cref="Engine.WindowDelay"/> states.
    /// </summary>
    public long WindowCycles { get; init; }

    /// <summary>
    /// Whether every envelope is handed over as bytes (<see cref="EnvelopeCodec"/>), as between processes. The outcome
    /// is the same; it shows that nothing but what the bytes say gets from one actor to another.
    /// </summary>
    public bool SerialiseMessages { get; init; }

    /// <summary>Host threads of the parallel engine; more than there are nodes are not used.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Whether the parallel engine keeps each thread on a core of its own, where the host can.</summary>
    public bool PinThreads { get; init; }

    /// <summary>
    /// How far a node must be able to go for a thread to run it for another one. Fetching its state from another
    /// core's cache takes about as long as some hundred cycles of its own.
    /// </summary>
    internal long LoanCyclesMin { get; init; } = 400;
}
