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
        HotPageView view = new(
            hot.Node, _pmap.NodeOf(entry.Frame), entry.State, entry.IsWritten, entry.Moves);
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
            entry.Moves = (byte)Math.Min(entry.Moves + 1, byte.MaxValue);
        }
        Invariant.Holds(TryServe(request, context));
    }
}

/// <summary>What to do about a hot page.</summary>
public enum PageMove : byte
{
    None,
    Migrate,
    Replicate,
}

/// <summary>A page on which a node misses often.</summary>
/// <param name="HotNode">That node; it has no frame of the page.</param>
/// <param name="HomeNode">Where the page's frame is.</param>
/// <param name="State">At rest, and not empty.</param>
/// <param name="IsWritten">It was written since it was last made read-only.</param>
/// <param name="Moves">Migrations and replications so far.</param>
public readonly record struct HotPageView(int HotNode, int HomeNode, PageState State, bool IsWritten, int Moves);

/// <summary>Which hot pages move. Pure.</summary>
public interface IPagePlacement
{
    /// <param name="page">The page.</param>
    /// <param name="misses">On the page since the last question, by node.</param>
    PageMove Decide(in HotPageView page, ReadOnlySpan<uint> misses);
}
