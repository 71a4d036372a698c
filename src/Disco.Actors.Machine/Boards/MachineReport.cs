using Disco.Actors.Core;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Cpus;

namespace Disco.Actors.Machine.Boards;

/// <summary>What a machine has done up to a cycle, as plain data for a printer.</summary>
/// <param name="Cycles">Of the machine's clock since power-on.</param>
/// <param name="VirtualSeconds">The same in seconds.</param>
/// <param name="Instructions">Of all CPUs.</param>
/// <param name="Cpus">In order of number.</param>
/// <param name="Nodes">In order of number; empty in the fast fidelity.</param>
/// <param name="Messages">Kinds that occurred, most frequent first.</param>
/// <param name="MissLatency">Of the misses of all CPUs.</param>
public sealed record MachineReport(
    long Cycles,
    double VirtualSeconds,
    long Instructions,
    IReadOnlyList<CpuReport> Cpus,
    IReadOnlyList<NodeReport> Nodes,
    IReadOnlyList<MessageCount> Messages,
    LatencySummary MissLatency)
{
    /// <summary>Misses that left the caches of all CPUs, for the own node's memory or another's.</summary>
    public long Misses => Cpus.Sum(cpu => cpu.LocalMisses + cpu.RemoteMisses);

    /// <summary>The share of these that was for the own node's memory; 0 when there were none.</summary>
    public double LocalShare => Misses == 0 ? 0 : (double)Cpus.Sum(cpu => cpu.LocalMisses) / Misses;

    /// <summary>Reads the counters of all actors. Between runs only.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="now">Everything before this cycle has happened.</param>
    /// <param name="deliveriesByKind">The engine's count for each kind of message, by kind.</param>
    public static MachineReport Of(Multiprocessor machine, Cycle now, ReadOnlySpan<long> deliveriesByKind)
    {
        CpuReport[] cpus = [.. machine.Cpus.Select(cpu => CpuReport.Of(cpu, now))];
        List<MessageCount> messages = [];
        for (int kind = 0; kind < deliveriesByKind.Length; kind++)
        {
            if (deliveriesByKind[kind] != 0)
            {
                messages.Add(new MessageCount(machine.World.Names.NameOf((ushort)kind), deliveriesByKind[kind]));
            }
        }
        return new MachineReport(
            now.Value,
            (double)now.Value / machine.Config.ClockHz,
            cpus.Sum(cpu => cpu.Instructions),
            cpus,
            [.. machine.Directories.Select(directory => NodeReport.Of(machine, directory.Node))],
            [.. messages.OrderByDescending(message => message.Count)],
            LatencySummary.Of(machine.Cpus.Select(cpu => cpu.Cache).OfType<CoherentCache>()));
    }
}

/// <summary>How many messages of a kind were delivered; one by way of the network counts at both ends.</summary>
public readonly record struct MessageCount(string Name, long Count);

/// <summary>One CPU: where its cycles went, and what its caches did (zero in the fast fidelity).</summary>
/// <param name="Number">From 0.</param>
/// <param name="Node">Its node.</param>
/// <param name="Time">Its cycles.</param>
/// <param name="SecondLevelHits">Accesses that missed the first level and hit the second.</param>
/// <param name="LocalMisses">Transactions with the own node's memory.</param>
/// <param name="RemoteMisses">Transactions with another node's memory.</param>
/// <param name="Upgrades">Of both, those that only asked for the right to write.</param>
/// <param name="Nacks">Requests refused and repeated.</param>
/// <param name="Writebacks">Lines given back.</param>
/// <param name="Invalidations">Lines taken away because another agent writes.</param>
public sealed record CpuReport(
    int Number,
    int Node,
    CpuStatistics Time,
    long SecondLevelHits,
    long LocalMisses,
    long RemoteMisses,
    long Upgrades,
    long Nacks,
    long Writebacks,
    long Invalidations)
{
    public long Instructions => Time.Instructions;

    internal static CpuReport Of(Cpu cpu, Cycle now)
    {
        CacheStatistics? cache = cpu.Cache?.Statistics;
        return new CpuReport(
            cpu.Address.Index,
            cpu.Node,
            cpu.StatisticsAt(now),
            cache?.FirstLevelMisses ?? 0,
            cache?.LocalMisses ?? 0,
            cache?.RemoteMisses ?? 0,
            cache?.Upgrades ?? 0,
            cache?.Nacks ?? 0,
            cache?.Writebacks ?? 0,
            cache?.InvalsReceived ?? 0);
    }
}

/// <summary>One node: its directory, its memory and its way out.</summary>
public sealed record NodeReport(
    int Node,
    long LocalRequests,
    long RemoteRequests,
    long Nacks,
    long Invalidations,
    long Forwards,
    long DirectoryWaitedCycles,
    long MemoryReads,
    long MemoryWrites,
    long MemoryWaitedCycles,
    long LinkMessages,
    long LinkBytes,
    long LinkWaitedCycles)
{
    internal static NodeReport Of(Multiprocessor machine, int node)
    {
        Directory.DirectoryStatistics directory = machine.Directories[node].Statistics;
        Memory.MemoryNode memory = machine.Memories[node];
        Interconnect.NetworkActor network = machine.Networks[node];
        return new NodeReport(
            node,
            directory.LocalRequests,
            directory.RemoteRequests,
            directory.Nacks,
            directory.InvalsSent,
            directory.Forwards,
            directory.WaitedCycles,
            memory.Reads,
            memory.Writes,
            memory.WaitedCycles,
            network.Messages,
            network.BytesSent,
            network.WaitedCycles);
    }
}

/// <summary>
/// Latencies of misses, in cycles from the access to the grant. Percentiles are rounded down to a bucket.
/// </summary>
public sealed record LatencySummary(long Count, double MeanCycles, long P50, long P90, long P99, long P999)
{
    internal static LatencySummary Of(IEnumerable<CoherentCache> caches)
    {
        long[] counts = new long[CacheStatistics.LatencyBuckets];
        long cycles = 0;
        foreach (CoherentCache cache in caches)
        {
            cycles += cache.Statistics.MissCycles;
            for (int bucket = 0; bucket < counts.Length; bucket++)
            {
                counts[bucket] += cache.Statistics.LatencyCounts[bucket];
            }
        }
        return Of(counts, cycles);
    }

    /// <param name="counts">How many by bucket; see <see cref="CacheStatistics.LatencyOf"/>.</param>
    /// <param name="cycles">In sum.</param>
    public static LatencySummary Of(long[] counts, long cycles)
    {
        long count = counts.Sum();
        return new LatencySummary(
            count,
            count == 0 ? 0 : (double)cycles / count,
            Percentile(counts, count, 0.5),
            Percentile(counts, count, 0.9),
            Percentile(counts, count, 0.99),
            Percentile(counts, count, 0.999));
    }

    private static long Percentile(long[] counts, long count, double part)
    {
        long below = 0;
        for (int bucket = 0; bucket < counts.Length; bucket++)
        {
            below += counts[bucket];
            if (count > 0 && below >= part * count)
            {
                return CacheStatistics.LatencyOf(bucket);
            }
        }
        return 0;
    }
}
