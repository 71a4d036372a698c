using Disco.Actors.Core;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Vmm.Memory;

/// <content>Performs what <see cref="PageProtocol"/> says.</content>
public sealed partial class VmMonitor
{
    /// <summary>A new request: it is served now, waits, or is refused.</summary>
    private void Request(in PageRequest request, Context context)
    {
        if (IsEnding || !_pmap.Has(request.Page))
        {
            Refuse(request, Refusal.NoSuchPage, context);
            return;
        }
        if (!TryServe(request, context))
        {
            if (_waiters.Count < _config.WaitersMax)
            {
                _waiters.Add(request);
            }
            else
            {
                Refuse(request, Refusal.Retry, context);
            }
        }
    }

    /// <summary>A request meets the page as it is; false when it has to wait.</summary>
    private bool TryServe(in PageRequest request, Context context)
    {
        PageState state = _pmap[request.Page].State;
        if (state == PageState.Empty && request.Event <= PageEvent.Write && _framesUsed >= _plan.FramesMax)
        {
            Refuse(request, Refusal.OutOfMemory, context);
            return true;
        }
        PageStep step = StepOf(request.Page, EventOf(request), context);
        if ((step.Do & PageDo.Wait) != 0)
        {
            return false;
        }
        if (step.Next > PageState.Replicated && state <= PageState.Replicated)
        {
            PageTransaction transaction = new()
            {
                Request = request,
                Began = context.Now.Value,
                Kind = KindOf(step.Next),
                NewFrame = request.Frame,
            };
            _transactions.Add(request.Page.Number, transaction);
        }
        Perform(step, request, context);
        return true;
    }

    /// <summary>Something that a page's transaction waits for.</summary>
    private void Happen(PhysicalPage page, PageEvent e, Context context)
    {
        PageTransaction transaction = _transactions[page.Number];
        PageStep step = StepOf(page, e, context);
        Perform(step, transaction.Request, context);
        if (step.Next <= PageState.Replicated)
        {
            Serve(page, context);
            ReplicateFurther(page, context);
        }
    }

    /// <summary>The page is at rest again, or unpinned: those who wait for it have their turn, in order.</summary>
    private void Serve(PhysicalPage page, Context context)
    {
        for (int i = 0; i < _waiters.Count && _pmap[page].IsAtRest;)
        {
            PageRequest request = _waiters[i];
            if (request.Page == page && TryServe(request, context))
            {
                _waiters.RemoveAt(i);
            }
            else
            {
                i++;
            }
        }
    }

    /// <summary>Shootdowns that are complete; also those that had nobody to ask.</summary>
    private void Settle(Context context)
    {
        do
        {
            while (_shootdown.TryTakeCompleted(out ulong transaction))
            {
                // The pages are busy: no CPU gets the old mapping any more, whatever the new one will be.
                _shootdown.End(transaction, context);
                if (transaction == WholeVm)
                {
                    ReleaseEverything(context);
                    continue;
                }
                PhysicalPage page = new((uint)transaction);
                Happen(page, _pmap[page].IsShared ? PageEvent.ShotDownShared : PageEvent.ShotDown, context);
            }
        }
        while (TryShootDownAll(context));
    }

    private PageStep StepOf(PhysicalPage page, PageEvent e, Context context)
    {
        PageState state = _pmap[page].State;
        PageStep step = PageProtocol.Next(state, e);
        if (context.Tracing)
        {
            ulong which = ((ulong)Vm << 32) | page.Number;
            context.Trace(new TraceEvent(MappingTrace.PageStep, which, (ulong)state, (ulong)e));
        }
        PageMutants.Change(state, e, ref step);
        if (step.Do == PageDo.Impossible)
        {
            Invariant.Broken($"{Address}: {e} cannot happen to {page} in state {state} at {context.Now}");
        }
        return step;
    }

    /// <summary>What a request means for the page as it is; the table knows no pins.</summary>
    private PageEvent EventOf(in PageRequest request)
    {
        PmapEntry entry = _pmap[request.Page];
        if (entry.Pins == 0 || !entry.IsAtRest)
        {
            return request.Event;
        }
        Invariant.Holds(entry.State != PageState.Empty);
        bool isPrivate = entry.State == PageState.Private;
        return request.Event switch
        {
            PageEvent.Write when !isPrivate => PageEvent.Held,
            PageEvent.Lend when isPrivate => PageEvent.Held,
            PageEvent.Borrow or PageEvent.Free => PageEvent.Held,
            PageEvent.Migrate or PageEvent.Replicate or PageEvent.DropReplicas or PageEvent.Merge
                => PageEvent.HeldMove,
            _ => request.Event,
        };
    }

    private static TransactionKind KindOf(PageState first) => first switch
    {
        PageState.FillAllocating => TransactionKind.Fill,
        PageState.MigrateInvalidating => TransactionKind.Migration,
        PageState.ReplicateDowngrading => TransactionKind.Replication,
        PageState.CollapseInvalidating => TransactionKind.Collapse,
        PageState.DropInvalidating => TransactionKind.Drop,
        PageState.BreakClaiming => TransactionKind.ShareBreak,
        PageState.LendDowngrading or PageState.LendRegistering => TransactionKind.Lend,
        PageState.BorrowInvalidating => TransactionKind.Borrow,
        PageState.FreeInvalidating => TransactionKind.Free,
        PageState.MergeDowngrading => TransactionKind.Merge,
        _ => Invariant.Unreachable<TransactionKind>($"no transaction begins in {first}"),
    };

