using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Memory;

/// <content>What requesters hear.</content>
public sealed partial class VmMonitor
{
    private void Reply(in PageRequest request, PageDo actions, Context context)
    {
        if ((actions & PageDo.Refuse) != 0)
        {
            Refusal reason = request.Event switch
            {
                PageEvent.Read or PageEvent.Write => WithoutFrame(context),
                PageEvent.Merge => Refusal.NotMerged,
                _ => Refusal.None,
            };
            Refuse(request, reason, context);
        }
        if ((actions & PageDo.Grant) != 0)
        {
            Grant(request, context);
        }
        if ((actions & PageDo.SendLent) != 0)
        {
            PmapEntry entry = _pmap[request.Page];
            LentMessage lent = new(request.User.Page, entry.Frame, Refusal.None, entry.Class, request.Number);
            Send(request.From, lent.Pack(), context);
        }
        if ((actions & PageDo.SendLentZero) != 0)
        {
            LentMessage lent = new(request.User.Page, Frame.None, Refusal.None, PageClass.Data, request.Number);
            Send(request.From, lent.Pack(), context);
        }
        if ((actions & PageDo.Confirm) != 0)
        {
            Confirm(request, Refusal.None, context);
        }
    }

    /// <summary>No frame is free: for some time it is worth to ask again, while guests are asked for memory.</summary>
    private Refusal WithoutFrame(Context context)
    {
        if (_config.LowPermille == 0)
        {
            return Refusal.OutOfMemory;
        }
        long now = context.Now.Value;
        if (_shortSince < 0)
        {
            _shortSince = now;
        }
        Send(Reclaimer.ReclaimerAddress, Reclaimer.Low, context);
        return now - _shortSince < _config.PatienceCycles ? Refusal.Short : Refusal.OutOfMemory;
    }

    /// <summary>The page's frame, and the rights it allows.</summary>
    private void Grant(in PageRequest request, Context context)
    {
        ref PmapEntry entry = ref _pmap[request.Page];
        Frame frame = _pmap.FrameFor(request.Page, request.Node);
        bool writes = request.Event == PageEvent.Write;
        Invariant.Holds(!writes || entry.State == PageState.Private);
        // The right to write comes with the first write, so that pages that are only read are known as such.
        entry.IsWritten |= writes;
        PageRights rights = entry.State == PageState.Private && entry.IsWritten
            ? PageRights.Read | PageRights.Write
            : PageRights.Read;
        if (request.Reply == MappingKind.Pinned)
        {
            entry.Pins++;
            _pins++;
            ulong value = frame.Number | ((ulong)rights << 32);
            PinMessage pinned = new(MappingKind.Pinned, request.Page, value, request.Number);
            Send(request.From, pinned.Pack(), context);
            return;
        }
        ulong vcpu = 1UL << request.Vcpu;
        bool noted = true;
        Mutants.Set(Mutant.PageForgetsReaders, ref noted, writes);
        entry.Given |= noted ? vcpu : 0;
        entry.GivenWrite |= (rights & PageRights.Write) != 0 ? vcpu : 0;
        ulong generation = _vcpus.Generation;
        Mutants.Set(Mutant.PageFillIsNeverOld, ref generation, ulong.MaxValue);
        FilledMessage filled = new(request.Page, frame, rights, request.Number, generation);
        Span<byte> payload = stackalloc byte[FilledMessage.PayloadBytes];
        filled.WritePayload(payload);
        Send(request.From, filled.Pack(), context, payload);
        if ((request.Access & PageAccess.Execute) != 0 && entry.Class == PageClass.Data && !entry.IsWritten)
        {
            Classify(request.Page, PageClass.Text, context);
        }
    }

    private void Refuse(in PageRequest request, Refusal reason, Context context)
    {
        if (request.Frame.Exists)
        {
            // Of a borrower or a move: the page is registered as its user.
            GiveBack(request.Frame, request.Page, context);
        }
        switch (request.Reply)
        {
            case MappingKind.Filled:
                Send(request.From, new FillRefusedMessage(request.Page, reason, request.Number).Pack(), context);
                break;
            case MappingKind.Pinned:
                PinMessage refused = new(MappingKind.PinRefused, request.Page, (ulong)reason, request.Number);
                Send(request.From, refused.Pack(), context);
                break;
            case MappingKind.Lent:
                LentMessage lent = new(request.User.Page, Frame.None, reason, PageClass.Data, request.Number);
                Send(request.From, lent.Pack(), context);
                break;
            default:
                Confirm(request, reason, context);
                break;
        }
    }

    private void Confirm(in PageRequest request, Refusal reason, Context context)
    {
        switch (request.Reply)
        {
            case MappingKind.Remapped:
                Send(request.From, new RemappedMessage(request.Page, reason, request.Number).Pack(), context);
                break;
            case MappingKind.Freed:
                FreePageMessage freed = new(MappingKind.Freed, request.Page, reason, request.Number);
                Send(request.From, freed.Pack(), context);
                break;
            case MappingKind.ReplicasDropped:
                Frame frame = new((uint)request.Number);
                ReplicaMessage dropped = new(MappingKind.ReplicasDropped, frame, request.Page);
                Send(request.From, dropped.Pack(), context);
                break;
            default:
                Invariant.Holds(request.Reply == 0);
                break;
        }
    }
}
