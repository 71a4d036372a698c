using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Mappings;

/// <summary>A CPU with one virtual CPU and its translations; it does what the explorer tells it.</summary>
internal sealed class MappingCpu : Actor, IResponderCpu
{
    private readonly Fabric _fabric;
    private readonly MappingFault _fault;
    private readonly ShootdownResponder _responder;
    private readonly Translation[] _translations;

    // State. The page and access of the fill under way, and from which generation on its answer is of use.
    private PhysicalPage _page;
    private PageAccess _access;
    private ulong _usefulFrom;
    private ulong _clean;

    public MappingCpu(int cpu, int vm, int pages, ShootdownConfig config, Fabric fabric, MappingFault fault)
        : base(Address.Cpu(cpu), fabric.NodeOf(Address.Cpu(cpu)))
    {
        _fabric = fabric;
        _fault = fault;
        Vm = vm;
        _responder = ShootdownResponder.Create(config, fabric, cpu);
        _translations = new Translation[pages];
    }

    public int Vm { get; }

    public bool IsIdle => false;

    /// <summary>Its virtual CPU runs, and may use its translations at any moment.</summary>
    public bool IsEntered { get; private set; }

    /// <summary>For an answer.</summary>
    public bool IsWaiting { get; private set; }

    public Frame FrameOf(PhysicalPage page) =>
        _translations[page.Number].Rights == PageRights.None ? Frame.None : _translations[page.Number].Frame;

    public bool MayWrite(PhysicalPage page) => (_translations[page.Number].Rights & PageRights.Write) != 0;

    public void Enter(Context context) =>
        Ask(new EnterVcpuMessage(Address.Index, _clean, Address.Index).Pack(), context);

    public void Leave(Context context)
    {
        IsEntered = false;
        Send(new LeaveVcpuMessage(Address.Index, Address.Index).Pack(), context);
    }

    public void Fill(PhysicalPage page, PageAccess access, Context context)
    {
        (_page, _access, _usefulFrom) = (page, access, 0);
        Ask(new FillMessage(page, Address.Index, access, Address.Index, 0).Pack(), context);
    }

    public void Ask(in Message message, Context context)
    {
        IsWaiting = true;
        Send(message, context);
    }

    public override void Receive(in Envelope envelope, Context context)
    {
        if (ShootdownMessage.IsOne(envelope.Message))
        {
            _responder.Receive(envelope, context, this);
            return;
        }
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
            default:
                // Refused, freed, remapped: nothing to remember.
                break;
        }
        if (!IsWaiting)
        {
            (_page, _access, _usefulFrom) = (default, PageAccess.None, 0);
        }
    }

    public void Remove(in Invalidation what)
    {
        for (uint page = 0; page < _translations.Length; page++)
        {
            if (what.Vm == Vm && what.Pages.Contains(new PhysicalPage(page)) && _fault != MappingFault.ForgetRemoval)
            {
                Drop(page, what.Kind);
            }
        }
        if (_access != PageAccess.None && what.Pages.Contains(_page) && _fault != MappingFault.KeepOldFill)
        {
            _usefulFrom = Math.Max(_usefulFrom, what.Generation);
        }
    }

    public long Occupy(long cycles, Cycle now) => cycles;

    public void Stop() => Invariant.Broken("the model's shootdowns stop nobody");

    public void Resume(Cycle now) => Invariant.Broken("the model's shootdowns stop nobody");

    public override void Save(StateWriter writer)
    {
        _responder.Save(writer);
        foreach (Translation translation in _translations)
        {
            writer.Write("translation", translation.Frame.Number | ((ulong)translation.Rights << 32));
        }
        writer.Write("flags", (IsEntered ? 1UL : 0) | (IsWaiting ? 2UL : 0) | ((ulong)_access << 8));
        writer.Write("page", (ulong)_page.Number);
        writer.Write("usefulFrom", _usefulFrom);
        writer.Write("clean", _clean);
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
        _page = new PhysicalPage((uint)reader.ReadUInt64("page"));
        _usefulFrom = reader.ReadUInt64("usefulFrom");
        _clean = reader.ReadUInt64("clean");
    }

    private void Send(in Message message, Context context) =>
        _fabric.Send(context, Address, VmMonitor.AddressOf(Vm), 0, message);

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
            if (missed && _fault != MappingFault.SkipRepair)
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