    /// <summary>The actions of a step, in their order, and the next state.</summary>
    private void Perform(PageStep step, in PageRequest request, Context context)
    {
        PhysicalPage page = request.Page;
        PageDo actions = step.Do;
        _transactions.TryGetValue(page.Number, out PageTransaction? transaction);
        ReleaseFrames(page, actions, context);
        Remap(page, actions, transaction?.NewFrame ?? request.Frame, request);
        EnterState(page, step.Next, transaction, request, actions, context);
        Reply(request, actions, context);
        if ((actions & (PageDo.Allocate | PageDo.AllocateZero)) != 0)
        {
            AskForFrame(transaction!, context);
        }
        if ((actions & PageDo.Claim) != 0)
        {
            transaction!.Kind = TransactionKind.ShareBreak;
            SendUse(MappingKind.Claim, _pmap[page].Frame, new FrameUser((ushort)Vm, page), 0, context);
        }
        if ((actions & PageDo.Register) != 0)
        {
            SendUse(MappingKind.Share, _pmap[page].Frame, request.User, page.Number, context);
        }
        if ((actions & PageDo.Copy) != 0)
        {
            Frame destination = transaction!.NewFrame;
            PageJobMessage copy = new(MappingKind.CopyPage, _pmap[page].Frame, destination, page.Number);
            SendTo(destination, copy.Pack(), context);
        }
        if ((actions & PageDo.Compare) != 0)
        {
            Frame own = _pmap[page].Frame;
            PageJobMessage compare = new(MappingKind.ComparePages, transaction!.NewFrame, own, page.Number);
            SendTo(own, compare.Pack(), context);
        }
        if ((actions & (PageDo.InvalidateAll | PageDo.DowngradeAll | PageDo.InvalidateLocal)) != 0)
        {
            ShootDown(page, actions, transaction!, context);
        }
    }

    private void ReleaseFrames(PhysicalPage page, PageDo actions, Context context)
    {
        ref PmapEntry entry = ref _pmap[page];
        FrameUser user = new((ushort)Vm, page);
        if ((actions & (PageDo.ReleaseAll | PageDo.ReleaseReplicas)) != 0)
        {
            foreach (Frame replica in _pmap.ReplicasOf(page))
            {
                SendUse(MappingKind.Release, replica, user, 0, context);
            }
            _pmap.ForgetReplicas(page);
        }
        if ((actions & (PageDo.ReleaseAll | PageDo.ReleaseOld)) != 0)
        {
            Invariant.Holds((entry.Given | entry.GivenWrite) == 0);
            SendUse(MappingKind.Release, entry.Frame, user, 0, context);
            entry.FramePlusOne = 0;
            _framesUsed--;
        }
    }

    /// <summary>Changes the entry itself.</summary>
    private void Remap(PhysicalPage page, PageDo actions, Frame frame, in PageRequest request)
    {
        ref PmapEntry entry = ref _pmap[page];
        if ((actions & PageDo.Adopt) != 0)
        {
            Invariant.Holds(frame.Exists);
            Invariant.Holds(entry.FramePlusOne == 0);
            Invariant.Holds(Nodes.Contains(_pmap.NodeOf(frame)));
            entry.Frame = frame;
            _framesUsed++;
        }
        if ((actions & PageDo.AddReplica) != 0)
        {
            Invariant.Holds(Nodes.Contains(_pmap.NodeOf(frame)));
            _pmap.AddReplica(page, frame);
        }
        if ((actions & PageDo.MarkShared) != 0)
        {
            entry.IsShared = true;
            entry.IsWritten = false;
        }
        if ((actions & PageDo.MarkPrivate) != 0)
        {
            entry.IsShared = false;
        }
        if (request.Event is PageEvent.Borrow or PageEvent.Merge && (actions & PageDo.Adopt) != 0)
        {
            entry.Class = request.Class;
        }
    }

    /// <summary>The one place where a page changes its state.</summary>
    private void EnterState(
        PhysicalPage page, PageState next, PageTransaction? transaction, in PageRequest request, PageDo actions,
        Context context)
    {
        ref PmapEntry entry = ref _pmap[page];
        PageState old = entry.State;
        entry.State = next;
        if (context.Tracing && next != old)
        {
            context.Trace(new TraceEvent(
                MappingTrace.PageState, ((ulong)Vm << 32) | page.Number, ((ulong)old << 8) | (ulong)next,
                entry.FramePlusOne));
        }
        Invariant.Holds(next == PageState.Empty ? entry.FramePlusOne == 0 : entry.FramePlusOne != 0
            || next == PageState.FillAllocating);
        if (next <= PageState.Replicated)
        {
            Invariant.Holds(next == PageState.Replicated == (_pmap.ReplicasOf(page).Count > 0));
            if (next == PageState.Empty)
            {
                // What is touched next is a new page.
                entry.IsWritten = false;
                (entry.Moves, entry.IntervalMoves, entry.MoveInterval) = (0, 0, 0);
            }
            if (transaction is not null)
            {
                entry.WantedOn = next == PageState.Replicated ? entry.WantedOn : 0;
                EndTransaction(page, transaction, request, actions, context);
            }
        }
    }

