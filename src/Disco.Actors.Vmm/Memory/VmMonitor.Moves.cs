using System.Buffers.Binary;
using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Memory;

/// <content>Pages that move because a node misses on them. [Disco 4.2.3]</content>
public sealed partial class VmMonitor
{
    /// <summary>Decides about hot pages; null leaves every page where it is.</summary>
    public IPagePlacement? Placement { get; init; }

    private void ConsiderHot(in Envelope envelope, Context context)
    {
        HotPageMessage hot = HotPageMessage.From(envelope.Message);
        if (Placement is null || IsEnding || !_pmap.Has(hot.Page) || CpusOf(hot.Node).IsEmpty)
        {
            return;
        }
        ref PmapEntry entry = ref _pmap[hot.Page];
        if (!entry.IsAtRest || entry.State == PageState.Empty || entry.MovePending || entry.Pins > 0
            || _pmap.HasFrameOn(hot.Page, hot.Node))
        {
            return;
        }
        int nodes = envelope.Message.PayloadBytes / sizeof(uint);
        Span<uint> misses = stackalloc uint[nodes];
        ReadOnlySpan<byte> payload = envelope.Payload;
        for (int node = 0; node < nodes; node++)
        {
            misses[node] = BinaryPrimitives.ReadUInt32LittleEndian(payload[(node * sizeof(uint))..]);
        }
        HotPageView view = new(hot.Node, entry.State == PageState.Private, hot.Writes)
        {
            IsWritten = entry.IsWritten,
            Moves = entry.Moves,
            MovesOfInterval = entry.MovesIn(IntervalAt(context.Now)),
        };
        PageMove move = Placement.Decide(view, misses);
        if (move == PageMove.None || (move == PageMove.Migrate && entry.State != PageState.Private))
        {
            return;
        }
        entry.MovePending = true;
        PageEvent e = move == PageMove.Migrate ? PageEvent.Migrate : PageEvent.Replicate;
        _moves.Add(hot.Page.Number, new PageRequest { Event = e, Page = hot.Page, Node = hot.Node });
        // Never at another's cost: a move takes a free frame or does not happen.
        AllocateFlags flags = move == PageMove.Replicate ? AllocateFlags.Replica : AllocateFlags.None;
        AllocateMessage allocate = new(new FrameUser((ushort)Vm, hot.Page), flags, entry.Class, ForMove);
        Send(MemMap.AddressOf(hot.Node), allocate.Pack(), context);
    }

    /// <summary>The frame for a move has come, or none was free.</summary>
    private void Move(in AllocatedMessage allocated, Context context)
    {
        Invariant.Holds(_moves.Remove(allocated.Page.Number, out PageRequest move));
        ref PmapEntry entry = ref _pmap[allocated.Page];
        entry.MovePending = false;
        if (!allocated.Frame.Exists)
        {
            TransactionKind kind = move.Event == PageEvent.Migrate
                ? TransactionKind.Migration
                : TransactionKind.Replication;
            Transactions.CountRefused(kind);
            return;
        }
        PageRequest request = move with { Frame = allocated.Frame };
        bool sensible = entry.IsAtRest && entry.State != PageState.Empty && !_pmap.HasFrameOn(move.Page, move.Node);
        if (IsEnding || !sensible)
        {
            Refuse(request, Refusal.None, context);
            return;
        }
        if (entry.Pins == 0)
        {
            entry.CountMove(IntervalAt(context.Now));
        }
        Invariant.Holds(TryServe(request, context));
    }

    private uint IntervalAt(Cycle now) => (uint)(now.Value / Placement!.ResetCycles);
}
