using System.Diagnostics;
using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <summary>
/// Delivers the messages of a <see cref="World"/> in the total order. The outcome of a run is a function of the world
/// and the options, the same for every engine and thread count. One caller at a time.
/// </summary>
public abstract partial class Engine
{
    /// <summary>How often a run looks up from its windows: output, cancellation, progress.</summary>
    private const long SliceCycles = 1 << 17;

    private readonly Timing _timing;
    private readonly ActorTable _table;
    private readonly SortedDictionary<Address, long> _outsideSequences = [];
    private readonly OutputBuffer _output = new();
    private readonly Partition[] _partitions;
    private readonly int[] _partitionOf;
    private NodeProcess[] _nodes;
    private Fault? _fault;
    private long _windowTicks;

    /// <param name="world">Its actors belong to this engine from now on.</param>
    /// <param name="options">Negative cycles break an invariant; the caller checks what users wrote.</param>
    /// <param name="threads">Host threads the engine can use.</param>
    private protected Engine(World world, EngineOptions options, int threads)
    {
        Invariant.Holds(threads >= 1);
        World = world;
        Options = options;
        _timing = new Timing(options, world.Lookahead);
        _table = new ActorTable(world);
        _partitionOf = new int[Math.Max(1, world.Nodes)];
        _partitions = new Partition[Math.Clamp(threads, 1, _partitionOf.Length)];
        for (int i = 0; i < _partitions.Length; i++)
        {
            _partitions[i] = new Partition(_table, _timing, _partitionOf);
        }
        for (int node = 0; node < _partitionOf.Length; node++)
        {
            // Contiguous ranges, even by count, until loads are known.
            _partitionOf[node] = (int)((long)node * _partitions.Length / _partitionOf.Length);
        }
        _nodes = Build();
        Assign();
    }

    /// <summary>Called with what actors put out, in the order (cycle, source), on the caller's thread.</summary>
    public Action<Address, Cycle, ReadOnlySpan<byte>>? OnOutput { get; set; }

    /// <summary>
    /// Gives each node an observer, called on whatever thread runs the node; asked at the beginning of a run. An
    /// observer of several nodes at once needs the <see cref="DeterministicEngine"/>.
    /// </summary>
    public Func<int, IObserver>? NodeObserver { get; set; }

    public World World { get; }

    public EngineOptions Options { get; }

    /// <summary>Everything before this cycle has happened.</summary>
    public Cycle Now { get; private set; }

    /// <summary>The timing error of longer windows.</summary>
    public WindowDelay WindowDelay =>
        _nodes.Aggregate(default(WindowDelay), (sum, node) => sum.Plus(node.Delay));

    /// <summary>By host thread, the caller's first.</summary>
    public virtual IReadOnlyList<ThreadTime> ThreadTimes
    {
        get
        {
            TimeSpan windows = Stopwatch.GetElapsedTime(0, _windowTicks);
            return [new ThreadTime(windows, default, Stopwatch.GetElapsedTime(0, RunTicks) - windows, 0)];
        }
    }

    /// <summary>Envelopes delivered so far.</summary>
    public long Deliveries => _partitions.Sum(partition => partition.Deliveries);

    internal Timing Timing => _timing;

    /// <summary>Host time spent in <see cref="Run"/>, in ticks of the stopwatch.</summary>
    private protected long RunTicks { get; private set; }

    internal ReadOnlySpan<Partition> Partitions => _partitions;

    internal ReadOnlySpan<NodeProcess> Nodes => _nodes;

    private StopRequest Stop =>
        _partitions.Aggregate(StopRequest.None, (first, partition) => StopRequest.First(first, partition.Stop));

    /// <summary>Envelopes delivered so far by <see cref="Message.Kind"/>, which is the index.</summary>
    public long[] DeliveriesByKind()
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

