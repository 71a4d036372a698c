using System.Buffers.Binary;
using Akka.Actor;

namespace Disco.Actors.Engines.Akka.Cluster;

/// <summary>
/// The part of the machine that one process runs: parent of its actors, and the one through which envelopes leave and
/// come. It opens windows when the coordinator says so, and reports when nothing is left to do.
/// </summary>
/// <remarks>
/// Envelopes to another member are counted when they leave and when they come. When all processes have nothing left to
/// do, and each has as many from each other as that one has sent, nothing is under way: of the envelopes that are the
/// first to contradict it would have to be sent by a process which got one before. An envelope of a window that is not
/// yet open here is kept until it is.
/// </remarks>
internal sealed class Part : RunActor
{
    private static readonly TimeSpan TickTime = TimeSpan.FromMilliseconds(100);

    private readonly Membership _membership;
    private readonly IActorRef _director;
    private readonly Func<byte[], Blueprint> _build;
    private readonly Course _course = new();
    private readonly Link?[] _links;
    private readonly long[] _sent;
    private readonly long[] _received;
    private readonly Outbox[] _outboxes;
    private readonly Bundle[] _bundles;
    private readonly List<(int From, byte[] Batch)> _held = [];
    private readonly HashSet<int> _gone = [];
    private LocalNodes? _nodes;
    private bool _hasReported;
    private long _window;
    private ICancelable? _ticks;

    /// <param name="membership">Who is who.</param>
    /// <param name="director">Gets <see cref="FromMember"/> at the coordinator, <see cref="Ended"/> elsewhere.</param>
    /// <param name="build">The machine from the coordinator's settings.</param>
    /// <param name="answerWait">How long another process may be silent.</param>
    public Part(Membership membership, IActorRef director, Func<byte[], Blueprint> build, TimeSpan answerWait)
    {
        _membership = membership;
        _director = director;
        _build = build;
        int members = membership.Addresses.Length;
        _links = new Link?[members];
        _sent = new long[members];
        _received = new long[members];
        _outboxes = [.. Enumerable.Range(0, members * Link.Control).Select(_ => new Outbox())];
        _bundles = new Bundle[members];
        int ticksToGiveUp = (int)Math.Ceiling(answerWait / TickTime);
        IActorRefProvider provider = ((ExtendedActorSystem)Context.System).Provider;
        for (int member = 0; member < members; member++)
        {
            // By its path, not found out beforehand: what comes before there is a part is sent again.
            IActorRef part = provider.ResolveActorRef($"{membership.Addresses[member]}/user/part");
            Bundle bundle = _bundles[member] =
                new Bundle(frames => part.Tell(new LinkFrames(frames), ActorRefs.NoSender));
            if (member != membership.Self)
            {
                _links[member] = new Link(
                    membership.Session, membership.Self, frame => bundle.Add(frame), ticksToGiveUp);
            }
        }
    }

    protected override void PreStart()
    {
        _course.Pacer = Self;
        _ticks = Context.System.Scheduler.ScheduleTellRepeatedlyCancelable(
            TickTime, TickTime, Self, Tick.Instance, Self);
    }

    protected override void PostStop() => _ticks?.Cancel();

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(exception =>
    {
        Break(exception.Message);
        return Directive.Stop;
    });

    /// <summary>The process cannot go on; at a member the coordinator finds it gone, and goes on without it.</summary>
    protected override void Fail(Exception exception)
    {
        _director.Tell(
            new Ended(MemberEndKind.Failed, $"this process has failed: {exception.Message}"), ActorRefs.NoSender);
        Context.Stop(Self);
    }

    protected override void Handle(object message)
    {
        Do(message);
        foreach (Bundle bundle in _bundles)
        {
            bundle.Leave();
        }
    }

