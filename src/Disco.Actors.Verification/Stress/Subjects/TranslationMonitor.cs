using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Verification.Shootdowns;
using Disco.Actors.Vmm;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Stress.Subjects;

/// <summary>A shipping initiator with a program in place of a monitor: it answers fills and shoots pages down.
/// </summary>
internal sealed class TranslationMonitor : Actor
{
    private const int OpenMax = 16;

    private readonly Shape _shape;
    private readonly Fabric _fabric;

    // State.
    private readonly Mapping[] _pages;
    private readonly (ulong Number, Invalidation What)[] _open = new (ulong, Invalidation)[OpenMax];
    private int _opens;
    private ulong _generation;
    private CpuSet _running;
    private bool _stepIsDue;

    public TranslationMonitor(int vm, Shape shape, ShootdownConfig config, Fabric fabric)
        : base(new Address(Role.Vm, (ushort)vm), fabric.NodeOf(new Address(Role.Vm, (ushort)vm)))
    {
        _shape = shape;
        _fabric = fabric;
        _running = CpuSet.Below(shape.Cpus);
        Initiator = new ShootdownInitiator(config, fabric, Address, CpuSet.Below(shape.Cpus));
        _pages = new Mapping[shape.Pages];
        Array.Fill(_pages, new Mapping { MayWrite = true });
    }

    public ShootdownInitiator Initiator { get; }

    public DriverOps Ops { get; } = new();

    public bool IsFinished => Ops.IsDone && _opens == 0 && Initiator.Open == 0;

    public override WaitsFor? Waiting => Initiator.WaitingFor;

    public override void Receive(in Envelope envelope, Context context)
    {
        switch (envelope.Message.Kind)
        {
            case DriverMessage.Fill:
                ReceiveFill(envelope.Message, context);
                break;
            case DriverMessage.Leave:
                Leave(Fabric.SenderOf(envelope.Message).Index);
                break;
            case DriverMessage.Join:
                _running = _running.With(Fabric.SenderOf(envelope.Message).Index);
                Message joined = new() { Kind = DriverMessage.Joined, Lane = Lane.Reply };
                _fabric.Send(context, Address, Fabric.SenderOf(envelope.Message), 0, joined);
                break;
            case DriverMessage.End:
                End(envelope.Message.A, context);
                break;
            case Subject.StepKind:
                _stepIsDue = false;
                if (!Ops.IsDone)
                {
                    StressOp op = Ops.Current;
                    Ops.Next++;
                    Begin(op, context);
                }
                break;
            default:
                Initiator.Receive(envelope, context);
                break;
        }
        Follow(context);
    }

    /// <summary>Begins a shootdown that the program does not have.</summary>
    public void Disturb(int page, Context context)
    {
        if (_opens < OpenMax / 2)
        {
            Begin(new StressOp(Address.Index, OpKind.Invalidate, page, 1), context);
            Follow(context);
        }
    }

    public override void Save(StateWriter writer)
    {
        Initiator.Save(writer);
        foreach (Mapping page in _pages)
        {
            writer.Write("changes", page.Changes);
            writer.Write("mayWrite", page.MayWrite);
            writer.Write("given", page.Given.Bits);
            writer.Write("waiting", page.Waiting.Bits);
            writer.Write("keepsGiven", page.KeepsGiven);
        }
        writer.Write("open", _opens);
        foreach ((ulong number, Invalidation what) in _open.AsSpan(0, _opens))
        {
            writer.Write("transaction", number);
            writer.Write("first", (ulong)what.Pages.First.Number);
            writer.Write("count", what.Pages.Count);
            writer.Write("kind", (ulong)what.Kind);
            writer.Write("generation", what.Generation);
        }
        writer.Write("generation", _generation);
        writer.Write("running", _running.Bits);
        writer.Write("stepIsDue", _stepIsDue);
        writer.Write("next", Ops.Next);
    }

    public override void Load(StateReader reader)
    {
        Initiator.Load(reader);
        for (int page = 0; page < _pages.Length; page++)
        {
            _pages[page].Changes = reader.ReadInt32("changes");
            _pages[page].MayWrite = reader.ReadBool("mayWrite");
            _pages[page].Given = new CpuSet(reader.ReadUInt64("given"));
            _pages[page].Waiting = new CpuSet(reader.ReadUInt64("waiting"));
            _pages[page].KeepsGiven = reader.ReadBool("keepsGiven");
        }
        _opens = reader.ReadInt32("open");
        for (int i = 0; i < _opens; i++)
        {
            ulong number = reader.ReadUInt64("transaction");
            PhysicalPage first = new((uint)reader.ReadUInt64("first"));
            PageRange pages = new(first, reader.ReadInt32("count"));
            InvalidationKind kind = (InvalidationKind)reader.ReadUInt64("kind");
            _open[i] = (number, new Invalidation(Address.Index, pages, kind, reader.ReadUInt64("generation")));
        }
        _generation = reader.ReadUInt64("generation");
        _running = new CpuSet(reader.ReadUInt64("running"));
        _stepIsDue = reader.ReadBool("stepIsDue");
        Ops.Next = reader.ReadInt32("next");
    }