    /// <summary>Runs until everything before <paramref name="until"/> has happened, or an earlier end.</summary>
    /// <param name="until">The first cycle not to run; <see cref="Cycle.Never"/> for no limit.</param>
    /// <param name="cancelled">Asked now and then; true ends the run at a point where it can be resumed.</param>
    /// <param name="progress">Told now and then how far the run is.</param>
    public RunResult Run(Cycle until, Func<bool>? cancelled = null, Action<Progress>? progress = null)
    {
        Cycle start = Now;
        long startTicks = Stopwatch.GetTimestamp();
        foreach (NodeProcess node in _nodes)
        {
            node.Observers = ObserversOf(node.Number);
        }
        Begin();
        try
        {
            while (true)
            {
                StopRequest stop = Stop;
                if (_fault is not null)
                {
                    return EngineReport.Faulted(this, _fault);
                }
                if (stop.At <= Now.Value)
                {
                    return new RunResult(Outcome.Stopped, Now, stop.ExitCode, stop.Reason, "");
                }
                long next = NextEvent();
                if (next == Timing.Never && stop.At == Timing.Never)
                {
                    Now = Cycle.Max(start, new Cycle(LastDelivery()));
                    return EngineReport.NoProgress(this, LastDelivery());
                }
                if (Now >= until)
                {
                    return new RunResult(Outcome.ReachedLimit, Now, 0, $"reached the limit {until}", "");
                }
                if (cancelled is not null && cancelled())
                {
                    return new RunResult(Outcome.Cancelled, Now, 0, $"cancelled at {Now}", "");
                }
                long slice = Timing.Plus(Math.Max(next, Now.Value), SliceCycles);
                RunTo(Math.Min(Math.Min(until.Value, stop.At), slice));
                progress?.Invoke(new Progress(Now, Deliveries));
            }
        }
        finally
        {
            End();
            RunTicks += Stopwatch.GetTimestamp() - startTicks;
        }
    }

    /// <summary>Puts an envelope from outside (keyboard, wire) into the run, between two calls of <see cref="Run"/>.
    /// </summary>
    /// <param name="outside">Whom it comes from; its role is <see cref="Role.Outside"/>.</param>
    /// <param name="target">The actor it goes to.</param>
    /// <param name="message">Without payload.</param>
    /// <param name="arrival">Not before <see cref="Now"/>, and not before an earlier one of the same kind.</param>
    public void Post(Address outside, Address target, in Message message, Cycle arrival)
    {
        Invariant.Holds(outside.Role == Role.Outside);
        Invariant.Holds(arrival >= Now);
        Invariant.Holds(message.PayloadBytes == 0);
        _outsideSequences.TryGetValue(outside, out long sequence);
        _outsideSequences[outside] = sequence + 1;
        Envelope envelope = default;
        envelope.Arrival = arrival;
        envelope.TieBreak = _timing.Order.TieBreak(arrival, outside, target, message.Lane);
        envelope.Sequence = sequence;
        envelope.Source = outside;
        envelope.Target = target;
        envelope.Message = message;
        Accept(in envelope);
    }

    /// <summary>
    /// All actors, the undelivered envelopes in the total order and the sequence numbers: one number.
    /// </summary>
    public ulong StateHash()
    {
        StateHash hash = new();
        SaveWorld(hash);
        return hash.Value;
    }

    /// <summary>Writes the whole run: <see cref="StateHash"/>'s parts, the time, a pending stop, the counts.</summary>
    public void Save(StateWriter writer)
    {
        SaveWorld(writer);
        EngineState.SaveRun(writer, this, Stop);
    }

    /// <summary>
    /// Reads what <see cref="Save"/> of any engine wrote for the same world. Afterwards this run goes on as the saved
    /// one would have, given the same options.
    /// </summary>
    public void Load(StateReader reader)
    {
        foreach (Actor actor in World.Actors)
        {
            actor.Load(reader);
        }
        StartAnew();
        EngineState.LoadSequences(reader, this, _outsideSequences);
        EngineState.LoadEnvelopes(reader, this);
        (Now, Partitions[0].Stop) = EngineState.LoadRun(reader, Partitions[0], _nodes[0]);
    }

