using Disco.Actors.Core;
using Disco.Actors.Vmm.Shootdown;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Shootdown;

/// <summary>The steps in which each protocol differs from the targeted one, by hand.</summary>
public sealed class ProtocolStepTests
{
    private static readonly CpuSet All = CpuSet.Below(8);

    [Fact]
    public void Broadcast_asks_every_cpu_of_the_machine()
    {
        Bench bench = Make(ShootdownProtocol.Broadcast);

        bench.Initiator.Begin(Bench.Request(1, 0x10, CpuSet.Of(3)), bench.Context);

        Assert.Equal(Cpus(0, 1, 2, 3, 4, 5, 6, 7), bench.Sent().Select(order => order.Target));
    }

    /// <summary>Baumann et al. 2009, 5.1: one message a node, passed on there.</summary>
    [Fact]
    public void Multicast_asks_one_cpu_of_each_node_and_that_one_gathers()
    {
        Bench bench = Make(ShootdownProtocol.Multicast);

        bench.Initiator.Begin(Bench.Request(1, 0x10, All), bench.Context);
        var orders = bench.Sent();
        Assert.Equal(Cpus(0, 2, 4, 6), orders.Select(order => order.Target));
        bench.Deliver(orders[3].Raw, BitConverter.GetBytes(CpuSet.Of(7).Bits));
        var passedOn = Assert.Single(bench.Sent());
        Assert.Equal(Address.Cpu(7), passedOn.Target);
        bench.Deliver(passedOn.Raw);
        var leaf = Assert.Single(bench.Sent());
        Assert.Equal(Address.Cpu(6), leaf.Target);
        bench.Deliver(leaf.Raw);

        var gathered = Assert.Single(bench.Sent());
        Assert.Equal(Bench.Vm, gathered.Target);
        Assert.Equal(6, gathered.Message.Cpu);
        Assert.Single(bench.Cpus[6].Removed);
        Assert.Single(bench.Cpus[7].Removed);
    }

    /// <summary>Farthest first on a hypercube of four nodes: node 3 is two links away; the own node is asked directly.
    /// </summary>
    [Fact]
    public void Numa_multicast_starts_with_the_farthest_node_and_needs_no_detour_at_home()
    {
        Bench bench = Make(ShootdownProtocol.NumaMulticast);

        bench.Initiator.Begin(Bench.Request(1, 0x10, All), bench.Context);

        Assert.Equal(Cpus(6, 2, 4, 0, 1), bench.Sent().Select(order => order.Target));
    }

    /// <summary>Black et al. 1989: a CPU stands still from its acknowledgement until the mapping is changed.</summary>
    [Fact]
    public void Mach_cpus_stand_still_until_the_mapping_is_changed_and_only_then_remove()
    {
        Bench bench = Make(ShootdownProtocol.Mach);
        bench.Initiator.Begin(Bench.Request(1, 0x10, CpuSet.Of(0)), bench.Context);
        bench.Deliver(bench.Sent()[0].Raw);
        Assert.True(bench.Cpus[0].IsStopped);
        Assert.Empty(bench.Cpus[0].Removed);
        bench.Deliver(bench.Sent()[0].Raw);
        Assert.Equal([1UL], bench.Completed());
        Assert.True(bench.Cpus[0].IsStopped);

        bench.Initiator.End(1, bench.Context);
        bench.Deliver(bench.Sent()[0].Raw);

        Assert.False(bench.Cpus[0].IsStopped);
        Assert.Single(bench.Cpus[0].Removed);
    }

    [Fact]
    public void Mach_does_not_stop_an_idle_cpu_which_drains_on_its_way_out()
    {
        Bench bench = Make(ShootdownProtocol.Mach);
        bench.Cpus[0].IsIdle = true;
        bench.Initiator.Begin(Bench.Request(1, 0x10, CpuSet.Of(0)), bench.Context);
        bench.Deliver(bench.Sent()[0].Raw);
        bench.Deliver(bench.Sent()[0].Raw);
        Assert.Equal([1UL], bench.Completed());
        bench.Initiator.End(1, bench.Context);
        Assert.Empty(bench.Sent());
        Assert.Empty(bench.Cpus[0].Removed);

        bench.Responders[0].Drain(bench.Context, bench.Cpus[0]);

        Assert.Single(bench.Cpus[0].Removed);
    }

