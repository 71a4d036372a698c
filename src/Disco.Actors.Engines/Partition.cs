using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <summary>
/// The nodes one host thread runs: a contiguous range. Lets each run ahead as far as the others' earliest events
/// allow, one after the other, so that a thread stays with one node's data for a whole window.
/// </summary>
/// <remarks>
/// A pass reads every node's earliest envelope e and earliest clock c. Nothing of a node m happens before min(e, c),
/// so nothing sent by m from now on arrives at another node before Crossing(min(e, c)), nor at an actor that acts by
/// itself before min(Crossing(e), RemoteReach(c)): those are the other nodes' limits in this pass. The node with the
/// earliest event always has room for it, so a pass makes progress. Other partitions give the outer limits by the same
/// rule.
/// </remarks>
internal sealed class Partition
{
    private readonly NodeProcess[] _nodes;
    private readonly int _firstNode;
    private readonly int[] _nodeOf;
    private readonly Timing _timing;
    private readonly long[] _nextEnvelopes;
    private readonly long[] _nextSteps;

    // The limits from other partitions in the window under way.
    private long _deliveryLimit;
    private long _runLimit;

    public Partition(int firstNode, int nodes, ActorTable table, Timing timing)
    {
        _firstNode = firstNode;
        _nodeOf = table.NodeOf;
        _timing = timing;
        _nextEnvelopes = new long[nodes];
        _nextSteps = new long[nodes];
        Sequences = new long[table.Actors.Length];
        _nodes = new NodeProcess[nodes];
        for (int i = 0; i < nodes; i++)
        {
            _nodes[i] = new NodeProcess(firstNode + i, this, table, timing);
            _nodes[i].NoteAllSteps();
        }
    }

    /// <summary>Per actor of the world, how many envelopes it sent; meaningful for the actors of this partition.
    /// </summary>
    public long[] Sequences { get; }

    public long[] DeliveriesByKind { get; } = new long[ushort.MaxValue + 1];

    public long Deliveries { get; set; }

    public StopRequest Stop { get; set; } = StopRequest.None;

    public OutputBuffer Output { get; } = new();

    public Fault? Fault { get; private set; }

    /// <summary>By partition; where <see cref="Carry"/> puts what leaves. Null in the deterministic engine.</summary>
    public Outbox[]? Outboxes { get; set; }

    /// <summary>By node of the world, the partition it belongs to.</summary>
    public int[] PartitionOf { get; set; } = [];

    /// <summary>The earliest arrival put into the outboxes since it was last set to never.</summary>
    public long NextCarried { get; set; } = Timing.Never;

    public ReadOnlySpan<NodeProcess> Nodes => _nodes;

    public NodeProcess NodeAt(int node) => _nodes[node - _firstNode];

    public bool Owns(int node) => (uint)(node - _firstNode) < (uint)_nodes.Length;

    public long NextEnvelope()
    {
        long next = Timing.Never;
        foreach (NodeProcess node in _nodes)
        {
            next = Math.Min(next, node.Queue.Next);
        }
        return next;
    }

    public long NextStep()
    {
        long next = Timing.Never;
        foreach (NodeProcess node in _nodes)
        {
            next = Math.Min(next, node.NextStep);
        }
        return next;
    }

    /// <summary>Runs all nodes until nothing is left before the limits. An exception becomes <see cref="Fault"/>.
    /// </summary>
    /// <param name="deliveryLimit">No envelope of another partition arrives before this cycle.</param>
    /// <param name="runLimit">None arrives for an actor that acts by itself before this one; not earlier.</param>
    public void RunWindow(long deliveryLimit, long runLimit)
    {
        if (Fault is not null)
        {
            return;
        }
        _deliveryLimit = deliveryLimit;
        _runLimit = runLimit;
        NodeProcess node = _nodes[0];
        try
        {
            if (_nodes.Length == 1)
            {
                node.RunWindow(Math.Min(deliveryLimit, Stop.At), Math.Min(runLimit, Stop.At));
                return;
            }
            while (RunPass(ref node))
            {
            }
        }
        catch (Exception exception)
        {
            Fault = node.FaultOf(exception);
        }
    }

    /// <summary>Takes over what another partition sent, and leaves the outbox empty.</summary>
    public void Fetch(Outbox outbox)
    {
        for (int i = 0; i < outbox.Count && Fault is null; i++)
        {
            ref Envelope envelope = ref outbox[i];
            try
            {
                int target = outbox.TargetOf(i);
                NodeAt(_nodeOf[target]).Fetch(in envelope, target);
            }
            catch (Exception exception)
            {
                Fault = new Fault(envelope.Source, envelope.Arrival.Value, envelope, exception);
            }
        }
        outbox.Clear();
    }

    /// <summary>Makes room for an envelope to another node, to be filled in by the sender.</summary>
    public ref Envelope Carry(int target, long arrival)
    {
        int node = _nodeOf[target];
        if (Owns(node))
        {
            NodeProcess process = NodeAt(node);
            return ref process.Queue[process.Enqueue(arrival, target)];
        }
        NextCarried = Math.Min(NextCarried, arrival);
        long answer = _timing.Crossing(arrival);
        _deliveryLimit = Math.Min(_deliveryLimit, answer);
        _runLimit = Math.Min(_runLimit, answer);
        return ref Outboxes![PartitionOf[node]].Add(target);
    }

    /// <summary>Each node once, as far as the others' events at the start of the pass allow.</summary>
    /// <returns>False when no node had anything left before the limits.</returns>
    private bool RunPass(ref NodeProcess running)
    {
        Earliest envelopes = new();
        Earliest steps = new();
        Earliest events = new();
        for (int i = 0; i < _nodes.Length; i++)
        {
            long envelope = _nodes[i].Queue.Next;
            long step = _nodes[i].NextStep;
            _nextEnvelopes[i] = envelope;
            _nextSteps[i] = step;
            envelopes.Note(i, envelope);
            steps.Note(i, step);
            events.Note(i, Math.Min(envelope, step));
        }
        bool ran = false;
        for (int i = 0; i < _nodes.Length; i++)
        {
            long delivery = Math.Min(_deliveryLimit, Stop.At);
            delivery = Math.Min(delivery, _timing.Crossing(events.Without(i)));
            long run = Math.Min(_runLimit, Stop.At);
            run = Math.Min(run, _timing.Crossing(envelopes.Without(i)));
            run = Math.Min(run, _timing.RemoteReach(steps.Without(i)));
            long envelope = _nextEnvelopes[i];
            long step = _nextSteps[i];
            if (envelope <= step ? envelope < delivery : step < run)
            {
                running = _nodes[i];
                running.RunWindow(delivery, run);
                ran = true;
            }
        }
        return ran;
    }
}
