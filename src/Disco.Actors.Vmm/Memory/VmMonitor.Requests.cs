using System.Buffers.Binary;
using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Devices.Virtio;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Vmm.Memory;

/// <content>What the messages mean: each becomes a request for a page, or an event of a transaction.</content>
public sealed partial class VmMonitor
{
    // In the words "transaction" of messages to a memmap: for whom a frame is asked for.
    private const ulong ForTransaction = 1;
    private const ulong ForMove = 2;

    private void ReceiveMapping(in Envelope envelope, Context context)
    {
        ref readonly Message message = ref envelope.Message;
        Address from = Fabric.SenderOf(message);
        switch ((MappingKind)message.Kind)
        {
            case MappingKind.Fill:
                Request(RequestOf(FillMessage.From(message), from), context);
                break;
            case MappingKind.EnterVcpu:
                Enter(EnterVcpuMessage.From(message), from, context);
                break;
            case MappingKind.LeaveVcpu:
                _vcpus.Leave(LeaveVcpuMessage.From(message));
                break;
            case MappingKind.Pin:
                Request(RequestOf(PinMessage.From(message), from), context);
                break;
            case MappingKind.Unpin:
                Unpin(new PhysicalPage((uint)message.A), context);
                break;
            case MappingKind.Lend:
                Request(RequestOf(LendMessage.From(message), from), context);
                break;
            case MappingKind.MapFrame:
                Request(RequestOf(MapFrameMessage.From(message), from), context);
                break;
            case MappingKind.Remap or MappingKind.Merge:
                Remap(RemapMessage.From(message), from, context);
                break;
            case MappingKind.Lent:
                Borrow(LentMessage.From(message), context);
                break;
            case MappingKind.FreePage:
                Request(RequestOf(FreePageMessage.From(message), from), context);
                break;
            case MappingKind.BalloonQuery or MappingKind.SetBalloon:
                Balloon(BalloonMessage.From(message), from, context);
                break;
            case MappingKind.ClassHint:
                ClassHintMessage hint = ClassHintMessage.From(message);
                Classify(new PhysicalPage(hint.Number), hint.Class, context);
                break;
            case MappingKind.DropReplicas:
                Request(RequestOf(ReplicaMessage.From(message), from), context);
                break;
            case MappingKind.HotPage:
                ConsiderHot(envelope, context);
                break;
            case MappingKind.Teardown:
                BeginTeardown(from, context);
                break;
            default:
                ReceiveAnswer(envelope, context);
                break;
        }
    }

    /// <summary>Answers of memmaps: events of transactions.</summary>
    private void ReceiveAnswer(in Envelope envelope, Context context)
    {
        ref readonly Message message = ref envelope.Message;
        switch ((MappingKind)message.Kind)
        {
            case MappingKind.Allocated:
                AllocatedMessage allocated = AllocatedMessage.From(message);
                if (allocated.Transaction == ForMove)
                {
                    Move(allocated, context);
                }
                else
                {
                    TakeFrame(allocated, context);
                }
                break;
            case MappingKind.Copied:
                Happen(new PhysicalPage((uint)CopiedMessage.From(message).Transaction), PageEvent.Copied, context);
                break;
            case MappingKind.Claimed:
                FrameUseMessage claimed = FrameUseMessage.From(message);
                bool alone = (claimed.Extra & FrameUseMessage.Alone) != 0;
                Happen(claimed.User.Page, alone ? PageEvent.ClaimedAlone : PageEvent.ClaimedShared, context);
                break;
            case MappingKind.Shared:
                PhysicalPage page = new(FrameUseMessage.From(message).Extra);
                bool replicated = _pmap.ReplicasOf(page).Count > 0;
                Happen(page, replicated ? PageEvent.RegisteredReplicated : PageEvent.Registered, context);
                break;
            case MappingKind.Compared:
                ComparedMessage compared = ComparedMessage.From(message);
                PageEvent verdict = compared.AreSame ? PageEvent.Same : PageEvent.Differs;
                Happen(new PhysicalPage((uint)compared.Transaction), verdict, context);
                break;
            case MappingKind.AllReleased:
                CountReleased(context);
                break;
            default:
                Invariant.Broken($"{Address} received {MappingNames.Describe(message)}");
                break;
        }
    }

