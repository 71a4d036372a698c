using System.Buffers.Binary;
using System.Numerics;
using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Memory;

/// <content>Pages that move because a node misses on them. [Disco 4.2.3]</content>
public sealed partial class VmMonitor
{
    // The number of a request for another replica of a page that has some.
    private const ulong FurtherReplica = 1;

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
        if (move == PageMove.Migrate)
        {
            AskForMove(PageEvent.Migrate, hot.Page, hot.Node, context);
            return;
        }
        entry.WantedOn = NodesToReplicateOn(hot, misses, Placement.SharingMisses);
        AskForReplica(hot.Page, context);
    }

    /// <summary>The hot node, and those that will be the next. [Disco 4.2.3: "the nodes most heavily accessing it"]
    /// </summary>
    private uint NodesToReplicateOn(in HotPageMessage hot, ReadOnlySpan<uint> misses, uint sharingMisses)
    {
        uint nodes = 1U << hot.Node;
        for (int node = 0; node < misses.Length; node++)
        {
            bool uses = misses[node] >= sharingMisses && !CpusOf(node).IsEmpty;
            nodes |= uses && !_pmap.HasFrameOn(hot.Page, node) ? 1U << node : 0;
        }
        return nodes;
    }

    /// <summary>A page has been replicated on one node: the next one's turn.</summary>
    private void ReplicateFurther(PhysicalPage page, Context context)
    {
        PmapEntry entry = _pmap[page];
        if (entry is { State: PageState.Replicated, MovePending: false, Pins: 0 } && !IsEnding)
        {
            AskForReplica(page, context);
        }
    }

    private void AskForReplica(PhysicalPage page, Context context)
    {
        ref PmapEntry entry = ref _pmap[page];
        if (entry.WantedOn != 0)
        {
            int node = BitOperations.TrailingZeroCount(entry.WantedOn);
            entry.WantedOn &= entry.WantedOn - 1;
            AskForMove(PageEvent.Replicate, page, node, context);
        }
    }

    private void AskForMove(PageEvent move, PhysicalPage page, int node, Context context)
    {
        ref PmapEntry entry = ref _pmap[page];
        entry.MovePending = true;
        bool isFurther = entry.State == PageState.Replicated;
        _moves.Add(page.Number, new PageRequest
        {
            Event = move, Page = page, Node = node, Number = isFurther ? FurtherReplica : 0,
        });
        // Never at another's cost: a move takes a free frame or does not happen.
        AllocateFlags flags = move == PageEvent.Replicate ? AllocateFlags.Replica : AllocateFlags.None;
        AllocateMessage allocate = new(new FrameUser((ushort)Vm, page), flags, entry.Class, ForMove);
        Send(MemMap.AddressOf(node), allocate.Pack(), context);
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
            ReplicateFurther(allocated.Page, context);
            return;
        }
        PageRequest request = move with { Frame = allocated.Frame };
        bool sensible = entry.IsAtRest && entry.State != PageState.Empty && !_pmap.HasFrameOn(move.Page, move.Node);
        // A write has ended the replication it was to be part of; a new one would be a move that nobody decided.
        sensible &= move.Number != FurtherReplica || entry.State == PageState.Replicated;
        if (IsEnding || !sensible)
        {
            Refuse(request, Refusal.None, context);
            return;
        }
        bool isMove = entry.Pins == 0 && entry.State != PageState.Replicated;
        Mutants.Set(Mutant.PageMovesForGood, ref isMove, false);
        if (isMove)
        {
            entry.CountMove(IntervalAt(context.Now));
        }
        Invariant.Holds(TryServe(request, context));
    }

    private uint IntervalAt(Cycle now) => (uint)(now.Value / Placement!.ResetCycles);
}
