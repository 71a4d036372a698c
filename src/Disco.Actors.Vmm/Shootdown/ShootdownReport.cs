using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Caches;

namespace Disco.Actors.Vmm.Shootdown;

/// <summary>What the shootdowns of a run took.</summary>
/// <param name="Shootdowns">Transactions that asked at least one CPU.</param>
/// <param name="Latency">From request to completion, in cycles.</param>
/// <param name="Histogram">How many took how long: buckets that are not empty, shortest first.</param>
/// <param name="Messages">Orders, those passed on, acknowledgements and releases, in sum.</param>
/// <param name="Interrupts">CPUs interrupted, in sum.</param>
/// <param name="WorkCycles">Cycles CPUs worked for shootdowns, in sum.</param>
/// <param name="StoppedCycles">Cycles CPUs stood still until released, in sum.</param>
public sealed record ShootdownReport(
    long Shootdowns, LatencySummary Latency, IReadOnlyList<LatencyCount> Histogram, long Messages, long Interrupts,
    long WorkCycles, long StoppedCycles)
{
    public double MessagesPerShootdown => Shootdowns == 0 ? 0 : (double)Messages / Shootdowns;

    /// <summary>What a shootdown takes from all CPUs together, standing still included.</summary>
    public double CpuCyclesPerShootdown => Shootdowns == 0 ? 0 : (double)(WorkCycles + StoppedCycles) / Shootdowns;

    /// <param name="initiators">Of all virtual machines.</param>
    /// <param name="responders">Of all CPUs.</param>
    public static ShootdownReport Of(
        IEnumerable<ShootdownStatistics> initiators, IEnumerable<ResponderStatistics> responders)
    {
        long[] counts = new long[CacheStatistics.LatencyBuckets];
        long cycles = 0;
        long messages = 0;
        foreach (ShootdownStatistics initiator in initiators)
        {
            cycles += initiator.LatencyCycles;
            messages += initiator.MessagesSent;
            for (int bucket = 0; bucket < counts.Length; bucket++)
            {
                counts[bucket] += initiator.LatencyCounts[bucket];
            }
        }
        long interrupts = 0;
        long work = 0;
        long stopped = 0;
        foreach (ResponderStatistics responder in responders)
        {
            messages += responder.MessagesSent;
            interrupts += responder.Interrupts;
            work += responder.WorkCycles;
            stopped += responder.StoppedCycles;
        }
        return new ShootdownReport(
            counts.Sum(),
            LatencySummary.Of(counts, cycles),
            [.. counts.Index().Where(bucket => bucket.Item > 0)
                .Select(bucket => new LatencyCount(CacheStatistics.LatencyOf(bucket.Index), bucket.Item))],
            messages,
            interrupts,
            work,
            stopped);
    }
}

/// <summary>A bucket of a histogram.</summary>
/// <param name="FromCycles">The shortest latency that falls into it.</param>
/// <param name="Count">How many did.</param>
public readonly record struct LatencyCount(long FromCycles, long Count);
