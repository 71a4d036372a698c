using System.Runtime.InteropServices;
using Disco.Actors.Core;
using Disco.Actors.Machine.Caches;

namespace Disco.Actors.Vmm.Shootdown;

/// <summary>What one initiator did, counted from its effects.</summary>
public sealed class ShootdownStatistics
{
    private readonly long[] _latencyCounts = new long[CacheStatistics.LatencyBuckets];

    /// <summary>Requests that are complete.</summary>
    public long Completed { get; internal set; }

    /// <summary>Of these, requests that had to ask no CPU.</summary>
    public long Alone { get; internal set; }

    /// <summary>Rounds of orders.</summary>
    public long Rounds { get; internal set; }

    /// <summary>Orders and releases sent, and acknowledgements received.</summary>
    public long MessagesSent { get; internal set; }

    public long AcksReceived { get; internal set; }

    /// <summary>Acknowledgements that counted for nothing: of an older round, or a second one.</summary>
    public long AcksIgnored { get; internal set; }

    /// <summary>Cycles from request to completion, in sum over the requests that asked a CPU.</summary>
    public long LatencyCycles { get; internal set; }

    /// <summary>The same requests by latency; see <see cref="CacheStatistics.LatencyOf"/>.</summary>
    public IReadOnlyList<long> LatencyCounts => _latencyCounts;

    internal void Count(bool alone, long latencyCycles)
    {
        Completed++;
        if (alone)
        {
            Alone++;
            return;
        }
        LatencyCycles += latencyCycles;
        _latencyCounts[CacheStatistics.BucketOf(latencyCycles)]++;
    }

    internal void Save(StateWriter writer)
    {
        writer.Write("stat.completed", Completed);
        writer.Write("stat.alone", Alone);
        writer.Write("stat.rounds", Rounds);
        writer.Write("stat.messagesSent", MessagesSent);
        writer.Write("stat.acksReceived", AcksReceived);
        writer.Write("stat.acksIgnored", AcksIgnored);
        writer.Write("stat.latencyCycles", LatencyCycles);
        writer.Write("stat.latencyCounts", MemoryMarshal.AsBytes<long>(_latencyCounts));
    }

    internal void Load(StateReader reader)
    {
        Completed = reader.ReadInt64("stat.completed");
        Alone = reader.ReadInt64("stat.alone");
        Rounds = reader.ReadInt64("stat.rounds");
        MessagesSent = reader.ReadInt64("stat.messagesSent");
        AcksReceived = reader.ReadInt64("stat.acksReceived");
        AcksIgnored = reader.ReadInt64("stat.acksIgnored");
        LatencyCycles = reader.ReadInt64("stat.latencyCycles");
        reader.ReadBytes("stat.latencyCounts", MemoryMarshal.AsBytes(_latencyCounts.AsSpan()));
    }
}
