using Akka.Actor;
using Akka.Cluster;

namespace Disco.Actors.Engines.Akka.Cluster;

/// <summary>A process that runs nodes of a machine for a coordinator: <c>disco node</c>.</summary>
public static class MemberProcess
{
    /// <summary>Joins, takes part in one run, and leaves.</summary>
    /// <param name="options">Where to listen, and the secret.</param>
    /// <param name="threads">Host threads.</param>
    /// <param name="coordinator">HOST:PORT of the coordinator.</param>
    /// <param name="build">The machine from the coordinator's settings.</param>
    /// <param name="log">Told what happens, a sentence each.</param>
    /// <returns>Null when the run ended well, else the reason in one sentence.</returns>
    public static string? Run(
        ClusterOptions options, int threads, string coordinator, Func<byte[], Blueprint> build, Action<string> log)
    {
        using ActorSystem system = ActorSystem.Create("disco", options.ToConfig(threads, "member"));
        global::Akka.Cluster.Cluster cluster = global::Akka.Cluster.Cluster.Get(system);
        TaskCompletionSource<Ended> end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        string address = $"{options.Protocol}://disco@{coordinator}";
        system.ActorOf(Props.Create(() => new Node(options, address, build, end, log)), "node");
        cluster.RegisterOnMemberRemoved(() => end.TrySetResult(new Ended(
            false, "this process was removed from the cluster: it did not reach the coordinator")));
        cluster.Join(global::Akka.Actor.Address.Parse(address));
        Ended ended = end.Task.GetAwaiter().GetResult();
        cluster.Leave(cluster.SelfAddress);
        system.WhenTerminated.Wait(TimeSpan.FromSeconds(3));
        system.Terminate().Wait(TimeSpan.FromSeconds(5));
        return ended.IsGood ? null : ended.Reason;
    }

    /// <summary>The member's end of <see cref="Gate"/>; says again what was not answered.</summary>
    private sealed class Node(
        ClusterOptions options, string coordinator, Func<byte[], Blueprint> build, TaskCompletionSource<Ended> end,
        Action<string> log) : UntypedActor
    {
        private readonly byte[] _nonce = Handshake.Nonce();
        private Greeting? _said;
        private bool _started;
        private int _waits;
        private ICancelable? _ticks;

        protected override void PreStart()
        {
            global::Akka.Cluster.Cluster.Get(Context.System).Subscribe(
                Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
                typeof(ClusterEvent.MemberRemoved));
            _said = new Greeting(GreetingKind.Hello, Handshake.Versions(options.Families), _nonce, []);
            _ticks = Context.System.Scheduler.ScheduleTellRepeatedlyCancelable(
                TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), Self, Tick.Instance, Self);
        }

        protected override void PostStop() => _ticks?.Cancel();

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case Tick when _said is not null:
                    Say();
                    break;
                case Greeting { Kind: GreetingKind.Challenge } challenge:
                    Answer(challenge);
                    break;
                case Greeting { Kind: GreetingKind.Accepted }:
                    log($"accepted by {coordinator}");
                    _said = null;
                    break;
                case Greeting { Kind: GreetingKind.Refused } refused:
                    _said = null;
                    end.TrySetResult(new Ended(false, $"refused by {coordinator}: {refused.Text}"));
                    break;
                case Greeting { Kind: GreetingKind.Start } start when !_started:
                    Start(start);
                    break;
                case ClusterEvent.MemberRemoved removed when removed.Member.Address.ToString() == coordinator:
                    end.TrySetResult(new Ended(false, $"the coordinator {coordinator} is gone"));
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
                    false,
                    $"{coordinator} did not answer within {options.JoinWait.TotalSeconds} s: does disco run wait there "
                        + "with engine.akka.cluster.members?"));
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
                end.TrySetResult(new Ended(false, $"{Reason}: give both the same engine.akka.cluster.secret-file"));
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
            _started = true;
            _said = null;
            Context.System.ActorOf(
                Props.Create(() => new Part(membership, self, plan)).WithDispatcher(Pacer.Dispatcher), "part");
        }
    }
}
