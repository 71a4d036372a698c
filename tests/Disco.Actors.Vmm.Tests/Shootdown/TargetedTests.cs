using Disco.Actors.Core;
using Disco.Actors.Vmm.Shootdown;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Shootdown;

/// <summary>The paper's protocol: messages to just the CPUs that may hold the translation (Disco 4.2.3).</summary>
public sealed class TargetedTests
{
    private static readonly ShootdownConfig Free = new()
    {
        SendCycles = 0, ReceiveCycles = 0, InterruptCycles = 0, InvalidateCycles = 0, FlushCycles = 0,
    };

    [Fact]
    public void A_shootdown_that_nobody_holds_is_complete_at_once()
    {
        Bench bench = new(new ShootdownConfig(), 2, 2);

        bench.Initiator.Begin(Bench.Request(7, 0x10, CpuSet.None), bench.Context);

        Assert.Empty(bench.Sent());
        Assert.Equal([7UL], bench.Completed());
        bench.Initiator.End(7, bench.Context);
        Assert.Equal(0, bench.Initiator.Open);
    }

    [Fact]
    public void Holders_and_only_holders_are_asked_and_the_last_answer_completes()
    {
        Bench bench = new(Free, 2, 2);

        bench.Initiator.Begin(Bench.Request(7, 0x10, CpuSet.Of(1).With(2)), bench.Context);
        var orders = bench.Sent();
        Assert.Equal([Address.Cpu(1), Address.Cpu(2)], orders.Select(order => order.Target));
        foreach (var order in orders)
        {
            bench.Deliver(order.Raw);
        }
        var acks = bench.Sent();
        Assert.Equal(2, acks.Length);
        bench.Deliver(acks[0].Raw);
        Assert.Empty(bench.Completed());
        bench.Deliver(acks[1].Raw);

        Assert.Equal([7UL], bench.Completed());
        Assert.Equal(new PhysicalPage(0x10), Assert.Single(bench.Cpus[1].Removed).Pages.First);
        Assert.Empty(bench.Cpus[0].Removed);
    }

    /// <summary>Each message occupies its sender: the second leaves a send later.</summary>
    [Fact]
    public void Orders_leave_one_after_the_other()
    {
        Bench bench = new(new ShootdownConfig { SendCycles = 60 }, 1, 3);

        bench.Initiator.Begin(Bench.Request(7, 0x10, CpuSet.Below(3)), bench.Context);

        Assert.Equal([90L, 150, 210], bench.Sent().Select(order => order.Latency));
    }

    [Fact]
    public void A_duplicate_or_late_answer_does_not_count()
    {
        Bench bench = new(Free, 1, 2);
        bench.Initiator.Begin(Bench.Request(1, 0x10, CpuSet.Of(0)), bench.Context);
        bench.Deliver(bench.Sent()[0].Raw);
        Message ack = bench.Sent()[0].Raw;
        bench.Deliver(ack);
        Assert.Equal([1UL], bench.Completed());
        bench.Initiator.End(1, bench.Context);

        bench.Initiator.Begin(Bench.Request(2, 0x10, CpuSet.Of(0)), bench.Context);
        bench.Deliver(ack);
        bench.Deliver(ack);

        Assert.Empty(bench.Completed());
        Assert.Equal(2, bench.Initiator.Statistics.AcksIgnored);
    }

    [Fact]
    public void A_saved_shootdown_goes_on_where_it_was()
    {
        Bench bench = new(Free, 1, 2);
        bench.Initiator.Begin(Bench.Request(9, 0x10, CpuSet.Below(2)), bench.Context);
        var orders = bench.Sent();
        bench.Deliver(orders[0].Raw);
        bench.Deliver(bench.Sent()[0].Raw);
        Snapshot snapshot = new();
        bench.Initiator.Save(snapshot);

        Bench other = new(Free, 1, 2);
        other.Initiator.Load(snapshot.Read());
        other.Deliver(orders[1].Raw);
        other.Deliver(other.Sent()[0].Raw);

        Assert.Equal([9UL], other.Completed());
    }
}
