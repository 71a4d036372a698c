using System.Diagnostics;
using System.Runtime.Intrinsics;
using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <summary>
/// The nodes one host thread runs. Lets each run ahead as far as the others' earliest events allow, the one that is
/// behind first.
/// </summary>
/// <remarks>
/// Of every node its earliest events are known and with them what it leaves the others (<see cref="Timing.Leave"/>):
/// nothing it does from now on arrives elsewhere before. The node with the earliest event always has room among the
/// others, so running it makes progress; as each run takes a node about one lookahead beyond the rest, nodes come to
/// lie at different cycles, and the thread as a whole moves on in small steps that other threads can follow. What
/// other partitions leave is <see cref="Outer"/>.
/// </remarks>
internal sealed partial class Partition(ActorTable table, Timing timing, int[] partitionOf, long loanCyclesMin)
{
    /// <summary>Of so many turns one is timed.</summary>
    public const int SampleEvery = 64;

    private const int Lanes = 4;

    // Behind what changes every turn, so that another partition's does not come to lie on the same cache line.
    private const int Gap = 16;
    private const int PlaceBits = 12;
    private const long LastKey = long.MaxValue >> PlaceBits;

    // A sample in which the host took the core away counts as the work it may at most have been.
    private static readonly long SampleTicksMax = Stopwatch.Frequency / 20_000;

    private readonly int[] _nodeOf = table.NodeOf;
    private readonly bool[] _atBorder = table.AtBorder;
    private readonly int[] _places = new int[partitionOf.Length];
    private NodeProcess[] _nodes = [];

    // By place in _nodes, filled up with the largest to whole vectors: the earliest event above the place, and what
    // the node leaves others.
    private long[] _keys = [];
    private long[] _deliveries = [];
    private long[] _runs = [];
    private int _length;

    // Of the last survey: the nodes with the earliest and the second earliest event, the second smallest of what any
    // of them leaves.
    private long _firstKey;
    private long _secondKey;
    private Limits _second;
    private int _turns;

    /// <summary>The shortest way of a message to another partition.</summary>
    public long LookaheadCycles => timing.CrossNodeCycles;

    public long[] DeliveriesByKind { get; } = new long[ushort.MaxValue + 1];

    public long Deliveries { get; set; }

    public StopRequest Stop { get; set; } = StopRequest.None;

    public OutputBuffer Output { get; } = new();

    public Fault? Fault { get; private set; }

    /// <summary>By partition, where <see cref="Carry"/> puts what leaves; empty when there is no other.</summary>
    public Channel?[] Channels { get; set; } = [];

    /// <summary>What the other partitions leave this one; <see cref="Carry"/> lowers it.</summary>
    public Limits Outer { get; set; } = Limits.None;

    /// <summary>The first cycle not to run: a limit of the run, a stop, a fault.</summary>
    public long End { get; private set; }

    /// <summary>The earliest event, as of the last <see cref="Survey"/>.</summary>
    public long Next { get; private set; } = Timing.Never;

    /// <summary>What its nodes leave others, as of the last <see cref="Survey"/>.</summary>
    public Limits Leave { get; private set; } = Limits.None;

    /// <summary>In ascending order. To be changed while no partition runs.</summary>
    public ReadOnlySpan<NodeProcess> Nodes
    {
        get => _nodes;
        set
        {
            _nodes = value.ToArray();
            _length = (_nodes.Length + Lanes - 1) / Lanes * Lanes;
            _keys = new long[_length + Gap];
            _deliveries = new long[_length + Gap];
            _runs = new long[_length + Gap];
            Invariant.Holds(!HasLent);
            _loans = [.. _nodes.Select(_ => new Loan())];
            Array.Fill(_places, -1);
            for (int place = 0; place < _nodes.Length; place++)
            {
                _places[_nodes[place].Number] = place;
                _nodes[place].AssignTo(this);
            }
        }
    }

