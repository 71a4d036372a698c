using System.Runtime.InteropServices;
using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Vmm.Devices;

/// <summary>The way of a message: a receiver after the other, one fragment after the other, a page at a time.</summary>
public sealed partial class VirtualSwitch
{
    private const long RetryCycles = 2000;

    /// <summary>Finds out who is to get the message.</summary>
    private void Route(int slot, ulong destination, Context context)
    {
        SwitchJob job = _jobs[slot];
        int from = job.FromOutside ? SwitchJob.Outside : job.Call.Vm;
        if (destination == NetAddress.Broadcast)
        {
            job.Targets.AddRange(_ports.Keys.Where(vm => vm != from));
        }
        else if (destination == NetAddress.Gateway && !job.FromOutside)
        {
            job.Targets.Add(SwitchJob.Outside);
        }
        else if (_ports.ContainsKey(NetAddress.VmOf(destination)))
        {
            job.Targets.Add(NetAddress.VmOf(destination));
        }
        if (Tap is not null)
        {
            TapSent(job, destination, context);
        }
        NextTarget(slot, context);
    }

    /// <summary>Takes the oldest buffer of the next receiver that has one that is large enough; ends without.</summary>
    private void NextTarget(int slot, Context context)
    {
        SwitchJob job = _jobs[slot];
        job.Rewind();
        job.Buffer = null;
        job.Phase = SwitchPhase.Block;
        while (job.Targets.Count > 0 && !job.Abandoned)
        {
            if (HasRoom(job))
            {
                NextPiece(slot, context);
                return;
            }
            Statistics.Dropped++;
            job.Targets.RemoveAt(0);
        }
        Reply(slot, job.Taken > 0 ? job.Taken : HypercallResult.NotTaken, context);
    }

    /// <summary>True when the first receiver can have the message; takes its buffer.</summary>
    private bool HasRoom(SwitchJob job)
    {
        if (job.Target == SwitchJob.Outside)
        {
            return job.TotalBytes <= (ulong)_config.GatewayBytesMax;
        }
        List<ReceiveBuffer> buffers = _ports[job.Target].Buffers;
        if (buffers.Count == 0 || buffers[0].Pages < job.TotalPages
            || buffers[0].FragmentsMax < job.Fragments.Length)
        {
            return false;
        }
        job.Buffer = buffers[0];
        buffers.RemoveAt(0);
        return true;
    }

    private void NextPiece(int slot, Context context)
    {
        SwitchJob job = _jobs[slot];
        bool isGone = job.Target != SwitchJob.Outside && _detaching.ContainsKey(job.Target);
        if (isGone)
        {
            TargetDone(slot, context);
        }
        else if (job.Abandoned || job.FragmentIndex == job.Fragments.Length || job.Error != 0)
        {
            job.Error = job.Abandoned ? HypercallResult.NotTaken : job.Error;
            FinishMessage(slot, context);
        }
        else if (job.FromOutside)
        {
            CollectionsMarshal.AsSpan(job.Data).Slice((int)job.Address, job.Bytes).CopyTo(_memory.Buffer(slot));
            Store(slot, context);
        }
        else if (job.Target != SwitchJob.Outside && job.Bytes == Page.Bytes && MayRemap(job))
        {
            job.Phase = SwitchPhase.Remap;
            RemapMessage remap = new(
                new PhysicalPage(job.Buffer!.PageAt(job.PagesUsed)), job.Call.Vm, PhysicalPage.Of(job.Address),
                (ulong)slot);
            Send(new Address(Role.Vm, (ushort)job.Target), remap.Pack(), context);
        }
        else
        {
            job.Phase = SwitchPhase.Fetch;
            _memory.Begin(slot, job.Call.Vm, job.Address, job.Bytes, toGuest: false, context);
        }
    }

    private bool MayRemap(SwitchJob job) =>
        _config.Remapping && _setup.FindVm(job.Target)!.MayUseFramesOf(_setup.FindVm(job.Call.Vm)!);

    /// <summary>At the same place in the receiver's page as in the sender's.</summary>
    private void Store(int slot, Context context)
    {
        SwitchJob job = _jobs[slot];
        job.Phase = SwitchPhase.Store;
        ulong page = job.Buffer!.PageAt(job.PagesUsed);
        ulong at = (page * Page.Bytes) + (job.Address % Page.Bytes);
        _memory.Begin(slot, job.Target, at, job.Bytes, toGuest: true, context);
    }

    private void Remapped(in RemappedMessage remapped, Context context)
    {
        int slot = (int)remapped.Request;
        SwitchJob job = _jobs[slot];
        Invariant.Holds(job.Phase == SwitchPhase.Remap);
        switch (remapped.Reason)
        {
            case Refusal.None:
                Statistics.PagesRemapped++;
                PieceDone(slot, context);
                break;
            case Refusal.Retry:
                context.After(RetryCycles, new Message
                {
                    Kind = (ushort)DeviceKind.RetryDue,
                    Lane = Lane.Request,
                    A = (ulong)slot,
                    B = 1,
                });
                break;
            default:
                Fail(slot, remapped.Reason, context);
                break;
        }
    }

