using System.Numerics;
using Disco.Actors.Core;

namespace Disco.Actors.Machine.Caches;

/// <summary>What one cache did, counted from its effects.</summary>
public sealed class CacheStatistics
{
    /// <summary>
    /// Buckets of <see cref="LatencyCounts"/>; sixteen for each doubling, so within 6 % of the truth.
    /// </summary>
    public const int LatencyBuckets = 384;

    private readonly long[] _latencyCounts = new long[LatencyBuckets];

    /// <summary>Accesses that missed the first level and hit the second.</summary>
    public long FirstLevelMisses { get; internal set; }

    /// <summary>Transactions for lines of the own node, upgrades included.</summary>
    public long LocalMisses { get; internal set; }

    /// <summary>Transactions for lines of another node, upgrades included.</summary>
    public long RemoteMisses { get; internal set; }

    /// <summary>Of both, those that only asked for the right to write.</summary>
    public long Upgrades { get; internal set; }

    public long Nacks { get; internal set; }

    public long Writebacks { get; internal set; }

    public long InvalsReceived { get; internal set; }

    public long ForwardsReceived { get; internal set; }

    /// <summary>Cycles from the start of a transaction to the grant, in sum.</summary>
    public long MissCycles { get; internal set; }

    /// <summary>Transactions by latency; see <see cref="LatencyOf"/>.</summary>
    public IReadOnlyList<long> LatencyCounts => _latencyCounts;

    public long Misses => LocalMisses + RemoteMisses;

    /// <summary>The shortest latency, in cycles, that falls into a bucket.</summary>
    public static long LatencyOf(int bucket) =>
        bucket < 16 ? bucket : (16L + (bucket % 16)) << ((bucket / 16) - 1);

    /// <summary>The bucket of a latency: its leading five bits.</summary>
    public static int BucketOf(long cycles)
    {
        if (cycles < 16)
        {
            return (int)cycles;
        }
        int power = BitOperations.Log2((ulong)cycles);
        int bucket = ((power - 3) * 16) + (int)((cycles >> (power - 4)) & 15);
        return Math.Min(bucket, LatencyBuckets - 1);
    }

    internal void CountMiss(bool local, long cycles)
    {
        if (local)
        {
            LocalMisses++;
        }
        else
        {
            RemoteMisses++;
        }
        MissCycles += cycles;
        _latencyCounts[BucketOf(cycles)]++;
    }

    internal void Save(StateWriter writer)
    {
        writer.Write("stat.firstLevelMisses", FirstLevelMisses);
        writer.Write("stat.localMisses", LocalMisses);
        writer.Write("stat.remoteMisses", RemoteMisses);
        writer.Write("stat.upgrades", Upgrades);
        writer.Write("stat.nacks", Nacks);
        writer.Write("stat.writebacks", Writebacks);
        writer.Write("stat.invalsReceived", InvalsReceived);
        writer.Write("stat.forwardsReceived", ForwardsReceived);
        writer.Write("stat.missCycles", MissCycles);
        foreach (long count in _latencyCounts)
        {
            writer.Write("stat.latencyCount", count);
        }
    }

    internal void Load(StateReader reader)
    {
        FirstLevelMisses = reader.ReadInt64("stat.firstLevelMisses");
        LocalMisses = reader.ReadInt64("stat.localMisses");
        RemoteMisses = reader.ReadInt64("stat.remoteMisses");
        Upgrades = reader.ReadInt64("stat.upgrades");
        Nacks = reader.ReadInt64("stat.nacks");
        Writebacks = reader.ReadInt64("stat.writebacks");
        InvalsReceived = reader.ReadInt64("stat.invalsReceived");
        ForwardsReceived = reader.ReadInt64("stat.forwardsReceived");
        MissCycles = reader.ReadInt64("stat.missCycles");
        for (int bucket = 0; bucket < LatencyBuckets; bucket++)
        {
            _latencyCounts[bucket] = reader.ReadInt64("stat.latencyCount");
        }
    }
}
