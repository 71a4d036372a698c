using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Shootdowns;

/// <summary>
/// A virtual machine's monitor with one page: answers fills, begins shootdowns when the explorer says so, and answers
/// no fill from a mapping that is about to change.
/// </summary>
internal sealed class ModelMonitor : Actor
{
    private readonly Fabric _fabric;
    private readonly ShootdownInitiator _initiator;
    private readonly ShootdownShape _shape;

    // State. The generation is the number of shootdowns begun; bit g-1 of these for the one of generation g.
    private ulong _generation;
    private ulong _completed;
    private ulong _ended;

    // Up to this generation everything has ended.
    private ulong _settled;

    // Who was given the page, or waits for it.
    private CpuSet _given;
    private CpuSet _waiting;

    public ModelMonitor(Address address, ShootdownShape shape, ShootdownConfig config, Fabric fabric)
        : base(address, fabric.NodeOf(address))
    {
        _fabric = fabric;
        _shape = shape;
        _initiator = new ShootdownInitiator(config, fabric, address, CpuSet.Below(shape.Cpus));
    }

    public int Begun => (int)_generation;

    /// <summary>Transactions complete and not ended.</summary>
    public IEnumerable<ulong> ToEnd => Generations().Where(g => Has(_completed, g) && !Has(_ended, g));

    public bool IsAtRest => _initiator.Open == 0 && _waiting.IsEmpty;

    /// <summary>Something waits that only a message could bring on.</summary>
    public bool Waits => !IsAtRest && !ToEnd.Any();

    /// <summary>From which generation on a translation may be used; to read, and to write.</summary>
    public (ulong Read, ulong Write) Oldest()
    {
        ulong read = 0;
        ulong write = 0;
        foreach (ulong g in Generations().Where(g => Has(_completed, g)))
        {
            write = g;
            read = _shape.Shootdowns[g - 1] == InvalidationKind.Invalidate ? g : read;
        }
        return (read, write);
    }

    public override void Receive(in Envelope envelope, Context context)
    {
        if (ShootdownMessage.IsOne(envelope.Message))
        {
            _initiator.Receive(envelope, context);
            TakeCompleted();
            return;
        }
        Invariant.Holds(envelope.Message.Kind == DriverMessage.Fill);
        int cpu = Fabric.SenderOf(envelope.Message).Index;
        if (_ended == Below(_generation))
        {
            Answer(cpu, context);
        }
        else
        {
            _waiting = _waiting.With(cpu);
        }
    }

    public void Begin(Context context)
    {
        InvalidationKind kind = _shape.Shootdowns[_generation];
        _generation++;
        Invalidation what = new(0, PageRange.Of(default), kind, _generation);
        CpuSet running = CpuSet.Below(_shape.Cpus);
        _initiator.Begin(new ShootdownRequest(what, _generation, _given, running), context);
        TakeCompleted();
    }

    public void End(ulong transaction, Context context)
    {
        _initiator.End(transaction, context);
        _ended |= Bit(transaction);
        if (_ended != Below(_generation))
        {
            return;
        }
        if (_shape.Shootdowns.AsSpan((int)_settled, Begun - (int)_settled).Contains(InvalidationKind.Invalidate))
        {
            _given = CpuSet.None;
        }
        _settled = _generation;
        foreach (int cpu in _waiting)
        {
            Answer(cpu, context);
        }
        _waiting = CpuSet.None;
    }

    public override void Save(StateWriter writer)
    {
        _initiator.Save(writer);
        writer.Write("generation", _generation);
        writer.Write("completed", _completed);
        writer.Write("ended", _ended);
        writer.Write("given", _given.Bits);
        writer.Write("waiting", _waiting.Bits);
        writer.Write("settled", _settled);
    }

    public override void Load(StateReader reader)
    {
        _initiator.Load(reader);
        _generation = reader.ReadUInt64("generation");
        _completed = reader.ReadUInt64("completed");
        _ended = reader.ReadUInt64("ended");
        _given = new CpuSet(reader.ReadUInt64("given"));
        _waiting = new CpuSet(reader.ReadUInt64("waiting"));
        _settled = reader.ReadUInt64("settled");
    }

    private static ulong Bit(ulong generation) => 1UL << (int)(generation - 1);

    private static bool Has(ulong set, ulong generation) => (set & Bit(generation)) != 0;

    private static ulong Below(ulong generation) => (1UL << (int)generation) - 1;

    private IEnumerable<ulong> Generations()
    {
        for (ulong g = 1; g <= _generation; g++)
        {
            yield return g;
        }
    }

    private void TakeCompleted()
    {
        while (_initiator.TryTakeCompleted(out ulong transaction))
        {
            Invariant.Holds(!Has(_completed, transaction));
            _completed |= Bit(transaction);
        }
    }

    private void Answer(int cpu, Context context)
    {
        _given = _given.With(cpu);
        bool mayWrite = _generation == 0 || _shape.Shootdowns[_generation - 1] == InvalidationKind.Invalidate;
        Message filled = new()
        {
            Kind = DriverMessage.Filled, Lane = Lane.Reply, B = _generation, C = mayWrite ? 1UL : 0,
        };
        _fabric.Send(context, Address, Address.Cpu(cpu), 0, filled);
    }
}