    private PageRequest RequestOf(in FillMessage fill, Address from)
    {
        Invariant.Holds(fill.Vcpu is >= 0 and < VcpuTable.VcpusMax);
        return new PageRequest
        {
            Event = (fill.Access & PageAccess.Write) != 0 ? PageEvent.Write : PageEvent.Read,
            Page = fill.Page,
            From = from,
            Reply = MappingKind.Filled,
            Number = fill.Request,
            Node = _fabric.NodeOf(Address.Cpu(fill.Cpu)),
            Vcpu = fill.Vcpu,
            Access = fill.Access,
            Frame = Frame.None,
        };
    }

    private PageRequest RequestOf(in PinMessage pin, Address from) => new()
    {
        Event = (pin.Access & PageAccess.Write) != 0 ? PageEvent.Write : PageEvent.Read,
        Page = pin.Page,
        From = from,
        Reply = MappingKind.Pinned,
        Number = pin.Request,
        Node = _fabric.NodeOf(from),
        Access = pin.Access,
        Frame = Frame.None,
    };

    private static PageRequest RequestOf(in LendMessage lend, Address from) => new()
    {
        Event = PageEvent.Lend,
        Page = lend.Page,
        From = from,
        Reply = MappingKind.Lent,
        Number = lend.Ticket,
        User = lend.User,
        Frame = Frame.None,
    };

    private static PageRequest RequestOf(in MapFrameMessage map, Address from) => new()
    {
        Event = PageEvent.Borrow,
        Page = map.Page,
        From = from,
        Reply = MappingKind.Remapped,
        Number = map.Request,
        Frame = map.Frame,
        Class = map.Class,
    };

    private static PageRequest RequestOf(in FreePageMessage free, Address from) => new()
    {
        Event = PageEvent.Free,
        Page = free.Page,
        From = from,
        Reply = MappingKind.Freed,
        Number = free.Request,
        Frame = Frame.None,
    };

    private static PageRequest RequestOf(in ReplicaMessage drop, Address from) => new()
    {
        Event = PageEvent.DropReplicas,
        Page = drop.Page,
        From = from,
        Reply = MappingKind.ReplicasDropped,
        Number = drop.Frame.Number,
        Frame = Frame.None,
    };

    private void Enter(in EnterVcpuMessage enter, Address from, Context context)
    {
        Invariant.Holds(enter.Vcpu is >= 0 and < VcpuTable.VcpusMax);
        Span<PhysicalPage> pages = stackalloc PhysicalPage[EnteredMessage.PagesMax];
        EnteredMessage entered = _vcpus.Enter(enter, pages);
        Span<byte> payload = stackalloc byte[entered.Pages * sizeof(ulong)];
        for (int i = 0; i < entered.Pages; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(payload[(i * sizeof(ulong))..], pages[i].Number);
        }
        Send(from, entered.Pack(), context, payload);
    }

    private void Unpin(PhysicalPage page, Context context)
    {
        ref PmapEntry entry = ref _pmap[page];
        Invariant.Holds(entry.Pins > 0);
        entry.Pins--;
        _pins--;
        if (entry.Pins == 0)
        {
            Serve(page, context);
        }
    }

