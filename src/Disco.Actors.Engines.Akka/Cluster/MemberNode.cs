using Akka.Actor;
using Akka.Cluster;

namespace Disco.Actors.Engines.Akka.Cluster;

/// <summary>The member's end of <see cref="Gate"/>; says again what was not answered.</summary>
internal sealed class MemberNode(
    ClusterOptions options, string coordinator, Func<byte[], Blueprint> build, TaskCompletionSource<Ended> end,
    Action<string> log) : RunActor
{
    private readonly byte[] _nonce = Handshake.Nonce();
    private Greeting? _said;
    private bool _started;
    private int _waits;
    private ICancelable? _ticks;

    private string Encryption => options.CertificateFile.Length == 0
        ? "and without engine.akka.cluster.certificate-file, as this process"
        : "and with a certificate for TLS that this host trusts";

    protected override void PreStart()
    {
        global::Akka.Cluster.Cluster.Get(Context.System).Subscribe(
            Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
            typeof(ClusterEvent.MemberRemoved));
        _said = new Greeting(GreetingKind.Hello, Handshake.Versions(options.Families), _nonce, []);
        _ticks = Context.System.Scheduler.ScheduleTellRepeatedlyCancelable(
            TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), Self, Tick.Instance, Self);
    }

    /// <summary>Whoever stopped it, nobody waits for it any more.</summary>
    protected override void PostStop()
    {
        _ticks?.Cancel();
        end.TrySetResult(new Ended(MemberEndKind.Failed, "this process takes no part any more"));
    }

    protected override void Fail(Exception exception)
    {
        end.TrySetResult(new Ended(MemberEndKind.Failed, $"this process has failed: {exception.Message}"));
        Context.Stop(Self);
    }

    protected override void Handle(object message)
    {
        switch (message)
        {
            case Tick when _said is not null:
                Say();
                break;
            case Greeting { Kind: GreetingKind.Challenge } challenge:
                Answer(challenge);
                break;
            case Greeting { Kind: GreetingKind.Accepted } when _said is not null:
                log($"accepted by {coordinator}");
                _said = null;
                break;
            case Greeting { Kind: GreetingKind.Refused } refused:
                _said = null;
                end.TrySetResult(new Ended(MemberEndKind.Refused, $"refused by {coordinator}: {refused.Text}"));
                break;
            case Greeting { Kind: GreetingKind.Start } start when !_started:
                Start(start);
                break;
            case ClusterEvent.MemberRemoved removed when removed.Member.Address.ToString() == coordinator:
                end.TrySetResult(new Ended(MemberEndKind.Failed, $"the coordinator {coordinator} is gone"));
                break;
            case Ended ended:
                end.TrySetResult(ended);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Say()
    {
        if (++_waits > options.JoinWait.TotalSeconds)
        {
            end.TrySetResult(new Ended(
                MemberEndKind.Refused,
                $"no answer from {coordinator} within {options.JoinWait.TotalSeconds} s: does disco run wait there "
                    + $"with engine.akka.cluster.members {Encryption}?"));
            return;
        }
        Context.ActorSelection($"{coordinator}/user/gate").Tell(_said, Self);
    }

    private void Answer(Greeting challenge)
    {
        if (!Handshake.Proves(challenge.Proof, options.Secret, "coordinator", challenge.Nonce, _nonce))
        {
            const string Reason = "the coordinator does not know the shared secret of this process";
            _said = null;
            Sender.Tell(new Greeting(GreetingKind.Refused, Reason, [], []), Self);
            end.TrySetResult(new Ended(
                MemberEndKind.Refused, $"{Reason}: give both the same engine.akka.cluster.secret-file"));
            return;
        }
        string own = global::Akka.Cluster.Cluster.Get(Context.System).SelfAddress.ToString();
        byte[] proof = Handshake.Proof(options.Secret, "member", _nonce, challenge.Nonce);
        Sender.Tell(new Greeting(GreetingKind.Answer, own, [], proof), Self);
    }

    private void Start(Greeting start)
    {
        string[] lines = start.Text.Split('\n');
        Membership membership = new(
            BitConverter.ToUInt64(start.Nonce), int.Parse(lines[0], null), lines[1..]);
        IActorRef self = Self;
        Func<byte[], Blueprint> plan = build;
        TimeSpan wait = options.AnswerWait;
        _started = true;
        _said = null;
        Context.System.ActorOf(
            Props.Create(() => new Part(membership, self, plan, wait)).WithDispatcher(Pacer.Dispatcher), "part");
    }
}
