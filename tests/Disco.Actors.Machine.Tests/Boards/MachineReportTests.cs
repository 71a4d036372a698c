using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Caches;
using Xunit;

namespace Disco.Actors.Machine.Tests.Boards;

/// <summary>The report says what the machine did, and the paper's latencies show in it (Disco, 5.1).</summary>
public sealed class MachineReportTests
{
    [Fact]
    public void Latency_buckets_follow_each_other_without_a_gap()
    {
        int last = -1;
        for (long cycles = 0; cycles < 100_000; cycles++)
        {
            int bucket = CacheStatistics.BucketOf(cycles);
            Assert.InRange(bucket, last, last + 1);
            Assert.InRange(CacheStatistics.LatencyOf(bucket), cycles - (cycles / 16), cycles);
            last = bucket;
        }
    }

    [Fact]
    public void Lone_cpu_sees_300_ns_local_misses()
    {
        MachineReport report = GuestRun.Run("kernels", GuestRun.Board(1), "kernel=copy").Report;

        Assert.Equal(120, report.MissLatency.P50);
        Assert.Equal(report.MissLatency.Count, report.Cpus[0].LocalMisses);
        Assert.Equal(0, report.Cpus[0].RemoteMisses);
    }

    [Fact]
    public void Half_of_a_lone_cpus_misses_go_to_the_other_node_and_take_900_ns()
    {
        MachineReport report = GuestRun.Run("kernels", GuestRun.Board(2), "kernel=copy").Report;

        Assert.InRange(report.Cpus[0].RemoteMisses, report.Cpus[0].LocalMisses * 0.9, report.Cpus[0].LocalMisses * 1.1);
        Assert.Equal(352, report.MissLatency.P90);
        Assert.InRange(report.MissLatency.MeanCycles, 230, 250);
        Assert.Equal(report.Nodes[1].RemoteRequests, report.Cpus[0].RemoteMisses);
    }

    [Fact]
    public void Messages_are_counted_under_their_names()
    {
        MachineReport report = GuestRun.Run("hello", new BoardConfig { Nodes = 1, Cpus = 2 }).Report;

        Assert.Contains(report.Messages, message => message.Name == "UncachedWrite");
        Assert.Contains(report.Messages, message => message is { Name: "CoreStart", Count: 1 });
        Assert.Equal(report.Instructions, report.Cpus.Sum(cpu => cpu.Instructions));
    }
}
