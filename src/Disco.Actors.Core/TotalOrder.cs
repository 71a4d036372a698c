namespace Disco.Actors.Core;

/// <summary>
/// What a run's seed decides: the order of envelopes that arrive in the same cycle, and optional extra latency.
/// Both are functions of the seed and of the envelope's identity alone, so one seed gives one order on any engine
/// and at any thread count, and another seed gives another legal order (tie-breaking as in ROSS, WSC'21).
/// </summary>
public readonly record struct TotalOrder(ulong Seed)
{
    /// <summary>
    /// The rank of an envelope among those of its cycle. The sequence number takes no part: envelopes of one
    /// (source, target, lane) that arrive together get one rank and then keep their order of sending.
    /// </summary>
    public ulong TieBreak(Cycle arrival, Address source, Address target, Lane lane) =>
        Mix(Seed ^ Mix((ulong)arrival.Value) ^ Mix(((ulong)source.Packed << 32) | target.Packed) ^ (ulong)lane);

    /// <summary>Extra latency of one envelope, 0 to <paramref name="maxCycles"/> inclusive.</summary>
    public long Jitter(Address source, long sequence, long maxCycles) =>
        maxCycles == 0 ? 0 : (long)(Mix(Seed + 1 + Mix(((ulong)source.Packed << 40) ^ (ulong)sequence))
            % (ulong)(maxCycles + 1));

    /// <summary>A bijective mixing of 64 bits (the finaliser of splitmix64).</summary>
    public static ulong Mix(ulong x)
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
