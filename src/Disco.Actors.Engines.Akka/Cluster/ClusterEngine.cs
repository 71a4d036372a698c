using Akka.Actor;
using Disco.Actors.Core;
using Address = Disco.Actors.Core.Address;
using Envelope = Disco.Actors.Core.Envelope;

namespace Disco.Actors.Engines.Akka.Cluster;

/// <summary>
/// As <see cref="AkkaEngine"/>, with the nodes of the machine spread over several processes of an Akka cluster, of
/// which this one is the coordinator. Windows are granted to all together; after each call of <see cref="Engine.Run"/>
/// the states of all actors are brought here: a report, a hash and a recording are those of the whole machine.
/// </summary>
public sealed class ClusterEngine : Engine, IDisposable
{
    private readonly ClusterOptions _cluster;
    private readonly ActorSystem _system;
    private readonly IActorRef _director;
    private readonly EnvelopeCodec _codec;
    private readonly MemberView[] _members;
    private readonly long[] _sequences;
    private readonly OutputBuffer _texts = new();
    private readonly IObserver?[] _observers;
    private Membership _membership = new(0, 0, []);
    private List<Envelope> _entering = [];
    private readonly Action<string> _log;
    private Standing _standing;
    private Fault? _lost;
    private bool _isAssembled;

    /// <summary>Waits until all processes have joined and built the same machine.</summary>
    /// <param name="world">All of it.</param>
    /// <param name="options">Exact windows only.</param>
    /// <param name="akka">The engine's own.</param>
    /// <param name="cluster">Who may take part.</param>
    /// <param name="settings">From which members build the machine.</param>
    /// <param name="log">Told who comes and goes.</param>
    /// <remarks>Errors: ClusterException when not all come, or one has another machine.</remarks>
    public ClusterEngine(
        World world, EngineOptions options, AkkaOptions akka, ClusterOptions cluster, byte[] settings,
        Action<string> log)
        : base(world, options)
    {
        Invariant.Holds(options.WindowCycles == 0 && cluster.Members >= 1);
        _cluster = cluster;
        _log = log;
        _observers = new IObserver?[world.Nodes];
        _sequences = new long[world.Actors.Length];
        _codec = new EnvelopeCodec(world.Names.Families, Timing.Order);
        _members = [.. Enumerable.Range(0, cluster.Members).Select(_ => new MemberView(_codec, Table))];
        _standing = new Standing(world.Actors.Min(actor => actor.NextStep.Value), StopRequest.None, [], [], 0);
        _system = ActorSystem.Create("disco", cluster.ToConfig(options.Threads, "coordinator"));
        EnvelopeCodec codec = _codec;
        int count = cluster.Members;
        Action<int> giveUp = GiveUp;
        _director = _system.ActorOf(
            Props.Create(() => new Director(count, akka, codec, giveUp)).WithDispatcher(Pacer.Dispatcher), "director");
        try
        {
            Assemble(new Blueprint(world, options, akka), settings, log);
            _isAssembled = true;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public override WindowDelay WindowDelay =>
        _members.Aggregate(default(WindowDelay), (sum, member) => sum.Plus(member.Delay));

    public override long Deliveries => _members.Sum(member => member.Deliveries);

    public override bool CanBeRepeated => _standing.Gone.Length == 0;

    internal override StopRequest Stop => _standing.Stop;

    public override long[] DeliveriesByKind()
    {
        long[] byKind = new long[ushort.MaxValue + 1];
        foreach (MemberView member in _members)
        {
            for (int kind = 0; kind < byKind.Length; kind++)
            {
                byKind[kind] += member.DeliveriesByKind[kind];
            }
        }
        return byKind;
    }

    public override IReadOnlyList<LateEnvelope> TakeLate()
    {
        List<LateEnvelope> late = [.. _members.SelectMany(member => member.Late)];
        foreach (MemberView member in _members)
        {
            member.Late.Clear();
        }
        late.Sort((left, right) =>
            (left.Source.Packed, left.Sequence).CompareTo((right.Source.Packed, right.Sequence)));
        return late;
    }

    /// <summary>Ends all processes of the run.</summary>
    public void Dispose()
    {
        if (_system.WhenTerminated.IsCompleted)
        {
            return;
        }
        bool isGood = _isAssembled && !HasFailed;
        byte[] end = Control.Of(ControlKind.End, writer =>
        {
            writer.Write(isGood);
            writer.Write("the run has failed");
        });
        for (int member = 1; member < _membership.Addresses.Length; member++)
        {
            _system.ActorSelection("/user/part").Tell(new ToMember(member, end), ActorRefs.NoSender);
        }
        if (_membership.Addresses.Length > 1)
        {
            // Until they have said that they know; they end by themselves if it is lost.
            Task.Delay(TimeSpan.FromMilliseconds(500)).Wait();
        }
        // Who has joined need not find out by itself that there will be no run.
        Departure.End(_system, leave: !_isAssembled);
    }

    internal override ref long Sequence(int actor) => ref _sequences[actor];

    internal override List<Envelope> Undelivered()
    {
        List<Envelope> envelopes = [.. _members.SelectMany(member => member.Undelivered), .. _entering];
        envelopes.Sort((left, right) => Envelope.Compare(in left, in right));
        return envelopes;
    }

    private protected override void Begin()
    {
        Invariant.Holds(Lateness is null);
        for (int node = 0; node < _observers.Length; node++)
        {
            _observers[node] = NodeObserver?.Invoke(node);
        }
    }

    private protected override void End()
    {
        TakeStates();
    }

    private void TakeStates()
    {
        byte[]?[] states = Ask(ControlKind.State);
        for (int member = 0; member < states.Length; member++)
        {
            if (states[member] is { } bytes)
            {
                using BinaryReader reader = Control.Read(bytes, out _);
                _members[member].TakeState(reader, _sequences);
            }
        }
    }

    private protected override void RunWindows(long limit)
    {
        bool isRepaired;
        do
        {
            int[] known = _standing.Gone;
            RunSome(limit);
            int[] gone = [.. _standing.Gone.Except(known)];
            isRepaired = gone.Length > 0 && TryGoOnWithout(gone);
        }
        while (isRepaired);
    }

    /// <summary>Runs to the limit, or to the end of the window in which a member was found to be gone.</summary>
    private void RunSome(long limit)
    {
        TaskCompletionSource<Standing> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bool watch = _observers.Any(observer => observer is not null);
        _director.Tell(
            new Advance(limit, watch, _entering, _standing.Gone.Length, done), ActorRefs.NoSender);
        _standing = done.Task.GetAwaiter().GetResult();
        _entering = _standing.Entering;
        byte[]?[] collected = Ask(ControlKind.Collect);
        for (int member = 0; member < collected.Length; member++)
        {
            if (collected[member] is { } bytes)
            {
                using BinaryReader reader = Control.Read(bytes, out _);
                _members[member].Take(reader, _texts);
            }
        }
        TellObservers();
    }

    /// <summary>
    /// What the world makes of it is done here, to the states of all; those that changed go back to their processes.
    /// </summary>
    private protected override void Rebuild(IReadOnlyList<Envelope> envelopes, NodeSet gone)
    {
        byte[][] orders = [.. Enumerable.Range(0, _members.Length).Select(member => Control.Of(
            ControlKind.Restore, writer => WriteRestored(writer, member, envelopes)))];
        _entering.Clear();
        TaskCompletionSource<byte[]?[]> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _director.Tell(new Spread(orders, done), ActorRefs.NoSender);
        done.Task.GetAwaiter().GetResult();
        Silence(gone);
    }

    private protected override Fault? Collect(OutputBuffer output)
    {
        _texts.MoveTo(output);
        return _members.Aggregate(_lost, (fault, member) => Fault.First(fault, member.Fault));
    }

    private protected override long NextEvent() => _entering.Count == 0
        ? _standing.Next
        : Math.Min(_standing.Next, _entering.Min(envelope => envelope.Arrival.Value));

    private protected override long LastDelivery() => _members.Max(member => member.LastDelivery);

    private protected override void Enter(int source, int target, in Envelope envelope) => _entering.Add(envelope);

    private protected override void Clear() =>
        Invariant.Broken("a saved run cannot be loaded into processes that have begun one");

    private protected override void SilenceNodes(NodeSet lost)
    {
    }

    private protected override void Adopt(SavedCourse course) => Invariant.Broken("not reached");

    private void Assemble(Blueprint plan, byte[] settings, Action<string> log)
    {
        TaskCompletionSource<Membership> complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
        global::Akka.Cluster.Cluster cluster = global::Akka.Cluster.Cluster.Get(_system);
        cluster.Join(cluster.SelfAddress);
        log($"waiting at {cluster.SelfAddress} for {_cluster.Members - 1} more processes: disco node --join "
            + $"{cluster.SelfAddress.Host}:{cluster.SelfAddress.Port}");
        ClusterOptions options = _cluster;
        string versions = Handshake.Versions(_cluster.Families);
        IActorRef director = _director;
        IActorRef gate = _system.ActorOf(
            Props.Create(() => new Gate(options, versions, director, complete, log)), "gate");
        if (!complete.Task.Wait(_cluster.JoinWait))
        {
            throw new ClusterException($"Not all of {_cluster.Members} processes have joined within "
                + $"{_cluster.JoinWait.TotalSeconds} s: start disco node --join {cluster.SelfAddress.Host}:"
                + $"{cluster.SelfAddress.Port} for each.");
        }
        Membership membership = _membership = complete.Task.Result;
        Func<byte[], Blueprint> build = _ => plan;
        IActorRef part = _system.ActorOf(
            Props.Create(() => new Part(membership, director, build, options.AnswerWait))
                .WithDispatcher(Pacer.Dispatcher),
            "part");
        _director.Tell(new PartIs(part), ActorRefs.NoSender);
        byte[]?[] built = Ask(Control.Of(ControlKind.Build, writer =>
        {
            writer.Write(settings.Length);
            writer.Write(settings);
        }));
        gate.Tell(new PartIs(part), ActorRefs.NoSender);
        CheckBuilt(built, plan.StateHash());
    }

    private void CheckBuilt(byte[]?[] built, ulong own)
    {
        for (int member = 0; member < built.Length; member++)
        {
            string name = _membership.Addresses[member];
            if (built[member] is not { } bytes)
            {
                throw new ClusterException($"{name} has left before the run.");
            }
            using BinaryReader reader = Control.Read(bytes, out _);
            string problem = reader.ReadString();
            if (problem.Length > 0 || reader.ReadUInt64() != own)
            {
                throw new ClusterException(problem.Length > 0
                    ? $"{name} cannot build the machine: {problem}"
                    : $"{name} has built another machine from the same settings: its guest files or its build of "
                        + "disco are not the same.");
            }
        }
    }

    /// <summary>Akka's own detector may take long on a busy host; the cluster then tells all that it is gone.</summary>
    private void GiveUp(int member)
    {
        _log($"{_membership.Addresses[member]} does not answer");
        global::Akka.Cluster.Cluster.Get(_system)
            .Down(global::Akka.Actor.Address.Parse(_membership.Addresses[member]));
    }

    private byte[]?[] Ask(ControlKind kind) => Ask(Control.Of(kind));

    private byte[]?[] Ask(byte[] question)
    {
        TaskCompletionSource<byte[]?[]> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _director.Tell(new Gather(question, done), ActorRefs.NoSender);
        return done.Task.GetAwaiter().GetResult();
    }

    private void TellObservers()
    {
        for (int node = 0; node < _observers.Length; node++)
        {
            if (_observers[node] is { } observer)
            {
                int of = node;
                EventLog.Tell(
                    observer,
                    [.. _members.SelectMany(member => member.Events).Where(entry => entry.Actor.Node == of)]);
            }
        }
        foreach (MemberView member in _members)
        {
            member.Events.Clear();
        }
    }

    private bool TryGoOnWithout(int[] members)
    {
        NodeSet nodes = new(Enumerable.Range(0, World.Nodes)
            .Where(node => members.Contains(Blueprint.MemberOf(node, World.Nodes, _members.Length)))
            .Aggregate(0UL, (bits, node) => bits | (1UL << node)));
        string who = string.Join(" and ", members.Select(member => _membership.Addresses[member]));
        string gone = members.Length == 1
            ? $"{who} is gone, and with it the nodes {nodes}"
            : $"{who} are gone, and with them the nodes {nodes}";
        foreach (int member in members)
        {
            _members[member].Undelivered.Clear();
        }
        TakeStates();
        if (HasFault() || !TryLose(nodes, Cycle.Max(Now, new Cycle(_standing.Reached))))
        {
            Address first = World.Actors.First(actor => nodes.Contains(actor.Node)).Address;
            _lost ??= new Fault(first, Now.Value, null, new ClusterException(gone));
            return false;
        }
        _log($"{gone}: the run goes on without them");
        return true;
    }

    private bool HasFault() => _members.Any(member => member.Fault is not null);

    private void WriteRestored(BinaryWriter writer, int member, IReadOnlyList<Envelope> envelopes)
    {
        Actor[] actors = [.. World.Actors.Where(actor =>
            Blueprint.MemberOf(actor.Node, World.Nodes, _members.Length) == member)];
        ILookup<Core.Address, Envelope> to = envelopes.ToLookup(envelope => envelope.Target);
        writer.Write(actors.Length);
        foreach (Actor actor in actors)
        {
            Envelope[] underWay = [.. to[actor.Address]];
            writer.Write(actor.Address.Packed);
            writer.Write(underWay.Length);
            foreach (Envelope envelope in underWay)
            {
                Control.Write(writer, _codec, in envelope);
            }
            // This process has the actors themselves.
            writer.Write(member != 0);
            if (member != 0)
            {
                Control.WriteState(writer, actor);
            }
        }
    }
}

/// <summary>Why processes do not form one machine: one sentence.</summary>
public sealed class ClusterException(string sentence) : Exception(sentence);