    /// <summary>Bytes have arrived in the slot's buffer or at a guest.</summary>
    private void Moved(int slot, Refusal reason, Context context)
    {
        SwitchJob job = _jobs[slot];
        switch (job.Phase)
        {
            case SwitchPhase.Block when reason != Refusal.None:
                Reply(slot, ResultOf(reason), context);
                break;
            case SwitchPhase.Block:
                BlockRead(slot, context);
                break;
            case SwitchPhase.Fetch or SwitchPhase.Store when reason != Refusal.None:
                Fail(slot, reason, context);
                break;
            case SwitchPhase.Fetch when job.Target == SwitchJob.Outside:
                job.Data.AddRange(_memory.Buffer(slot)[..job.Bytes]);
                Statistics.CopiedBytes += job.Bytes;
                PieceDone(slot, context);
                break;
            case SwitchPhase.Fetch:
                Store(slot, context);
                break;
            case SwitchPhase.Store:
                Statistics.CopiedBytes += job.Bytes;
                PieceDone(slot, context);
                break;
            default:
                FinishMessage(slot, context);
                break;
        }
    }

    private void PieceDone(int slot, Context context)
    {
        SwitchJob job = _jobs[slot];
        Statistics.PayloadBytes += job.Bytes;
        job.Done += (ulong)job.Bytes;
        job.PagesUsed++;
        if (job.Done == job.Fragment.Bytes)
        {
            job.FragmentIndex++;
            job.Done = 0;
        }
        NextPiece(slot, context);
    }

    // The receiver's message ends here with an error; the sender hears of it when no other has taken it.
    private void Fail(int slot, Refusal reason, Context context)
    {
        _jobs[slot].Error = ResultOf(reason);
        NextPiece(slot, context);
    }

    /// <summary>
    /// Tells the receiver in its block: the fragments, then source and lengths, and last the status, which the guest
    /// waits for.
    /// </summary>
    private void FinishMessage(int slot, Context context)
    {
        SwitchJob job = _jobs[slot];
        if (job.Target == SwitchJob.Outside)
        {
            PutOut(job, context);
            TargetDone(slot, context);
            return;
        }
        VmAttachments vm = _setup.FindVm(job.Target)!;
        Span<byte> buffer = _memory.Buffer(slot);
        ReceiveBuffer block = job.Buffer!;
        switch (job.Phase)
        {
            case SwitchPhase.Status:
                Raise(job.Target, context);
                TargetDone(slot, context);
                break;
            case SwitchPhase.Summary:
                job.Phase = SwitchPhase.Status;
                Guest.Write(buffer, 0, (ulong)(job.Error != 0 ? job.Error : 1), vm.BigEndian);
                Tell(slot, block.Block + (ReceiveBuffer.StatusWord * sizeof(ulong)), 1, context);
                break;
            case SwitchPhase.Entries:
                job.Phase = SwitchPhase.Summary;
                ulong source = job.FromOutside ? NetAddress.Gateway : NetAddress.Of(job.Call.Vm);
                Guest.Write(buffer, 0, source, vm.BigEndian);
                Guest.Write(buffer, 1, (ulong)job.Fragments.Length, vm.BigEndian);
                Guest.Write(buffer, 2, job.TotalBytes, vm.BigEndian);
                Tell(slot, block.Block + (ReceiveBuffer.SourceWord * sizeof(ulong)), 3, context);
                break;
            default:
                job.Phase = SwitchPhase.Entries;
                for (int i = 0; i < job.Fragments.Length; i++)
                {
                    Guest.Write(buffer, 2 * i, job.Fragments[i].Address % Page.Bytes, vm.BigEndian);
                    Guest.Write(buffer, (2 * i) + 1, job.Fragments[i].Bytes, vm.BigEndian);
                }
                Tell(slot, block.Entries, 2 * job.Fragments.Length, context);
                break;
        }
    }

    private void Tell(int slot, ulong at, int words, Context context) =>
        _memory.Begin(slot, _jobs[slot].Target, at, words * sizeof(ulong), toGuest: true, context);

    private void TargetDone(int slot, Context context)
    {
        SwitchJob job = _jobs[slot];
        int target = job.Target;
        bool taken = job.Error == 0 && !_detaching.ContainsKey(target);
        job.Taken += taken ? 1 : 0;
        Statistics.Messages += taken ? 1 : 0;
        Statistics.Dropped += taken ? 0 : 1;
        if (taken && Tap is not null)
        {
            TapReceived(job, context);
        }
        job.Targets.RemoveAt(0);
        job.Buffer = null;
        AnswerDetach(target, context);
        NextTarget(slot, context);
    }

    private static long ResultOf(Refusal reason) =>
        reason == Refusal.NoSuchPage ? HypercallResult.Invalid : HypercallResult.NoMemory;
}
