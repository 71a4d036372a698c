using System.Diagnostics;
using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <summary>
/// Delivers the messages of a <see cref="World"/> in the total order. The outcome of a run is a function of the world
/// and the options, the same for every thread count.
/// </summary>
public abstract partial class ExactEngine : Engine
{
    // Half of what a message from one thread to another takes both: some lines of the one host core's cache, fetched
    // by the other.
    private static readonly long PassingTicks = Stopwatch.Frequency / 5_000_000;

    private readonly Partition[] _partitions;
    private readonly int[] _partitionOf;
    private NodeProcess[] _nodes;

    /// <param name="world">Its actors belong to this engine from now on.</param>
    /// <param name="options">Negative cycles break an invariant; the caller checks what users wrote.</param>
    /// <param name="threads">Host threads the engine can use.</param>
    private protected ExactEngine(World world, EngineOptions options, int threads)
        : base(world, options)
    {
        Invariant.Holds(threads >= 1);
        _partitionOf = new int[Table.Nodes];
        _partitions = new Partition[Math.Clamp(threads, 1, _partitionOf.Length)];
        for (int i = 0; i < _partitions.Length; i++)
        {
            _partitions[i] = new Partition(Table, Timing, _partitionOf, options.LoanCyclesMin);
        }
        for (int node = 0; node < _partitionOf.Length; node++)
        {
            // Contiguous ranges, even by count, until loads are known.
            _partitionOf[node] = (int)((long)node * _partitions.Length / _partitionOf.Length);
        }
        _nodes = Build();
        Assign();
    }

    public override WindowDelay WindowDelay =>
        _nodes.Aggregate(default(WindowDelay), (sum, node) => sum.Plus(node.Delay));

    public override long Deliveries => _partitions.Sum(partition => partition.Deliveries);

    internal ReadOnlySpan<Partition> Partitions => _partitions;

    internal ReadOnlySpan<NodeProcess> Nodes => _nodes;

    internal override StopRequest Stop =>
        _partitions.Aggregate(StopRequest.None, (first, partition) => StopRequest.First(first, partition.Stop));

    public override long[] DeliveriesByKind()
    {
        long[] sums = new long[ushort.MaxValue + 1];
        foreach (Partition partition in _partitions)
        {
            for (int kind = 0; kind < sums.Length; kind++)
            {
                sums[kind] += partition.DeliveriesByKind[kind];
            }
        }
        return sums;
    }

    internal override ref long Sequence(int actor) => ref NodeOf(actor).Sequence(actor);

    internal override List<Envelope> Undelivered()
    {
        List<Envelope> envelopes = [];
        foreach (NodeProcess node in _nodes)
        {
            foreach (int slot in node.Queue.Slots())
            {
                envelopes.Add(node.Queue[slot]);
            }
        }
        envelopes.Sort((left, right) => Envelope.Compare(in left, in right));
        return envelopes;
    }

    /// <summary>Who watches a node in the run that begins.</summary>
    private protected virtual IObserver[] ObserversOf(int node) => NodeObserver is null ? [] : [NodeObserver(node)];

    /// <summary>Gives nodes to other partitions so that all take about as long. Between slices.</summary>
    private protected void ShareNodes()
    {
        long[] loads = new long[_nodes.Length];
        long[,] passing = new long[_nodes.Length, _nodes.Length];
        foreach (NodeProcess node in _nodes)
        {
            loads[node.Number] = node.SampledTicks * Partition.SampleEvery;
            // Old measurements fade.
            node.SampledTicks /= 2;
            for (int to = 0; to < _nodes.Length; to++)
            {
                passing[node.Number, to] = node.SentTo[to] * PassingTicks;
                node.SentTo[to] /= 2;
            }
        }
        if (LoadBalance.Share(loads, passing, _partitionOf, _partitions.Length))
        {
            Assign();
        }
    }

    private protected override void Begin()
    {
        foreach (NodeProcess node in _nodes)
        {
            node.Observers = ObserversOf(node.Number);
        }
    }

    private protected override void Enter(int source, int target, in Envelope envelope)
    {
        Envelope late = Timing.Late(in envelope);
        NodeOf(target).Fetch(in late, target);
        if (source >= 0)
        {
            NodeOf(source).Remember(source, target, in envelope);
        }
    }

    private protected override Fault? Collect(OutputBuffer output)
    {
        Fault? fault = null;
        foreach (Partition partition in _partitions)
        {
            fault = Fault.First(fault, partition.Fault);
            partition.Output.MoveTo(output);
        }
        return fault;
    }

    private protected override long NextEvent()
    {
        long next = Timing.Never;
        foreach (NodeProcess node in _nodes)
        {
            next = Math.Min(next, Math.Min(node.Queue.Next, node.NextStep));
        }
        return next;
    }

    private protected override long LastDelivery()
    {
        long last = 0;
        foreach (NodeProcess node in _nodes)
        {
            last = Math.Max(last, node.LastDelivery);
        }
        return last;
    }

    private protected override void Clear()
    {
        foreach (Partition partition in _partitions)
        {
            partition.Clear();
        }
        _nodes = Build();
        Assign();
    }

    private protected override void SilenceNodes(NodeSet lost)
    {
        foreach (int node in lost)
        {
            _nodes[node].Silence();
        }
    }

    private protected override void Adopt(SavedCourse course)
    {
        // Only the sums are ever seen.
        _partitions[0].Stop = course.Stop;
        course.DeliveriesByKind.CopyTo(_partitions[0].DeliveriesByKind, 0);
        _partitions[0].Deliveries = course.DeliveriesByKind.Sum();
        _nodes[0].Delay = course.Delay;
    }

    private NodeProcess NodeOf(int actor) => _nodes[Table.NodeOf[actor]];

    /// <summary>The nodes, anew from the actors.</summary>
    private NodeProcess[] Build()
    {
        NodeProcess[] nodes = new NodeProcess[_partitionOf.Length];
        for (int node = 0; node < nodes.Length; node++)
        {
            nodes[node] = new NodeProcess(node, Table, Timing, Codec);
        }
        return nodes;
    }

    /// <summary>Hands the nodes to their partitions.</summary>
    private void Assign()
    {
        for (int i = 0; i < _partitions.Length; i++)
        {
            _partitions[i].Nodes = [.. _nodes.Where(node => _partitionOf[node.Number] == i)];
        }
    }
}
