using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <content>Stopping between two deliveries of one cycle.</content>
public abstract partial class Engine
{
    /// <summary>
    /// The cycle of the earliest envelope or of the earliest act of an actor, as far as known;
    /// <see cref="Cycle.Never"/> when nothing can happen any more.
    /// </summary>
    public Cycle NextEventCycle => new(NextEvent());

    /// <summary>
    /// Delivers the first envelope of the cycle <see cref="Now"/>; false when none is left or the run has ended. What
    /// it puts out is handed over by the next <see cref="Run"/>.
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
        if (first is null || _fault is not null || Stop.At <= Now.Value)
        {
            return false;
        }
        Deliver(first);
        return _fault is null;
    }

    private void Deliver(NodeProcess node)
    {
        foreach (NodeProcess each in _nodes)
        {
            each.Observers = ObserversOf(each.Number);
        }
        _partitions[0].Prepare(Timing.Never);
        try
        {
            node.DeliverFirst();
        }
        catch (Exception exception)
        {
            node.HasFailed = true;
            _fault = node.FaultOf(exception);
        }
        _partitions[0].Output.MoveTo(_output);
    }
}