    /// <summary>Its vCPU is about to enter: it is not idle any more and has not drained yet.</summary>
    [Fact]
    public void A_mach_cpu_on_its_way_out_of_idle_stops()
    {
        Bench bench = Make(ShootdownProtocol.Mach);
        bench.Cpus[0].IsIdle = true;
        bench.Initiator.Begin(Bench.Request(1, 0x10, CpuSet.Of(0), 1), bench.Context);
        bench.Deliver(bench.Sent()[0].Raw);
        bench.Deliver(bench.Sent()[0].Raw);
        bench.Cpus[0].IsIdle = false;
        bench.Initiator.Begin(Bench.Request(2, 0x11, CpuSet.Of(0), 2), bench.Context);
        bench.Deliver(bench.Sent()[0].Raw);
        Assert.True(bench.Cpus[0].IsStopped);
        bench.Deliver(bench.Sent()[0].Raw);
        Assert.Equal([1UL, 2], bench.Completed());

        bench.Initiator.End(2, bench.Context);
        bench.Deliver(bench.Sent()[0].Raw);

        Assert.Equal(2, bench.Cpus[0].Removed.Count);
        Assert.False(bench.Cpus[0].IsStopped);
    }

    /// <summary>Black et al. 1989: an overflow of the queue is a flush of everything.</summary>
    [Fact]
    public void A_full_mach_queue_becomes_one_flush()
    {
        Bench bench = Make(ShootdownProtocol.Mach, new ShootdownConfig { QueueActions = 2 });
        bench.Cpus[0].IsIdle = true;
        for (uint i = 1; i <= 4; i++)
        {
            bench.Initiator.Begin(Bench.Request(i, i, CpuSet.Of(0), i), bench.Context);
            bench.Deliver(bench.Sent()[0].Raw);
            bench.Context.TakeSent();
        }

        bench.Responders[0].Drain(bench.Context, bench.Cpus[0]);

        Invalidation flush = bench.Cpus[0].Removed[0];
        Assert.True(flush.Pages.IsAll);
        Assert.Equal(3UL, flush.Generation);
        Assert.Equal(2, bench.Cpus[0].Removed.Count);
    }

    /// <summary>Kumar et al. 2018: no interrupt; the sweep is the acknowledgement.</summary>
    [Fact]
    public void A_lazy_record_waits_for_the_tick()
    {
        Bench bench = Make(ShootdownProtocol.Lazy);
        bench.Initiator.Begin(Bench.Request(1, 0x10, CpuSet.Of(0)), bench.Context);
        bench.Deliver(bench.Sent()[0].Raw);
        Assert.Empty(bench.Cpus[0].Removed);
        (_, long cycles, Message tick) = Assert.Single(bench.Context.TakeSent());
        Assert.Equal(bench.Config.TickCycles, cycles);

        Envelope envelope = new() { Message = tick };
        bench.Responders[0].Receive(envelope, bench.Context, bench.Cpus[0]);

        Assert.Single(bench.Cpus[0].Removed);
        Assert.Equal(ShootdownMessageKind.Ack, bench.Sent()[0].Message.Kind);
    }

    [Fact]
    public void An_urgent_shootdown_and_one_too_many_are_not_put_off()
    {
        Bench bench = Make(ShootdownProtocol.Lazy, new ShootdownConfig { LazyRecords = 1 });

        bench.Initiator.Begin(Bench.Request(1, 0x10, CpuSet.Of(0)), bench.Context);
        bench.Initiator.Begin(Bench.Request(2, 0x11, CpuSet.Of(0)), bench.Context);
        bench.Initiator.Begin(Bench.Request(3, 0x12, CpuSet.Of(0)) with { Urgent = true }, bench.Context);

        Assert.Equal(
            [ShootdownMessageKind.Record, ShootdownMessageKind.Remove, ShootdownMessageKind.Remove],
            bench.Sent().Select(order => order.Message.Kind));
    }