    /// <summary>
    /// The first half of making a page a copy-on-write share: its source is asked for the frame. The page itself is
    /// free meanwhile, so that two pages may be made shares of each other at the same time.
    /// </summary>
    private void Remap(in RemapMessage remap, Address from, Context context)
    {
        Refusal reason = IsEnding || !_pmap.Has(remap.Page) ? Refusal.NoSuchPage
            : _borrows.Count >= _config.WaitersMax ? Refusal.Retry
            : remap.IfSame && !IsMergeable(_pmap[remap.Page]) ? Refusal.NotMerged
            : Refusal.None;
        bool toItself = remap.SourceVm == Vm && remap.SourcePage == remap.Page;
        if (reason != Refusal.None || toItself)
        {
            Send(from, new RemappedMessage(remap.Page, reason, remap.Request).Pack(), context);
            return;
        }
        ulong ticket = ++_lastTicket;
        PageRequest borrow = new()
        {
            Event = remap.IfSame ? PageEvent.Merge : PageEvent.Borrow,
            Page = remap.Page,
            From = from,
            Reply = MappingKind.Remapped,
            Number = ticket,
            SourceVm = remap.SourceVm,
            Access = PageAccess.None,
            User = new FrameUser((ushort)Vm, new PhysicalPage((uint)remap.Request)),
        };
        _borrows.Add(ticket, borrow);
        FrameUser user = new((ushort)Vm, remap.Page);
        Send(AddressOf(remap.SourceVm), new LendMessage(remap.SourcePage, user, ticket).Pack(), context);
    }

    // What has several frames or several users is left alone.
    private static bool IsMergeable(in PmapEntry entry) => entry is { State: PageState.Private, Pins: 0 };

    /// <summary>The second half: the page gives up what it has, and uses the frame lent.</summary>
    private void Borrow(in LentMessage lent, Context context)
    {
        Invariant.Holds(_borrows.Remove(lent.Ticket, out PageRequest borrow));
        ulong number = borrow.User.Page.Number;
        bool isMerge = borrow.Event == PageEvent.Merge;
        Refusal reason = isMerge && lent is { Frame.Exists: false, Reason: Refusal.None }
            ? Refusal.NotMerged
            : lent.Reason;
        if (reason != Refusal.None)
        {
            Send(borrow.From, new RemappedMessage(borrow.Page, reason, number).Pack(), context);
            return;
        }
        // A share of a page that was never touched is a page of zeros.
        bool isZero = !lent.Frame.Exists;
        Request(
            borrow with
            {
                Event = isZero ? PageEvent.Free : borrow.Event,
                Number = number,
                Frame = lent.Frame,
                Class = lent.Class,
                User = default,
            },
            context);
    }

    private void Balloon(in BalloonMessage message, Address from, Context context)
    {
        if (message.Kind == MappingKind.SetBalloon)
        {
            _target = Math.Min(message.PagesTarget, (uint)Pages);
            if (_plan.Balloon is { } balloon && !IsEnding)
            {
                Send(balloon, BalloonDevice.Want((uint)Pages - _target), context);
                return;
            }
            AskGuest(_framesUsed > _target && !IsEnding, context);
            return;
        }
        if (from.Role == Role.Cpu)
        {
            AskGuest(false, context);
        }
        BalloonMessage status = new(MappingKind.BalloonStatus, (uint)_framesUsed, _target, message.Request);
        Send(from, status.Pack(), context);
    }

    /// <summary>The line of the balloon's interrupt: up from a new target until the guest asks for it.</summary>
    private void AskGuest(bool asks, Context context)
    {
        if (_asksGuest != asks && _plan.Interrupts is { } interrupts)
        {
            _asksGuest = asks;
            Send(interrupts, InterruptMessage.LineLevel(BalloonInterrupt, asks), context);
        }
    }

    private void Classify(PhysicalPage page, PageClass pageClass, Context context)
    {
        if (!_pmap.Has(page) || _pmap[page].Class == pageClass || pageClass > PageClass.BufferCache)
        {
            return;
        }
        ref PmapEntry entry = ref _pmap[page];
        entry.Class = pageClass;
        if (entry.FramePlusOne != 0)
        {
            SendTo(entry.Frame, new ClassHintMessage(entry.Frame.Number, pageClass).Pack(), context);
        }
    }
}
