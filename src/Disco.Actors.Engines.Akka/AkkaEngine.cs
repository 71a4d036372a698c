using System.Globalization;
using Akka.Actor;
using Akka.Configuration;
using Disco.Actors.Core;
using Envelope = Disco.Actors.Core.Envelope;

namespace Disco.Actors.Engines.Akka;

/// <summary>
/// Every actor of the machine is an Akka actor, every envelope a message of Akka. Messages are handled as they come on
/// the host, at their arrival or, when the receiver's clock is beyond it, later: the outcome depends on the host.
/// <see cref="Engine.TakeLate"/> says what was late; an exact engine that is told so repeats the run.
/// </summary>
public sealed class AkkaEngine : Engine, IDisposable
{
    private readonly Course _course = new();
    private readonly ActorHost[] _hosts;
    private readonly ActorSystem _system;
    private readonly IActorRef _pacer;
    private readonly IObserver?[] _observers;

    /// <summary>Starts the actor system.</summary>
    /// <param name="world">Its actors belong to this engine from now on.</param>
    /// <param name="options">Exact windows only: how far actors are apart is said in the other options.</param>
    /// <param name="akka">The engine's own.</param>
    public AkkaEngine(World world, EngineOptions options, AkkaOptions? akka = null)
        : base(world, options)
    {
        akka ??= new AkkaOptions();
        Invariant.Holds(options.WindowCycles == 0);
        Invariant.Holds(akka.WindowCycles >= 1 && akka.SliceCycles >= 1);
        _observers = new IObserver?[world.Nodes];
        ActorHost[] hosts = _hosts = new ActorHost[world.Actors.Length];
        HostedWorld hosted = new(Table, Timing, _course, akka.SliceCycles, Codec);
        for (int actor = 0; actor < hosts.Length; actor++)
        {
            hosts[actor] = new ActorHost(actor, hosted);
        }
        Course course = _course;
        _system = ActorSystem.Create("disco", ConfigurationOf(options.Threads));
        _pacer = _system.ActorOf(
            Props.Create(() => new Pacer(course, hosts, akka)).WithDispatcher(Pacer.Dispatcher), "pacer");
    }

    /// <summary>By how much envelopes were late: the timing error of a run without exact order.</summary>
    public override WindowDelay WindowDelay =>
        _hosts.Aggregate(default(WindowDelay), (sum, host) => sum.Plus(host.Delay));

    public override long Deliveries => _hosts.Sum(host => host.Counts.Sum);

    internal override StopRequest Stop =>
        _hosts.Aggregate(StopRequest.None, (first, host) => StopRequest.First(first, host.StopRequest));

    public override long[] DeliveriesByKind()
    {
        long[] byKind = new long[ushort.MaxValue + 1];
        foreach (ActorHost host in _hosts)
        {
            host.Counts.AddTo(byKind);
        }
        return byKind;
    }

    public override IReadOnlyList<LateEnvelope> TakeLate()
    {
        List<LateEnvelope> late = [];
        foreach (ActorHost host in _hosts)
        {
            host.MoveLateTo(late);
        }
        late.Sort((left, right) =>
            (left.Source.Packed, left.Sequence).CompareTo((right.Source.Packed, right.Sequence)));
        return late;
    }

    public void Dispose()
    {
        _system.Terminate().GetAwaiter().GetResult();
        _system.Dispose();
    }

    /// <summary>hocon/engines/akka.conf, with so many host threads.</summary>
    internal static Config ConfigurationOf(int threads)
    {
        Config own = ConfigurationFactory.ParseString(string.Create(
            CultureInfo.InvariantCulture, $"{Pacer.Dispatcher}.dedicated-thread-pool.thread-count = {threads}"));
        return own.WithFallback(ConfigurationFactory.ParseString(TextOf("akka.conf")));
    }

    /// <summary>A file of hocon/engines.</summary>
    internal static string TextOf(string name)
    {
        using Stream stream = typeof(AkkaEngine).Assembly.GetManifestResourceStream(name)!;
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }

    internal override ref long Sequence(int actor) => ref _hosts[actor].Sequence;

    /// <summary>With the arrivals their latencies gave: how late they will be is not known.</summary>
    internal override List<Envelope> Undelivered()
    {
        List<Envelope> envelopes = [];
        foreach (ActorHost host in _hosts)
        {
            foreach (Carried carried in host.Unhandled)
            {
                envelopes.Add(Timing.Moved(in carried.Envelope, -carried.LateCycles));
            }
        }
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
        foreach (ActorHost host in _hosts)
        {
            IObserver? observer = _observers[host.Node];
            host.Watch(observer is null ? null : new EventLog(host.Actor), observer is { WantsTrace: true });
        }
    }

    private protected override void RunWindows(long limit)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _pacer.Tell(new Go(limit, done), ActorRefs.NoSender);
        done.Task.GetAwaiter().GetResult();
        for (int node = 0; node < _observers.Length; node++)
        {
            if (_observers[node] is { } observer)
            {
                Report(node, observer);
            }
        }
    }

    private protected override Fault? Collect(OutputBuffer output)
    {
        Fault? fault = null;
        foreach (ActorHost host in _hosts)
        {
            fault = Fault.First(fault, host.Fault);
            host.Texts.MoveTo(output);
        }
        return fault;
    }

    private protected override long NextEvent() => _hosts.Min(host => host.NextEvent);

    private protected override long LastDelivery() => _hosts.Max(host => host.LastDelivery);

    private protected override void Enter(int source, int target, in Envelope envelope)
    {
        _hosts[target].Accept(new Carried(target) { Envelope = envelope });
        if (source >= 0)
        {
            _hosts[source].Remember(target, in envelope);
        }
    }

    private protected override void Clear()
    {
        _course.Limit = 0;
        foreach (ActorHost host in _hosts)
        {
            host.Clear();
        }
    }

    private protected override bool CanLoseNodes => false;

    private protected override void SilenceNodes(NodeSet lost) => Invariant.Holds(lost.IsEmpty);

    private protected override void Adopt(SavedCourse course)
    {
        // Only the sums are ever seen.
        _course.Limit = course.Now.Value;
        _hosts[0].StopRequest = course.Stop;
        _hosts[0].Delay = course.Delay;
        for (int kind = 0; kind < course.DeliveriesByKind.Length; kind++)
        {
            if (course.DeliveriesByKind[kind] != 0)
            {
                _hosts[0].Counts.Add((ushort)kind, course.DeliveriesByKind[kind]);
            }
        }
    }

    /// <summary>Tells a node's observer what its actors did, in the order of the cycles.</summary>
    private void Report(int node, IObserver observer)
    {
        List<EventLog.Entry> entries = [];
        foreach (ActorHost host in _hosts)
        {
            if (host.Node == node)
            {
                host.Log?.MoveTo(entries);
            }
        }
        EventLog.Tell(observer, entries);
    }
}