    /// <summary>What comes while a round is under way goes out together, in one message to a CPU.</summary>
    [Fact]
    public void Batched_requests_share_a_round_and_complete_together()
    {
        Bench bench = Make(ShootdownProtocol.Batched);
        bench.Initiator.Begin(Bench.Request(1, 0x10, CpuSet.Of(0), 1), bench.Context);
        Message first = bench.Sent()[0].Raw;
        bench.Initiator.Begin(Bench.Request(2, 0x11, CpuSet.Of(0), 2), bench.Context);
        bench.Initiator.Begin(Bench.Request(3, 0x12, CpuSet.Of(0), 3), bench.Context);
        Assert.Empty(bench.Sent());

        bench.Deliver(first, BitConverter.GetBytes(first.A));
        bench.Deliver(bench.Sent()[0].Raw);
        Assert.Equal([1UL], bench.Completed());
        var second = Assert.Single(bench.Sent());
        Assert.Equal(2 * sizeof(ulong), second.Raw.PayloadBytes);
        bench.Deliver(second.Raw, bench.Context.LastPayload);
        bench.Deliver(bench.Sent()[0].Raw);

        Assert.Equal([2UL, 3], bench.Completed());
        Assert.Equal([0x10U, 0x11, 0x12], bench.Cpus[0].Removed.Select(what => what.Pages.First.Number));
    }

    [Fact]
    public void A_cpu_that_missed_a_batch_flushes()
    {
        Bench bench = Make(ShootdownProtocol.Batched);
        bench.Initiator.Begin(Bench.Request(1, 0x10, CpuSet.Of(1), 1), bench.Context);
        Message first = bench.Sent()[0].Raw;
        bench.Deliver(first, BitConverter.GetBytes(first.A));
        bench.Deliver(bench.Sent()[0].Raw);
        Assert.Equal([1UL], bench.Completed());

        bench.Initiator.Begin(Bench.Request(2, 0x11, CpuSet.Of(0), 2), bench.Context);
        Message second = bench.Sent()[0].Raw;
        bench.Deliver(second, BitConverter.GetBytes(second.A));

        Assert.True(Assert.Single(bench.Cpus[0].Removed).Pages.IsAll);
        Assert.False(Assert.Single(bench.Cpus[1].Removed).Pages.IsAll);
    }

    /// <summary>Linux's ceiling of 33 pages.</summary>
    [Fact]
    public void A_batch_of_too_many_pages_is_a_flush()
    {
        Bench bench = Make(ShootdownProtocol.Batched, new ShootdownConfig { FlushPages = 3 });
        bench.Initiator.Begin(Bench.Request(1, 0x10, CpuSet.Of(0), 1), bench.Context);
        Message first = bench.Sent()[0].Raw;
        for (uint i = 2; i <= 4; i++)
        {
            bench.Initiator.Begin(Bench.Request(i, i, CpuSet.Of(0), i), bench.Context);
        }
        bench.Deliver(first, BitConverter.GetBytes(first.A));
        bench.Deliver(bench.Sent()[0].Raw);

        var second = Assert.Single(bench.Sent());

        Assert.True(second.Message.What.Pages.IsAll);
        Assert.Equal(4UL, second.Message.What.Generation);
    }

    private static Address[] Cpus(params int[] cpus) => [.. cpus.Select(Address.Cpu)];

    /// <summary>Four nodes of two CPUs; nothing takes time.</summary>
    private static Bench Make(ShootdownProtocol protocol, ShootdownConfig? config = null) => new(
        (config ?? new ShootdownConfig()) with
        {
            Protocol = protocol,
            SendCycles = 0,
            ReceiveCycles = 0,
            InterruptCycles = 0,
            InvalidateCycles = 0,
            FlushCycles = 0,
        },
        4,
        2);
}
