using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Losses;

namespace Disco.Actors.Vmm.Memory;

/// <content>What it does when nodes are lost: ends, or waits for none of them.</content>
public sealed partial class VmMonitor
{
    private static readonly Undertaker Undertaker = new();

    /// <summary>The virtual machine is lost: whoever asks for anything of it is refused.</summary>
    public bool IsLost => _ending == Ending.Lost;

    /// <summary>The first of its frames on one of these nodes, in words; null when there is none.</summary>
    internal string? FirstFrameOn(NodeSet nodes)
    {
        for (uint number = 0; number < (uint)Pages; number++)
        {
            PhysicalPage page = new(number);
            PmapEntry entry = _pmap[page];
            if (entry.FramePlusOne != 0
                && _pmap.ReplicasOf(page).Append(entry.Frame).Any(frame => nodes.Contains(_pmap.NodeOf(frame))))
            {
                return $"{page} had a frame there";
            }
        }
        IEnumerable<Frame> coming = _transactions.Values
            .SelectMany(transaction => new[] { transaction.NewFrame, transaction.Request.Frame })
            .Concat(_waiters.Select(waiter => waiter.Frame));
        return coming.Any(frame => frame.Exists && nodes.Contains(_pmap.NodeOf(frame)))
            ? "a page was about to get a frame there"
            : null;
    }

    internal void Lose(Loss loss)
    {
        if (loss.Gone.Contains(Vm))
        {
            Vanish();
        }
        else
        {
            AnswerForMemMaps(loss);
            foreach (PageRequest borrow in _borrows.Values)
            {
                if (loss.IsOut(AddressOf(borrow.SourceVm)))
                {
                    LentMessage none = new(
                        borrow.Page, Frame.None, Refusal.NoSuchPage, PageClass.Data, borrow.Number);
                    loss.Post(AddressOf(borrow.SourceVm), Address, none.Pack());
                }
            }
            _shootdown.Lose(loss);
        }
        (Part as Boards.VmProcessors)?.Lose(this, loss);
    }

    /// <summary>See <see cref="Shootdown.ShootdownInitiator.RoundsStopping"/>.</summary>
    internal int RoundsStopping(int cpu) => _shootdown.RoundsStopping(cpu);

    /// <summary>As one that is lost; false for a message of a virtual machine that is not.</summary>
    private bool TryRefuse(in Envelope envelope, Context context)
    {
        if (_ending != Ending.Lost)
        {
            return false;
        }
        if (Undertaker.AnswerTo(envelope.Message, Address) is { } answer)
        {
            Send(Fabric.SenderOf(envelope.Message), answer, context);
        }
        return true;
    }

    private void Vanish()
    {
        _ending = Ending.Lost;
        _pmap.Clear();
        _shootdown.Forget();
        _transactions.Clear();
        _waiters.Clear();
        _borrows.Clear();
        _moves.Clear();
        _waitForEnd.Clear();
        _pins = 0;
        _framesUsed = 0;
        _releasesMissing = 0;
    }

    private void AnswerForMemMaps(Loss loss)
    {
        foreach (PageTransaction transaction in _transactions.Values)
        {
            PhysicalPage page = transaction.Request.Page;
            bool asks = _pmap[page].State is PageState.FillAllocating or PageState.BreakAllocating;
            if (asks && loss.IsLost(MemMap.AddressOf(NodeAsked(transaction))))
            {
                RefuseFrame(page, NodeAsked(transaction), ForTransaction, loss);
            }
        }
        foreach (PageRequest move in _moves.Values)
        {
            if (loss.IsLost(MemMap.AddressOf(move.Node)))
            {
                RefuseFrame(move.Page, move.Node, ForMove, loss);
            }
        }
        // A memmap answers at once: who survives has its message, or its answer, under way.
        int coming = loss.CountUnderWay(message =>
            message.Kind is (ushort)MappingKind.ReleaseAll or (ushort)MappingKind.AllReleased
            && message.A == (ulong)Vm);
        ReleaseAllMessage released = new(MappingKind.AllReleased, (ushort)Vm);
        for (int missing = _releasesMissing - coming; missing > 0; missing--)
        {
            loss.Post(MemMap.AddressOf(loss.Lost.First), Address, released.Pack());
        }
    }

    private void RefuseFrame(PhysicalPage page, int node, ulong purpose, Loss loss) => loss.Post(
        MemMap.AddressOf(node), Address, new AllocatedMessage(page, Frame.None, purpose).Pack());
}
