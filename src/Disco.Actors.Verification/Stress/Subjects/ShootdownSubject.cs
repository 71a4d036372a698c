using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Verification.Shootdowns;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Stress.Subjects;

/// <summary>Initiators and responders of one shootdown protocol, with programs in place of monitors and guests.
/// </summary>
internal sealed class ShootdownSubject : Subject
{
    private readonly TranslationCpu[] _cpus;
    private readonly TranslationMonitor[] _monitors;
    private readonly TranslationGhosts _ghosts;
    private readonly ShootdownNames _names = new();
    private bool _duplicates;

    public ShootdownSubject(Shape shape)
    {
        Shape = shape;
        _ghosts = new TranslationGhosts(shape) { Owner = this };
        InterconnectConfig interconnect = new() { Topology = shape.Topology, LinkBytesPerCycle = 0 };
        ShootdownConfig config = new()
        {
            Protocol = shape.Protocol,
            SendCycles = 0,
            ReceiveCycles = 0,
            InterruptCycles = 0,
            InvalidateCycles = 0,
            FlushCycles = 0,
            TickCycles = 1,
            FlushPages = shape.FlushPages,
            QueueActions = shape.QueueActions,
            LazyRecords = shape.LazyRecords,
        };
        Fabric fabric = new(interconnect, new ContiguousPerNode(shape.Nodes, Page.Bytes));
        for (int cpu = 0; cpu < shape.Cpus; cpu++)
        {
            fabric.Place(Address.Cpu(cpu), cpu / shape.CpusPerNode);
        }
        for (int vm = 0; vm < shape.Vms; vm++)
        {
            fabric.Place(new Address(Role.Vm, (ushort)vm), vm % shape.Nodes);
        }
        _cpus = [.. Enumerable.Range(0, shape.Cpus).Select(
            cpu => new TranslationCpu(cpu, shape, config, fabric, _ghosts))];
        _monitors = [.. Enumerable.Range(0, shape.Vms).Select(
            vm => new TranslationMonitor(vm, shape, config, fabric))];
        IEnumerable<Actor> networks = shape.Topology == TopologyKind.Uma || shape.Nodes == 1
            ? []
            : Enumerable.Range(0, shape.Nodes).Select(node => new NetworkActor(node, fabric));
        Build([.. _cpus, .. _monitors, .. networks]);
        KeepInitial();
    }

    public override Shape Shape { get; }

    public override bool IsFinished =>
        Array.TrueForAll(_monitors, monitor => monitor.IsFinished) && Array.TrueForAll(_cpus, cpu => cpu.IsFinished);

    public override int Disturbances => Shape.Vms * Shape.Pages;

    public override void Received(in Envelope envelope, int target)
    {
        Address address = envelope.Target;
        if (ShootdownMessage.IsOne(envelope.Message) && Fabric.TargetOf(envelope.Message) == address)
        {
            _ghosts.Count(ShootdownMessage.From(envelope.Message));
        }
        if (_ghosts.TakeCompletion())
        {
            foreach (TranslationCpu cpu in _cpus)
            {
                cpu.CheckAll();
            }
        }
        else if (address.Role == Role.Cpu)
        {
            _cpus[address.Index].CheckAll();
        }
    }

    public override void Reported(int actor, in TraceEvent traceEvent) => _ghosts.Reported(traceEvent);

    public override void CheckRest()
    {
        _ghosts.CheckRest(_duplicates);
        Check(!Array.Exists(_cpus, cpu => cpu.IsStopped), "at rest a CPU stands still");
    }

    /// <summary>For each CPU, the generation of the translation of each use.</summary>
    public override string Outcome() => string.Join(" | ", _cpus.Select(cpu =>
        string.Join(' ', cpu.Observed.Values.ToArray())));

    public override string Describe(in Message message) => message.Kind switch
    {
        DriverMessage.Fill => $"Fill page {message.A}",
        DriverMessage.Filled =>
            $"Filled page {message.A}, generation {message.B}{(message.C != 0 ? ", writable" : "")}",
        DriverMessage.Step => "Step",
        DriverMessage.End => $"End {message.A}",
        DriverMessage.Leave => "Leave",
        DriverMessage.Join => "Join",
        DriverMessage.Joined => "Joined",
        _ => _names.Describe(message),
    };

    /// <summary>An acknowledgement always; an order where what it does is done again without harm.</summary>
    public override bool MayDuplicate(in Message message)
    {
        if (!ShootdownMessage.IsOne(message))
        {
            return false;
        }
        bool may = (ShootdownMessageKind)(byte)message.Kind is ShootdownMessageKind.Ack
            or ShootdownMessageKind.Remove or ShootdownMessageKind.Record or ShootdownMessageKind.Batch;
        // A second Stopped would count as a second stop.
        may &= !ShootdownMessage.From(message).Stopped;
        _duplicates |= may;
        return may;
    }

    public override void Disturb(int which)
    {
        TranslationMonitor monitor = _monitors[which % _monitors.Length];
        monitor.Disturb(which / _monitors.Length, Network.As(monitor.Address));
        Received(new Envelope { Target = monitor.Address }, 0);
    }

    // What CPUs may use is compared with what monitors complete.
    public override bool IsLocal(in Envelope envelope) => envelope.Target.Role == Role.Network;

    protected override void Begin(ReadOnlySpan<StressOp> ops)
    {
        _duplicates = false;
        foreach (TranslationCpu cpu in _cpus)
        {
            cpu.Ops.Set(ops, cpu.Address.Index, static kind => kind < OpKind.Invalidate);
            PostStep(cpu.Address);
        }
        foreach (TranslationMonitor monitor in _monitors)
        {
            monitor.Ops.Set(ops, monitor.Address.Index, static kind => kind >= OpKind.Invalidate);
            PostStep(monitor.Address);
        }
    }

    protected override void SaveGhosts(StateWriter writer) => _ghosts.Save(writer);

    protected override void LoadGhosts(StateReader reader) => _ghosts.Load(reader);
}