    private void EndTransaction(
        PhysicalPage page, PageTransaction transaction, in PageRequest request, PageDo actions, Context context)
    {
        _transactions.Remove(page.Number);
        if ((actions & PageDo.Refuse) != 0)
        {
            Transactions.CountRefused(transaction.Kind);
            return;
        }
        bool kept = transaction.Kind == TransactionKind.ShareBreak && !transaction.NewFrame.Exists;
        TransactionKind kind = kept ? TransactionKind.ShareEnd : transaction.Kind;
        Transactions.Count(kind, context.Now.Value - transaction.Began);
        if (context.Tracing)
        {
            context.Trace(new TraceEvent(
                MappingTrace.TransactionEnd, ((ulong)Vm << 32) | page.Number, (ulong)kind, (ulong)request.Event));
        }
    }

    /// <summary>Asks the next best node for the frame of a transaction, first without dropping replicas.</summary>
    private void AskForFrame(PageTransaction transaction, Context context)
    {
        PageRequest request = transaction.Request;
        AllocateFlags flags = transaction.Kind == TransactionKind.Fill ? AllocateFlags.Zero : AllocateFlags.None;
        Mutants.Set(Mutant.FrameIsNotZeroed, ref flags, AllocateFlags.None);
        if (transaction.Tries >= _nodesByDistance[0].Length)
        {
            flags |= AllocateFlags.DropReplicas | (_framesUsed > _target ? AllocateFlags.Reserved : AllocateFlags.None);
        }
        int node = NodeAsked(transaction);
        FrameUser user = new((ushort)Vm, request.Page);
        AllocateMessage allocate = new(user, flags, _pmap[request.Page].Class, ForTransaction);
        Send(MemMap.AddressOf(node), allocate.Pack(), context);
    }

    private int NodeAsked(PageTransaction transaction)
    {
        PageRequest request = transaction.Request;
        int[] nodes = _nodesByDistance[
            _config.FirstNodeOf(Vm, request.Page, request.Node, _nodesByDistance.Length)];
        return nodes[transaction.Tries % nodes.Length];
    }

    private void TakeFrame(in AllocatedMessage allocated, Context context)
    {
        PageTransaction transaction = _transactions[allocated.Page.Number];
        if (allocated.Frame.Exists)
        {
            transaction.NewFrame = allocated.Frame;
            _shortSince = -1;
            Happen(allocated.Page, PageEvent.Allocated, context);
            return;
        }
        transaction.Tries++;
        if (transaction.Tries < 2 * _nodesByDistance[0].Length)
        {
            AskForFrame(transaction, context);
        }
        else
        {
            Happen(allocated.Page, PageEvent.NoFrame, context);
        }
    }

    private void ShootDown(PhysicalPage page, PageDo actions, PageTransaction transaction, Context context)
    {
        ref PmapEntry entry = ref _pmap[page];
        InvalidationKind kind = InvalidationKind.Invalidate;
        CpuSet holders = _vcpus.RunningOf(entry.Given);
        if ((actions & PageDo.InvalidateAll) != 0)
        {
            entry.Given = 0;
            entry.GivenWrite = 0;
        }
        else if ((actions & PageDo.DowngradeAll) != 0)
        {
            kind = InvalidationKind.Downgrade;
            holders = _vcpus.RunningOf(entry.GivenWrite);
            Mutants.Set(Mutant.PageDowngradesNobody, ref holders, CpuSet.None);
            entry.GivenWrite = 0;
            entry.IsWritten = false;
        }
        else
        {
            holders &= CpusOf(transaction.Request.Node);
        }
        ulong generation = _vcpus.Begin(page);
        Invalidation what = new(Vm, PageRange.Of(page), kind, generation);
        ShootdownRequest request = new(what, page.Number, holders, _vcpus.Running)
        {
            Urgent = transaction.Request.Event is not (PageEvent.Free or PageEvent.Migrate or PageEvent.Replicate
                or PageEvent.Merge),
        };
        _shootdown.Begin(request, context);
    }

    private CpuSet CpusOf(int node)
    {
        CpuSet cpus = CpuSet.None;
        foreach (int cpu in _vcpus.Running)
        {
            cpus = _fabric.NodeOf(Address.Cpu(cpu)) == node ? cpus.With(cpu) : cpus;
        }
        return cpus;
    }

    private void SendUse(MappingKind kind, Frame frame, FrameUser user, uint extra, Context context) =>
        SendTo(frame, new FrameUseMessage(kind, frame, user, extra).Pack(), context);

    /// <summary>To the memmap that has a frame.</summary>
    private void SendTo(Frame frame, in Message message, Context context) =>
        Send(MemMap.AddressOf(_pmap.NodeOf(frame)), message, context);
}
