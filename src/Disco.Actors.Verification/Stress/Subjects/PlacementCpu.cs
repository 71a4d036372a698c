using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Stress.Subjects;

/// <summary>A shipping responder with one virtual CPU, its translations, and a program of uses and requests.</summary>
internal sealed class PlacementCpu : Actor, IResponderCpu
{
    private const int AttemptsMax = 4;

    private static readonly Message StepMessage = new() { Kind = Subject.StepKind };

    private readonly Fabric _fabric;
    private readonly ShootdownResponder _responder;
    private readonly PlacementSubject _subject;

    // State. The virtual CPU that runs here, with its translations and how clean they are.
    private ParkedVcpu _vcpu;

    // The page and access of the fill under way, and from which generation on its answer is of use.
    private PhysicalPage _page;
    private PageAccess _access;
    private ulong _usefulFrom;
    private int _attempts;
    private bool _isStopped;

    // A step came while the CPU was stopped.
    private bool _owesStep;

    public PlacementCpu(int cpu, int vm, Shape shape, ShootdownConfig config, Fabric fabric, PlacementSubject subject)
        : base(Address.Cpu(cpu), fabric.NodeOf(Address.Cpu(cpu)))
    {
        _fabric = fabric;
        _subject = subject;
        Observed = new Observations(shape.Observes);
        Vm = vm;
        _responder = ShootdownResponder.Create(config, fabric, cpu);
        _vcpu = new ParkedVcpu(cpu, cpu, 0, new Translation[shape.Pages]);
    }

    public int Vm { get; }

    public DriverOps Ops { get; } = new();

    /// <summary>What each read saw: the serial of the page's write, 0 for zeros; all ones when it was not granted.
    /// </summary>
    public Observations Observed { get; }

    public bool IsIdle => false;

    /// <summary>Its virtual CPU runs, and may use its translations at any moment.</summary>
    public bool IsEntered { get; private set; }

    /// <summary>For an answer.</summary>
    public bool IsWaiting { get; private set; }

    public bool IsFinished => Ops.IsDone && !IsWaiting && IsEntered && !_isStopped;

    public bool Executes => IsEntered && !_isStopped;

    public override WaitsFor? Waiting => IsWaiting
        ? new WaitsFor(VmMonitor.AddressOf(Vm), _access == PageAccess.None ? "an answer" : $"{_page}")
        : null;

    private Translation[] Translations => _vcpu.Translations;

    public Frame FrameOf(int page) =>
        Translations[page].Rights == PageRights.None ? Frame.None : Translations[page].Frame;

    public bool MayWrite(int page) => (Translations[page].Rights & PageRights.Write) != 0;

    public void Enter(Context context)
    {
        _responder.Drain(context, this);
        Ask(new EnterVcpuMessage(_vcpu.Number, _vcpu.Clean, Address.Index).Pack(), context);
    }

    public override void Receive(in Envelope envelope, Context context)
    {
        if (ShootdownMessage.IsOne(envelope.Message))
        {
            _responder.Receive(envelope, context, this);
            if (_owesStep && !_isStopped)
            {
                _owesStep = false;
                context.After(1, StepMessage);
            }
        }
        else if (envelope.Message.Kind != Subject.StepKind)
        {
            Answered(envelope, context);
        }
        else if (_isStopped)
        {
            _owesStep = true;
        }
        else if (!Ops.IsDone && Act(Ops.Current, context))
        {
            Ops.Next++;
            _attempts = 0;
            if (!Ops.IsDone)
            {
                context.After(1, StepMessage);
            }
        }
    }

    public void Remove(in Invalidation what)
    {
        if (what.Vm == Vm)
        {
            Drop(Translations, what);
            // One that is parked here is not told again when it comes back here.
            foreach (ParkedVcpu parked in _subject.ParkedOf(Vm))
            {
                if (parked.Cpu == Address.Index)
                {
                    Drop(parked.Translations, what);
                }
            }
        }
        if (_access != PageAccess.None && what.Vm == Vm && what.Pages.Contains(_page))
        {
            _usefulFrom = Math.Max(_usefulFrom, what.Generation);
        }
    }

