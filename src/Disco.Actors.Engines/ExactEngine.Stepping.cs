using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <content>Stopping between two deliveries of one cycle.</content>
public abstract partial class ExactEngine
{
    /// <summary>
    /// Delivers the first envelope of the cycle <see cref="Engine.Now"/>; false when none is left or the run has ended.
    /// What it puts out is handed over by the next <see cref="Engine.Run"/>.
    /// </summary>
    private protected bool DeliverFirst()
    {
        NodeProcess? first = null;
        Envelope least = default;
        foreach (NodeProcess node in _nodes)
        {
            if (node.Queue.Next != Now.Value)
            {
                continue;
            }
            foreach (int slot in node.Queue.Slots())
            {
                ref Envelope envelope = ref node.Queue[slot];
                if (envelope.Arrival == Now && (first is null || Envelope.Compare(in envelope, in least) < 0))
                {
                    first = node;
                    least = envelope;
                }
            }
        }
        if (first is null || HasFailed || Stop.At <= Now.Value)
        {
            return false;
        }
        Deliver(first);
        return !HasFailed;
    }

    private void Deliver(NodeProcess node)
    {
        foreach (NodeProcess each in _nodes)
        {
            each.Observers = ObserversOf(each.Number);
        }
        _partitions[0].Prepare(Timing.Never);
        Fault? fault = null;
        try
        {
            node.DeliverFirst();
        }
        catch (Exception exception)
        {
            node.HasFailed = true;
            fault = node.FaultOf(exception);
        }
        Note(fault);
    }
}