    private void Begin(in StressOp op, Context context)
    {
        _generation++;
        InvalidationKind kind = op.Kind == OpKind.Downgrade ? InvalidationKind.Downgrade : InvalidationKind.Invalidate;
        PageRange pages = op.B == 0 ? PageRange.All : new PageRange(new PhysicalPage((uint)op.A), op.B);
        Invalidation what = new(Address.Index, pages, kind, _generation);
        CpuSet holders = CpuSet.None;
        for (int page = 0; page < _pages.Length; page++)
        {
            if (pages.Contains(new PhysicalPage((uint)page)))
            {
                ref Mapping mapping = ref _pages[page];
                holders |= mapping.Given;
                mapping.KeepsGiven =
                    (mapping.Changes == 0 || mapping.KeepsGiven) && kind == InvalidationKind.Downgrade;
                mapping.Changes++;
            }
        }
        _open[_opens++] = (_generation, what);
        bool urgent = op.Kind == OpKind.InvalidateAtOnce;
        Initiator.Begin(new ShootdownRequest(what, _generation, holders, _running) { Urgent = urgent }, context);
    }

    /// <summary>The CPU has dropped everything and asks for nothing until it has joined again.</summary>
    private void Leave(int cpu)
    {
        _running = _running.Without(cpu);
        for (int page = 0; page < _pages.Length; page++)
        {
            _pages[page].Given = _pages[page].Given.Without(cpu);
        }
    }

    /// <summary>What is complete ends in a message of its own; the next step comes when there is room for it.</summary>
    private void Follow(Context context)
    {
        while (Initiator.TryTakeCompleted(out ulong number))
        {
            context.After(1, new Message { Kind = DriverMessage.End, A = number });
        }
        if (!_stepIsDue && !Ops.IsDone && _opens < _shape.OpenMax)
        {
            _stepIsDue = true;
            context.After(1, new Message { Kind = Subject.StepKind });
        }
    }

    /// <summary>The mapping changes; who waited for its pages is answered when no other change is open.</summary>
    private void End(ulong number, Context context)
    {
        Initiator.End(number, context);
        int index = 0;
        while (_open[index].Number != number)
        {
            index++;
        }
        Invalidation what = _open[index].What;
        _open[index] = _open[--_opens];
        for (int page = 0; page < _pages.Length; page++)
        {
            if (what.Pages.Contains(new PhysicalPage((uint)page)))
            {
                Change(page, what.Kind, context);
            }
        }
    }

    private void Change(int page, InvalidationKind kind, Context context)
    {
        ref Mapping mapping = ref _pages[page];
        mapping.MayWrite = kind == InvalidationKind.Invalidate;
        mapping.Changes--;
        if (mapping.Changes > 0)
        {
            return;
        }
        mapping.Given = mapping.KeepsGiven ? mapping.Given : CpuSet.None;
        CpuSet waiting = mapping.Waiting;
        mapping.Waiting = CpuSet.None;
        foreach (int cpu in waiting)
        {
            Answer(cpu, page, context);
        }
    }

    private void ReceiveFill(in Message fill, Context context)
    {
        int cpu = Fabric.SenderOf(fill).Index;
        ref Mapping mapping = ref _pages[fill.A];
        if (mapping.Changes > 0)
        {
            mapping.Waiting = mapping.Waiting.With(cpu);
            return;
        }
        Answer(cpu, (int)fill.A, context);
    }

    private void Answer(int cpu, int page, Context context)
    {
        ref Mapping mapping = ref _pages[page];
        mapping.Given = mapping.Given.With(cpu);
        Message filled = new()
        {
            Kind = DriverMessage.Filled,
            Lane = Lane.Reply,
            A = (ulong)page,
            B = _generation,
            C = mapping.MayWrite ? 1UL : 0,
        };
        _fabric.Send(context, Address, Address.Cpu(cpu), 0, filled);
    }

    /// <summary>What the monitor knows of a page.</summary>
    private struct Mapping
    {
        /// <summary>Open shootdowns of it; and whether all of these leave CPUs a translation.</summary>
        public int Changes;
        public bool KeepsGiven;
        public bool MayWrite;

        /// <summary>CPUs it was given to, and CPUs that wait for it.</summary>
        public CpuSet Given;
        public CpuSet Waiting;
    }
}