    public long Occupy(long cycles, Cycle now) => cycles;

    public void Stop()
    {
        Invariant.Holds(!_isStopped);
        _isStopped = true;
    }

    public void Resume(Cycle now)
    {
        Invariant.Holds(_isStopped);
        _isStopped = false;
    }

    public override void Save(StateWriter writer)
    {
        _responder.Save(writer);
        foreach (Translation translation in Translations)
        {
            writer.Write("translation", Pack(translation));
        }
        writer.Write("flags", (IsEntered ? 1UL : 0) | (IsWaiting ? 2UL : 0)
            | (_isStopped ? 4UL : 0) | (_owesStep ? 8UL : 0) | ((ulong)_access << 8));
        writer.Write("page", (ulong)_page.Number);
        writer.Write("usefulFrom", _usefulFrom);
        writer.Write("vcpu", _vcpu.Number);
        writer.Write("clean", _vcpu.Clean);
        writer.Write("next", Ops.Next);
        writer.Write("attempts", _attempts);
        Observed.Save(writer);
    }

    public override void Load(StateReader reader)
    {
        _responder.Load(reader);
        for (int page = 0; page < Translations.Length; page++)
        {
            Translations[page] = Unpack(reader.ReadUInt64("translation"));
        }
        ulong flags = reader.ReadUInt64("flags");
        (IsEntered, IsWaiting, _access) = ((flags & 1) != 0, (flags & 2) != 0, (PageAccess)(byte)(flags >> 8));
        (_isStopped, _owesStep) = ((flags & 4) != 0, (flags & 8) != 0);
        _page = new PhysicalPage((uint)reader.ReadUInt64("page"));
        _usefulFrom = reader.ReadUInt64("usefulFrom");
        int number = reader.ReadInt32("vcpu");
        _vcpu = _vcpu with { Number = number, Cpu = Address.Index, Clean = reader.ReadUInt64("clean") };
        Ops.Next = reader.ReadInt32("next");
        _attempts = reader.ReadInt32("attempts");
        Observed.Load(reader);
    }

    public static ulong Pack(in Translation translation) =>
        translation.Frame.Number | ((ulong)translation.Rights << 32);

    public static Translation Unpack(ulong packed) =>
        new(new Frame((uint)packed), (PageRights)(byte)(packed >> 32));

    /// <summary>True when the op is done.</summary>
    private bool Act(in StressOp op, Context context)
    {
        PhysicalPage page = new((uint)op.A);
        switch (op.Kind)
        {
            case OpKind.Read when FrameOf(op.A).Exists || _attempts == AttemptsMax:
                Observed.Add(FrameOf(op.A).Exists ? _subject.ValueOf(FrameOf(op.A)) : ulong.MaxValue);
                return true;
            case OpKind.Write when MayWrite(op.A):
                _subject.Write(this, op.A);
                return true;
            case OpKind.Write when _attempts == AttemptsMax:
                return true;
            case OpKind.Read or OpKind.Write:
                _attempts++;
                Fill(page, op.Kind == OpKind.Write ? PageAccess.Write : PageAccess.Read, context);
                return false;
            case OpKind.Free when _attempts == 0:
                Ask(new FreePageMessage(MappingKind.FreePage, page, Refusal.None, 0).Pack(), context);
                break;
            case OpKind.Remap when _attempts == 0:
                (int vm, PhysicalPage source) = _subject.PageAt(op.B);
                if (vm == Vm && source == page)
                {
                    return true;
                }
                _subject.BeginRemap(this, op.A, op.B);
                Ask(new RemapMessage(page, vm, source, 0).Pack(), context);
                break;
            case OpKind.Leave when _attempts == 0:
                _responder.Drain(context, this);
                IsEntered = false;
                Send(new LeaveVcpuMessage(_vcpu.Number, Address.Index).Pack(), context);
                _subject.Park(Vm, _vcpu);
                _vcpu = _vcpu with { Translations = new Translation[Translations.Length] };
                context.After(1, StepMessage);
                break;
            case OpKind.Leave when _attempts == 1:
                _vcpu = _subject.Unpark(Vm, Address.Index);
                Enter(context);
                break;
            default:
                return true;
        }
        // The answer, or the next step, ends the op.
        _attempts++;
        return false;
    }

