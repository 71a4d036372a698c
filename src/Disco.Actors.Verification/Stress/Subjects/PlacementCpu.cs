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
    private readonly Translation[] _translations;

    // State. The page and access of the fill under way, and from which generation on its answer is of use.
    private PhysicalPage _page;
    private PageAccess _access;
    private ulong _usefulFrom;
    private ulong _clean;
    private int _attempts;
    private bool _isStopped;

    // A step came while the CPU was stopped.
    private bool _owesStep;

    public PlacementCpu(int cpu, int vm, Shape shape, ShootdownConfig config, Fabric fabric, PlacementSubject subject)
        : base(Address.Cpu(cpu), fabric.NodeOf(Address.Cpu(cpu)))
    {
        _fabric = fabric;
        _subject = subject;
        Vm = vm;
        _responder = ShootdownResponder.Create(config, fabric, cpu);
        _translations = new Translation[shape.Pages];
    }

    public int Vm { get; }

    public DriverOps Ops { get; } = new();

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

    public Frame FrameOf(int page) =>
        _translations[page].Rights == PageRights.None ? Frame.None : _translations[page].Frame;

    public bool MayWrite(int page) => (_translations[page].Rights & PageRights.Write) != 0;

    public void Enter(Context context)
    {
        _responder.Drain(context, this);
        Ask(new EnterVcpuMessage(Address.Index, _clean, Address.Index).Pack(), context);
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
        for (uint page = 0; page < _translations.Length; page++)
        {
            if (what.Vm == Vm && what.Pages.Contains(new PhysicalPage(page)))
            {
                Drop(page, what.Kind);
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
        foreach (Translation translation in _translations)
        {
            writer.Write("translation", translation.Frame.Number | ((ulong)translation.Rights << 32));
        }
        writer.Write("flags", (IsEntered ? 1UL : 0) | (IsWaiting ? 2UL : 0)
            | (_isStopped ? 4UL : 0) | (_owesStep ? 8UL : 0) | ((ulong)_access << 8));
        writer.Write("page", (ulong)_page.Number);
        writer.Write("usefulFrom", _usefulFrom);
        writer.Write("clean", _clean);
        writer.Write("next", Ops.Next);
        writer.Write("attempts", _attempts);
    }

    public override void Load(StateReader reader)
    {
        _responder.Load(reader);
        for (int page = 0; page < _translations.Length; page++)
        {
            ulong packed = reader.ReadUInt64("translation");
            _translations[page] = new Translation(new Frame((uint)packed), (PageRights)(byte)(packed >> 32));
        }
        ulong flags = reader.ReadUInt64("flags");
        (IsEntered, IsWaiting, _access) = ((flags & 1) != 0, (flags & 2) != 0, (PageAccess)(byte)(flags >> 8));
        (_isStopped, _owesStep) = ((flags & 4) != 0, (flags & 8) != 0);
        _page = new PhysicalPage((uint)reader.ReadUInt64("page"));
        _usefulFrom = reader.ReadUInt64("usefulFrom");
        _clean = reader.ReadUInt64("clean");
        Ops.Next = reader.ReadInt32("next");
        _attempts = reader.ReadInt32("attempts");
    }

    /// <summary>True when the op is done.</summary>
    private bool Act(in StressOp op, Context context)
    {
        PhysicalPage page = new((uint)op.A);
        switch (op.Kind)
        {
            case OpKind.Read when FrameOf(op.A).Exists || _attempts == AttemptsMax:
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
                Send(new LeaveVcpuMessage(Address.Index, Address.Index).Pack(), context);
                context.After(1, StepMessage);
                break;
            case OpKind.Leave when _attempts == 1:
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
        Ask(new FillMessage(page, Address.Index, access, Address.Index, 0).Pack(), context);
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
                _subject.EndRemap(this);
                break;
            default:
                // Refused, freed, remapped: nothing to remember.
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
            Fill(_page, _access, context);
            return;
        }
        _translations[filled.Page.Number] = new Translation(filled.Frame, filled.Rights);
    }

    private void Repair(in Envelope envelope)
    {
        EnteredMessage entered = EnteredMessage.From(envelope.Message);
        for (uint page = 0; page < _translations.Length; page++)
        {
            bool missed = entered.FlushAll;
            for (int i = 0; i < entered.Pages; i++)
            {
                missed |= EnteredMessage.PageAt(envelope, i).Number == page;
            }
            if (missed)
            {
                Drop(page, InvalidationKind.Invalidate);
            }
        }
        _clean = entered.Generation;
        IsEntered = true;
    }

    private void Drop(uint page, InvalidationKind kind)
    {
        Translation translation = _translations[page];
        _translations[page] = kind == InvalidationKind.Invalidate
            ? default
            : translation with { Rights = translation.Rights & PageRights.Read };
    }

    private readonly record struct Translation(Frame Frame, PageRights Rights);
}
