using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <summary>
/// Delivers the messages of a <see cref="World"/> in the total order. The outcome of a run is a function of the world
/// and the options, the same for every engine and thread count. One caller at a time.
/// </summary>
public abstract class Engine
{
    /// <summary>How often a run looks up from its windows: output, cancellation, progress.</summary>
    private const long SliceCycles = 1 << 17;

    private readonly Timing _timing;
    private readonly ActorTable _table;
    private readonly int _partitionCount;
    private readonly SortedDictionary<Address, long> _outsideSequences = [];
    private readonly OutputBuffer _output = new();
    private Partition[] _partitions;
    private Fault? _fault;

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
        _partitionCount = Math.Clamp(threads, 1, Math.Max(1, world.Nodes));
        _partitions = Build();
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

    /// <summary>Envelopes delivered so far.</summary>
    public long Deliveries => _partitions.Sum(partition => partition.Deliveries);

    internal Timing Timing => _timing;

    internal ReadOnlySpan<Partition> Partitions => _partitions;

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
        foreach (Partition partition in _partitions)
        {
            foreach (NodeProcess node in partition.Nodes)
            {
                node.Observers = ObserversOf(node.Number);
            }
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
        _partitions = Build();
        _fault = null;
        EngineState.LoadSequences(reader, this, _outsideSequences);
        EngineState.LoadEnvelopes(reader, this);
        (Now, Partitions[0].Stop) = EngineState.LoadRun(reader, Partitions[0]);
    }

    /// <summary>
    /// Goes on at the point of another engine's run: its time, its envelopes under way, its counts. The actors, among
    /// them all of the other's by address, hold their states already.
    /// </summary>
    public void TakeOver(Engine other)
    {
        _partitions = Build();
        _fault = null;
        for (int actor = 0; actor < other.World.Actors.Length; actor++)
        {
            int own = _table.Find(other.World.Actors[actor].Address);
            PartitionOf(own).Sequences[own] = other.PartitionOf(actor).Sequences[actor];
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
    }

    /// <summary>The envelopes under way and who waits for whom, for a report.</summary>
    public string Mailboxes() => EngineReport.Mailboxes(this);

    internal Partition PartitionOf(int actor)
    {
        int node = _table.NodeOf[actor];
        return Array.Find(_partitions, partition => partition.Owns(node))!;
    }

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
        foreach (Partition partition in _partitions)
        {
            foreach (NodeProcess node in partition.Nodes)
            {
                foreach (int slot in node.Queue.Slots())
                {
                    envelopes.Add(node.Queue[slot]);
                }
            }
        }
        envelopes.Sort((left, right) => Envelope.Compare(in left, in right));
        return envelopes;
    }

    /// <summary>Who watches a node in the run that begins.</summary>
    private protected virtual IObserver[] ObserversOf(int node) => NodeObserver is null ? [] : [NodeObserver(node)];

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
        RunWindows(limit);
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

    private NodeProcess NodeOf(int actor) => PartitionOf(actor).NodeAt(_table.NodeOf[actor]);

    private void SaveWorld(StateWriter writer)
    {
        foreach (Actor actor in World.Actors)
        {
            actor.Save(writer);
        }
        EngineState.SaveSequences(writer, this, _outsideSequences);
        EngineState.SaveEnvelopes(writer, Undelivered());
    }

    private long NextEvent()
    {
        long next = Timing.Never;
        foreach (Partition partition in _partitions)
        {
            next = Math.Min(next, Math.Min(partition.NextEnvelope(), partition.NextStep()));
        }
        return next;
    }

    private long LastDelivery()
    {
        long last = 0;
        foreach (Partition partition in _partitions)
        {
            foreach (NodeProcess node in partition.Nodes)
            {
                last = Math.Max(last, node.LastDelivery);
            }
        }
        return last;
    }

    /// <summary>Contiguous ranges of nodes, even by count.</summary>
    private Partition[] Build()
    {
        Partition[] partitions = new Partition[_partitionCount];
        int nodes = Math.Max(1, World.Nodes);
        int[] partitionOf = new int[nodes];
        for (int i = 0; i < _partitionCount; i++)
        {
            int first = nodes * i / _partitionCount;
            int end = nodes * (i + 1) / _partitionCount;
            partitions[i] = new Partition(first, end - first, _table, _timing) { PartitionOf = partitionOf };
            Array.Fill(partitionOf, i, first, end - first);
        }
        return partitions;
    }
}