    private void Fill(PhysicalPage page, PageAccess access, Context context)
    {
        (_page, _access, _usefulFrom) = (page, access, 0);
        Ask(new FillMessage(page, _vcpu.Number, access, Address.Index, 0).Pack(), context);
    }

    private void Ask(in Message message, Context context)
    {
        IsWaiting = true;
        Send(message, context);
    }

    private void Send(in Message message, Context context) =>
        _fabric.Send(context, Address, VmMonitor.AddressOf(Vm), 0, message);

    private void Answered(in Envelope envelope, Context context)
    {
        Invariant.Holds(IsWaiting);
        IsWaiting = false;
        switch ((MappingKind)envelope.Message.Kind)
        {
            case MappingKind.Filled:
                Install(FilledMessage.From(envelope), context);
                break;
            case MappingKind.Entered:
                Repair(envelope);
                break;
            case MappingKind.Remapped:
                _subject.Happened(Sometimes.PageRemapped);
                _subject.EndRemap(this);
                break;
            case MappingKind.FillRefused:
                _subject.Happened(Sometimes.RequestNotGranted);
                break;
            default:
                // Freed: nothing to remember.
                break;
        }
        if (!IsWaiting)
        {
            (_page, _access, _usefulFrom) = (default, PageAccess.None, 0);
            context.After(1, StepMessage);
        }
    }

    private void Install(in FilledMessage filled, Context context)
    {
        if (filled.Generation < _usefulFrom)
        {
            _subject.Happened(Sometimes.FillOvertaken);
            Fill(_page, _access, context);
            return;
        }
        Translations[filled.Page.Number] = new Translation(filled.Frame, filled.Rights);
    }

    private void Repair(in Envelope envelope)
    {
        EnteredMessage entered = EnteredMessage.From(envelope.Message);
        if (entered.FlushAll || entered.Pages > 0)
        {
            _subject.Happened(entered.FlushAll ? Sometimes.VcpuFlushed : Sometimes.VcpuRepaired);
        }
        for (uint page = 0; page < Translations.Length; page++)
        {
            bool missed = entered.FlushAll;
            for (int i = 0; i < entered.Pages; i++)
            {
                missed |= EnteredMessage.PageAt(envelope, i).Number == page;
            }
            if (missed)
            {
                Translations[page] = default;
            }
        }
        _vcpu = _vcpu with { Clean = entered.Generation };
        IsEntered = true;
    }

    private static void Drop(Translation[] translations, in Invalidation what)
    {
        for (uint page = 0; page < translations.Length; page++)
        {
            if (what.Pages.Contains(new PhysicalPage(page)))
            {
                Translation translation = translations[page];
                translations[page] = what.Kind == InvalidationKind.Invalidate
                    ? default
                    : translation with { Rights = translation.Rights & PageRights.Read };
            }
        }
    }
}

/// <summary>What a virtual CPU may use of a page.</summary>
internal readonly record struct Translation(Frame Frame, PageRights Rights);

/// <summary>A virtual CPU and where its translations are; it is parked there and taken from there.</summary>
/// <param name="Number">Its own.</param>
/// <param name="Cpu">Where it ran last.</param>
/// <param name="Clean">The generation up to which its translations are repaired.</param>
/// <param name="Translations">By page.</param>
internal readonly record struct ParkedVcpu(int Number, int Cpu, ulong Clean, Translation[] Translations);