    /// <summary>Reads all nodes anew, after they were built, loaded or handed envelopes from outside.</summary>
    /// <param name="end">The first cycle not to run.</param>
    public void Prepare(long end)
    {
        End = Math.Min(end, Stop.At);
        Outer = Limits.None;
        Array.Fill(_keys, Timing.Never);
        Array.Fill(_deliveries, Timing.Never);
        Array.Fill(_runs, Timing.Never);
        for (int place = 0; place < _nodes.Length; place++)
        {
            Note(place);
        }
        Survey();
    }

    /// <summary>Forgets what it counted and how it ended, before another run is loaded.</summary>
    public void Clear()
    {
        Array.Clear(DeliveriesByKind);
        Deliveries = 0;
        Stop = StopRequest.None;
        Fault = null;
    }

    public void EndBy(long cycle) => End = Math.Min(End, cycle);

    /// <summary>Runs everything before <see cref="End"/>, without other partitions.</summary>
    public void RunToEnd()
    {
        do
        {
            Survey();
        }
        while (RunFirst());
    }

    /// <summary>Finds the node with the earliest event and how far each may go.</summary>
    public void Survey()
    {
        Vector256<long> key = Vector256.Create(long.MaxValue);
        Vector256<long> key2 = key, delivery = key, delivery2 = key, run = key, run2 = key;
        for (nuint i = 0; i < (nuint)_length; i += Lanes)
        {
            Vector256<long> values = Vector256.LoadUnsafe(ref _keys[0], i);
            key2 = Vector256.Min(key2, Vector256.Max(key, values));
            key = Vector256.Min(key, values);
            values = Vector256.LoadUnsafe(ref _deliveries[0], i);
            delivery2 = Vector256.Min(delivery2, Vector256.Max(delivery, values));
            delivery = Vector256.Min(delivery, values);
            values = Vector256.LoadUnsafe(ref _runs[0], i);
            run2 = Vector256.Min(run2, Vector256.Max(run, values));
            run = Vector256.Min(run, values);
        }
        (_firstKey, _secondKey) = Two(key, key2);
        Next = CycleOf(_firstKey);
        (long firstDelivery, long secondDelivery) = Two(delivery, delivery2);
        (long firstRun, long secondRun) = Two(run, run2);
        Leave = new Limits(firstDelivery, firstRun);
        _second = new Limits(secondDelivery, secondRun);
    }