    private void Do(object message)
    {
        switch (message)
        {
            case CarriedBytes carried:
                Leave(carried);
                break;
            case LinkFrames frames:
                Receive(frames.Bytes);
                break;
            case ToMember control:
                Tell(control.Member, control.Bytes);
                break;
            case Quiet:
                ReportQuiet();
                break;
            case Tick:
                TickLinks();
                break;
            case Terminated terminated:
                Break($"the Akka actor {terminated.ActorRef.Path} has ended");
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>An envelope of an own actor to another member; it has a token until it is counted.</summary>
    private void Leave(CarriedBytes carried)
    {
        int member = _nodes!.MemberOf[carried.Target];
        if (!_gone.Contains(member))
        {
            _sent[member]++;
            bool isReply = (carried.Bytes[4] & 1) != 0;
            _outboxes[(member * Link.Control) + (isReply ? 1 : 0)].Add(carried.Bytes, _window);
        }
        if (_course.PassOn(0))
        {
            ReportQuiet();
        }
    }

    private void SendBatches()
    {
        for (int i = 0; i < _outboxes.Length; i++)
        {
            if (_outboxes[i].Length > 0)
            {
                _links[i / Link.Control]?.Send(i % Link.Control, _outboxes[i].Take());
            }
        }
    }

    private void Receive(ReadOnlySpan<byte> bundle)
    {
        while (Bundle.TryTake(ref bundle, out ReadOnlySpan<byte> frame))
        {
            int from = Link.SenderOf(frame, _membership.Session);
            if (from >= 0 && from < _links.Length && _links[from] is { } link && !_gone.Contains(from))
            {
                link.Receive(frame, (lane, payload) => Deliver(from, lane, payload));
            }
        }
    }

    private void Deliver(int from, int lane, byte[] payload)
    {
        if (lane != Link.Control)
        {
            if (BinaryPrimitives.ReadInt64LittleEndian(payload) > _window || _nodes is null)
            {
                _held.Add((from, payload));
            }
            else
            {
                Arrive(from, payload);
            }
        }
        else if (_membership.Self == 0)
        {
            _director.Tell(new FromMember(from, payload), ActorRefs.NoSender);
        }
        else
        {
            Obey(payload);
        }
    }

    private void Arrive(int from, byte[] batch)
    {
        List<CarriedBytes> envelopes = [];
        for (int at = sizeof(long); at < batch.Length;)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(batch.AsSpan(at));
            byte[] bytes = batch[(at + 2)..(at + 2 + length)];
            at += 2 + length;
            int target = _nodes!.TargetOf(bytes, _membership.Self);
            if (target < 0)
            {
                Break($"member {from} sent an envelope for an actor that is not here");
                return;
            }
            envelopes.Add(new CarriedBytes(bytes, target));
        }
        _received[from] += envelopes.Count;
        _hasReported = false;
        _course.Add(envelopes.Count);
        foreach (CarriedBytes carried in envelopes)
        {
            _nodes!.Hosts[carried.Target].Wake(carried);
        }
    }

    private void Tell(int member, byte[] control)
    {
        if (member == _membership.Self)
        {
            Obey(control);
        }
        else if (!_gone.Contains(member))
        {
            _links[member]!.Send(Link.Control, control);
        }
    }

    private void Answer(byte[] control)
    {
        if (_membership.Self == 0)
        {
            _director.Tell(new FromMember(0, control), ActorRefs.NoSender);
        }
        else
        {
            // Null when the coordinator was given up.
            _links[0]?.Send(Link.Control, control);
        }
    }

    private void Obey(byte[] control)
    {
        using BinaryReader reader = Control.Read(control, out ControlKind kind);
        switch (kind)
        {
            case ControlKind.Build:
                Build(reader.ReadBytes(reader.ReadInt32()));
                break;
            case ControlKind.Open:
                Open(reader);
                break;
            case ControlKind.Collect:
                Answer(_nodes!.Collect());
                break;
            case ControlKind.State:
                Answer(_nodes!.State(withActors: _membership.Self != 0));
                break;
            case ControlKind.Restore:
                _nodes!.Restore(reader);
                _hasReported = false;
                ReportQuiet();
                Answer(Control.Of(ControlKind.Restored));
                break;
            case ControlKind.Gone:
                _gone.Add(reader.ReadInt32());
                _held.RemoveAll(each => _gone.Contains(each.From));
                _hasReported = false;
                ReportQuiet();
                break;
            case ControlKind.End:
                _director.Tell(
                    new Ended(
                        reader.ReadBoolean() ? MemberEndKind.Good : MemberEndKind.Failed, reader.ReadString()),
                    ActorRefs.NoSender);
                break;
            default:
                Break($"the coordinator sent a message of kind {(byte)kind}, which is none for a member");
                break;
        }
    }

    private void Build(byte[] settings)
    {
        Blueprint plan;
        try
        {
            plan = _build(settings);
        }
        catch (Exception exception)
        {
            Answer(Control.Of(ControlKind.Built, writer =>
            {
                writer.Write(exception.Message);
                writer.Write(0UL);
            }));
            return;
        }
        _nodes = new LocalNodes(plan, _membership, _course);
        for (int actor = 0; actor < _nodes.Hosts.Length; actor++)
        {
            ActorHost host = _nodes.Hosts[actor];
            if (_nodes.MemberOf[actor] != _membership.Self)
            {
                host.Ref = Self;
                continue;
            }
            Props props = Props.Create(() => new HostActor(host))
                .WithDispatcher(Pacer.Dispatcher).WithMailbox(Pacer.Mailbox);
            host.Ref = Context.Watch(Context.ActorOf(props, $"{host.Address}".Replace('/', '-')));
        }
        Answer(Control.Of(ControlKind.Built, writer =>
        {
            writer.Write("");
            writer.Write(plan.StateHash());
        }));
        ReportQuiet();
    }

    private void Open(BinaryReader reader)
    {
        _window = reader.ReadInt64();
        _hasReported = false;
        _course.Limit = reader.ReadInt64();
        _nodes!.Watch(reader.ReadBoolean());
        for (int entering = reader.ReadInt32(); entering > 0; entering--)
        {
            Core.Envelope envelope = Control.ReadEnvelope(reader, _nodes.Codec);
            int target = _nodes.Table.Find(envelope.Target);
            if (_nodes.MemberOf[target] == _membership.Self)
            {
                _nodes.Hosts[target].Accept(new Carried(target) { Envelope = envelope });
            }
        }
        List<ActorHost> granted = [];
        foreach (ActorHost host in _nodes.Own)
        {
            if (host.NextEvent < _course.Limit)
            {
                granted.Add(host);
            }
        }
        _course.Add(granted.Count);
        foreach (ActorHost host in granted)
        {
            host.Wake(Grant.Instance);
        }
        foreach ((int from, byte[] batch) in _held)
        {
            Arrive(from, batch);
        }
        _held.Clear();
        ReportQuiet();
    }

    /// <summary>
    /// When nothing is left to do here: lets go what is for other members, and says so. Envelopes leave only then, all
    /// together: to finish what is to be done here takes less time than a message to another process.
    /// </summary>
    private void ReportQuiet()
    {
        if (_course.IsQuiet && _nodes is not null && !_hasReported)
        {
            _hasReported = true;
            SendBatches();
            PartReport report = _nodes.Report(_window, _gone.Count, _sent, _received);
            Answer(report.ToControl());
        }
    }

    private void TickLinks()
    {
        for (int member = 0; member < _links.Length; member++)
        {
            if (_links[member] is { } link && !_gone.Contains(member) && !link.Tick())
            {
                GiveUp(member);
            }
        }
    }

    /// <summary>The coordinator takes a silent member out of the cluster; without the coordinator there is no run.
    /// </summary>
    private void GiveUp(int member)
    {
        _links[member] = null;
        _gone.Add(member);
        if (member == 0)
        {
            Break($"the coordinator {_membership.Addresses[0]} does not answer");
        }
        else
        {
            Answer(Control.Of(ControlKind.Silent, writer => writer.Write(member)));
        }
    }

    private void Break(string sentence)
    {
        if (_membership.Self == 0 || _links[0] is null)
        {
            _director.Tell(new Ended(MemberEndKind.Failed, sentence), ActorRefs.NoSender);
        }
        else
        {
            Answer(Control.Of(ControlKind.Broken, writer => writer.Write(sentence)));
        }
    }
}

/// <summary>To oneself, at regular times of the host.</summary>
internal sealed class Tick : INoSerializationVerificationNeeded
{
    public static readonly Tick Instance = new();
}

/// <summary>To the coordinator's part: tell a member this.</summary>
internal sealed record ToMember(int Member, byte[] Bytes) : INoSerializationVerificationNeeded;

/// <summary>From the coordinator's part: a member, or it itself, says this.</summary>
internal sealed record FromMember(int Member, byte[] Bytes) : INoSerializationVerificationNeeded;

/// <summary>The run is over for this process.</summary>
internal sealed record Ended(MemberEndKind Kind, string Reason) : INoSerializationVerificationNeeded;