    /// <summary>
    /// Goes on at the point of another engine's run: its time, its envelopes under way, its counts. The actors, among
    /// them all of the other's by address, hold their states already.
    /// </summary>
    public void TakeOver(Engine other)
    {
        StartAnew();
        for (int actor = 0; actor < other.World.Actors.Length; actor++)
        {
            int own = _table.Find(other.World.Actors[actor].Address);
            NodeOf(own).Sequence(own) = other.NodeOf(actor).Sequence(actor);
        }
        _outsideSequences.Clear();
        foreach ((Address outside, long sequence) in other._outsideSequences)
        {
            _outsideSequences[outside] = sequence;
        }
        foreach (Envelope envelope in other.Undelivered())
        {
            Accept(in envelope);
        }
        Now = other.Now;
        Partitions[0].Stop = other.Stop;
        Partitions[0].Deliveries = other.Deliveries;
        other.DeliveriesByKind().CopyTo(Partitions[0].DeliveriesByKind, 0);
        _nodes[0].Delay = other.WindowDelay;
    }

    /// <summary>The envelopes under way and who waits for whom, for a report.</summary>
    public string Mailboxes() => EngineReport.Mailboxes(this);

    /// <summary>All undelivered envelopes, in the total order.</summary>
    public IReadOnlyList<Envelope> UnderWay() => Undelivered();

    /// <summary>The node of an actor, by its number in <see cref="World.Actors"/>.</summary>
    internal NodeProcess NodeOf(int actor) => _nodes[_table.NodeOf[actor]];

    internal void Accept(in Envelope envelope)
    {
        int target = _table.Find(envelope.Target);
        NodeOf(target).Fetch(in envelope, target);
        if (envelope.Source.Role != Role.Outside)
        {
            int source = _table.Find(envelope.Source);
            NodeOf(source).Remember(source, target, in envelope);
        }
    }

    /// <summary>All undelivered envelopes, in the total order.</summary>
    internal List<Envelope> Undelivered()
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

    /// <summary>Gives nodes to other partitions so that all have about the same load. Between slices.</summary>
    private protected void ShareNodes()
    {
        long[] loads = [.. _nodes.Select(node => node.SampledTicks)];
        if (LoadBalance.Share(loads, _partitionOf, _partitions.Length))
        {
            Assign();
        }
        foreach (NodeProcess node in _nodes)
        {
            // Old measurements fade.
            node.SampledTicks /= 2;
        }
    }

    /// <summary>Before the windows of one call of <see cref="Run"/>.</summary>
    private protected virtual void Begin()
    {
    }

    /// <summary>After them, whatever happened.</summary>
    private protected virtual void End()
    {
    }

    /// <summary>Makes everything before the limit or an earlier stop happen, or stops at a fault.</summary>
    private protected abstract void RunWindows(long limit);

    private void RunTo(long limit)
    {
        long start = Stopwatch.GetTimestamp();
        RunWindows(limit);
        _windowTicks += Stopwatch.GetTimestamp() - start;
        foreach (Partition partition in _partitions)
        {
            _fault = Fault.First(_fault, partition.Fault);
            partition.Output.MoveTo(_output);
        }
        _output.Flush(OnOutput);
        if (_fault is null)
        {
            Now = new Cycle(Math.Min(limit, Stop.At));
        }
    }

    private void SaveWorld(StateWriter writer)
    {
        foreach (Actor actor in World.Actors)
        {
            writer.Begin(actor.Address);
            actor.Save(writer);
        }
        writer.Begin(default);
        EngineState.SaveSequences(writer, this, _outsideSequences);
        EngineState.SaveEnvelopes(writer, Undelivered());
    }

    private long NextEvent()
    {
        long next = Timing.Never;
        foreach (NodeProcess node in _nodes)
        {
            next = Math.Min(next, Math.Min(node.Queue.Next, node.NextStep));
        }
        return next;
    }

    private long LastDelivery()
    {
        long last = 0;
        foreach (NodeProcess node in _nodes)
        {
            last = Math.Max(last, node.LastDelivery);
        }
        return last;
    }

    private void StartAnew()
    {
        foreach (Partition partition in _partitions)
        {
            partition.Clear();
        }
        _output.Flush(null);
        _nodes = Build();
        Assign();
        _fault = null;
    }

    /// <summary>The nodes, anew from the actors.</summary>
    private NodeProcess[] Build()
    {
        NodeProcess[] nodes = new NodeProcess[_partitionOf.Length];
        for (int node = 0; node < nodes.Length; node++)
        {
            nodes[node] = new NodeProcess(node, _table, _timing);
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