    /// <summary>
    /// Gives the node that is behind a window, or if other partitions keep it from going on, another one.
    /// An exception becomes <see cref="Fault"/>.
    /// </summary>
    /// <returns>False when no node has anything to do before its limits.</returns>
    public bool RunFirst()
    {
        if (Next >= End)
        {
            return false;
        }
        if (Channels.Length > 1 && loanCyclesMin <= LookaheadCycles)
        {
            Offer();
        }
        bool hasRun = TryRun(PlaceOf(_firstKey));
        Withdraw();
        if (hasRun)
        {
            return true;
        }
        // Somewhere an actor that acts by itself may still be allowed to.
        for (int place = 0; place < _nodes.Length; place++)
        {
            if (TryRun(place))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Makes room for an envelope to another node, to be filled in by the sender.</summary>
    public ref Envelope Carry(int target, long arrival)
    {
        int node = _nodeOf[target];
        int place = _places[node];
        if (place >= 0)
        {
            return ref Receive(place, arrival, target);
        }
        Outer = Limits.Min(Outer, timing.Answer(arrival, _atBorder[target]));
        return ref Channels[partitionOf[node]]!.Add(arrival, _atBorder[target]);
    }

    /// <summary>Takes over what arrives from another partition.</summary>
    public void Fetch(in Envelope envelope)
    {
        int target = table.Find(envelope.Target);
        int place = _places[_nodeOf[target]];
        try
        {
            Envelope.Copy(in envelope, ref Receive(place, envelope.Arrival.Value, target));
        }
        catch (Exception exception)
        {
            Fail(place, new Fault(envelope.Source, envelope.Arrival.Value, envelope, exception));
        }
    }

    /// <summary>The smallest and the second smallest of all lanes, from those of each lane.</summary>
    private static (long Least, long Second) Two(Vector256<long> least, Vector256<long> second)
    {
        Vector128<long> low = least.GetLower(), high = least.GetUpper();
        Vector128<long> two = Vector128.Min(
            Vector128.Min(second.GetLower(), second.GetUpper()), Vector128.Max(low, high));
        Vector128<long> one = Vector128.Min(low, high);
        return (Math.Min(one[0], one[1]), Math.Min(Math.Min(two[0], two[1]), Math.Max(one[0], one[1])));
    }

    private static int PlaceOf(long key) => (int)key & ((1 << PlaceBits) - 1);

    private static long CycleOf(long key) => key >> PlaceBits == LastKey ? Timing.Never : key >> PlaceBits;

    private static long KeyOf(long cycle, int place) => (Math.Min(cycle, LastKey) << PlaceBits) | (uint)place;

    /// <summary>How far all others and the end allow a node to go.</summary>
    private Limits LimitsOf(int place) => Limits.Min(
        Outer,
        new Limits(
            _deliveries[place] == Leave.Delivery ? _second.Delivery : Leave.Delivery,
            _runs[place] == Leave.Run ? _second.Run : Leave.Run)).AtMost(End);

    /// <summary>Runs a node as far as it may go; false when it has nothing to do before, or is away.</summary>
    private bool TryRun(int place)
    {
        NodeProcess node = _nodes[place];
        Limits limits = LimitsOf(place);
        if (_loans[place].IsOut || node.HasFailed || !limits.Allow(node.Queue.Next, node.NextStep))
        {
            return false;
        }
        Run(place, node, limits);
        return true;
    }

    private ref Envelope Receive(int place, long arrival, int target)
    {
        if (place == _offered)
        {
            Withdraw();
        }
        NodeProcess node = _nodes[place];
        if (_loans[place].IsOut)
        {
            LowerLeave(place, arrival, target);
            return ref _loans[place].Received.Add();
        }
        int slot = node.Enqueue(arrival, target);
        if (!node.HasFailed)
        {
            _keys[place] = Math.Min(_keys[place], KeyOf(arrival, place));
            LowerLeave(place, arrival, target);
        }
        return ref node.Queue[slot];
    }

    private void LowerLeave(int place, long arrival, int target)
    {
        Limits leave = timing.Answer(arrival, _atBorder[target]);
        _deliveries[place] = Math.Min(_deliveries[place], leave.Delivery);
        _runs[place] = Math.Min(_runs[place], leave.Run);
    }

    private void Run(int place, NodeProcess node, Limits limits)
    {
        try
        {
            RunTurn(node, limits);
        }
        catch (Exception exception)
        {
            Fail(place, node.FaultOf(exception));
        }
        Note(place);
    }

    private void RunTurn(NodeProcess node, Limits limits)
    {
        if (++_turns % SampleEvery == 0)
        {
            long start = Stopwatch.GetTimestamp();
            node.RunWindow(limits);
            node.SampledTicks += Math.Min(Stopwatch.GetTimestamp() - start, SampleTicksMax);
        }
        else
        {
            node.RunWindow(limits);
        }
        EndBy(Stop.At);
    }

    private void Note(int place)
    {
        NodeProcess node = _nodes[place];
        bool over = node.HasFailed;
        Limits leave = over ? Limits.None : node.Leave;
        _keys[place] = KeyOf(over ? Timing.Never : Math.Min(node.Queue.Next, node.NextStep), place);
        _deliveries[place] = leave.Delivery;
        _runs[place] = leave.Run;
    }

    /// <summary>
    /// The other nodes go on until they have done everything before the fault too, so that the earliest fault of a
    /// run does not depend on who got where first.
    /// </summary>
    private void Fail(int place, Fault fault)
    {
        _nodes[place].HasFailed = true;
        Note(place);
        Fault = Fault.First(Fault, fault);
        EndBy(Fault!.Cycle + 1);
    }
}
