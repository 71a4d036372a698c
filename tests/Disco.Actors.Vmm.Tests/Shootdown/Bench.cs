using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.TestKit;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Vmm.Tests.Shootdown;

/// <summary>One initiator (vm/1) and the responders of a machine, whose messages the test carries by hand.</summary>
internal sealed class Bench
{
    public static readonly Address Vm = new(Role.Vm, 1);

    public Bench(ShootdownConfig config, int nodes, int cpusPerNode)
    {
        Config = config;
        Fabric = new Fabric(new InterconnectConfig(), new ContiguousPerNode(nodes, 1 << 20));
        Fabric.Place(Vm, 0);
        int cpus = nodes * cpusPerNode;
        for (int cpu = 0; cpu < cpus; cpu++)
        {
            Fabric.Place(Address.Cpu(cpu), cpu / cpusPerNode);
        }
        Initiator = new ShootdownInitiator(config, Fabric, Vm, CpuSet.Below(cpus));
        Responders = [.. Enumerable.Range(0, cpus).Select(cpu => ShootdownResponder.Create(config, Fabric, cpu))];
        Cpus = [.. Enumerable.Range(0, cpus).Select(_ => new FakeCpu())];
    }

    public ShootdownConfig Config { get; }

    public Fabric Fabric { get; }

    public RecordingContext Context { get; } = new();

    public ShootdownInitiator Initiator { get; }

    public ShootdownResponder[] Responders { get; }

    public FakeCpu[] Cpus { get; }

    /// <summary>A request for one page of vm/1.</summary>
    public static ShootdownRequest Request(ulong transaction, uint page, CpuSet holders, ulong generation = 1) => new(
        new Invalidation(1, PageRange.Of(new PhysicalPage(page)), InvalidationKind.Invalidate, generation),
        transaction, holders, holders);

    /// <summary>What was sent since the last look.</summary>
    public (Address Target, long Latency, ShootdownMessage Message, Message Raw)[] Sent() =>
        [.. Context.TakeSent().Select(sent =>
            (Fabric.TargetOf(sent.Message), sent.Latency, ShootdownMessage.From(sent.Message), sent.Message))];

    /// <summary>Brings a message to where it goes; the network takes no time.</summary>
    public void Deliver(in Message raw, ReadOnlySpan<byte> payload = default)
    {
        Envelope envelope = new() { Message = raw };
        payload.CopyTo(envelope.Payload);
        Address target = Fabric.TargetOf(raw);
        if (target == Vm)
        {
            Initiator.Receive(envelope, Context);
        }
        else
        {
            Responders[target.Index].Receive(envelope, Context, Cpus[target.Index]);
        }
    }

    /// <summary>The transactions that have become complete since the last look.</summary>
    public ulong[] Completed()
    {
        List<ulong> completed = [];
        while (Initiator.TryTakeCompleted(out ulong transaction))
        {
            completed.Add(transaction);
        }
        return [.. completed];
    }
}
