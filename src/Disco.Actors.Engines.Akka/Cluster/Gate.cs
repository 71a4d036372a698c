using System.Security.Cryptography;
using Akka.Actor;
using Akka.Cluster;

namespace Disco.Actors.Engines.Akka.Cluster;

/// <summary>
/// Of the coordinator: lets processes take part that are of the same version and know the secret, refuses others with
/// the reason, and tells the director when one has left the cluster for good.
/// </summary>
/// <remarks>
/// The run begins when all who are admitted are members of the cluster too, since only then their end is noticed. A
/// start that was lost is told again until the run begins: a member takes the first.
/// </remarks>
internal sealed class Gate : RunActor
{
    private readonly ClusterOptions _options;
    private readonly string _versions;
    private readonly IActorRef _director;
    private readonly TaskCompletionSource<Membership> _complete;
    private readonly Action<string> _log;
    private readonly global::Akka.Cluster.Cluster _cluster;
    private readonly Dictionary<IActorRef, (byte[] Theirs, byte[] Ours)> _challenged = [];
    private readonly List<(IActorRef Node, string Address)> _members = [];
    private readonly HashSet<string> _up = [];
    private readonly string[] _addresses;
    private readonly byte[] _session = RandomNumberGenerator.GetBytes(sizeof(ulong));
    private ICancelable? _ticks;

    public Gate(
        ClusterOptions options, string versions, IActorRef director, TaskCompletionSource<Membership> complete,
        Action<string> log)
    {
        _options = options;
        _versions = versions;
        _director = director;
        _complete = complete;
        _log = log;
        _cluster = global::Akka.Cluster.Cluster.Get(Context.System);
        _addresses = new string[options.Members];
    }

    private bool IsComplete =>
        _members.Count == _options.Members - 1 && _members.All(member => _up.Contains(member.Address));

    protected override void PreStart()
    {
        _cluster.Subscribe(
            Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.MemberUp),
            typeof(ClusterEvent.MemberRemoved));
        _ticks = Context.System.Scheduler.ScheduleTellRepeatedlyCancelable(
            TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), Self, Tick.Instance, Self);
        _addresses[0] = _cluster.SelfAddress.ToString();
        CheckComplete();
    }

    protected override void PostStop() => _ticks?.Cancel();

    protected override void Fail(Exception exception)
    {
        if (!_complete.TrySetException(exception))
        {
            _director.Tell(new Ended(MemberEndKind.Failed, exception.Message), Self);
        }
    }

    protected override void Handle(object message)
    {
        switch (message)
        {
            case Greeting { Kind: GreetingKind.Hello } hello:
                Challenge(hello);
                break;
            case Greeting { Kind: GreetingKind.Answer } answer:
                Admit(answer);
                break;
            case Greeting { Kind: GreetingKind.Refused } refused when _challenged.Remove(Sender):
                _log($"a process refused this coordinator: {refused.Text}");
                break;
            case ClusterEvent.MemberUp up:
                _up.Add(up.Member.Address.ToString());
                CheckComplete();
                break;
            case ClusterEvent.MemberRemoved removed:
                Remove(removed.Member.Address.ToString());
                break;
            case Tick when IsComplete:
                TellStart();
                break;
            case PartIs:
                _ticks?.Cancel();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Challenge(Greeting hello)
    {
        if (hello.Text != _versions)
        {
            Refuse($"it speaks '{hello.Text}' and the coordinator '{_versions}': use the same build of disco");
            return;
        }
        // One that says hello again is challenged as before: its answer to the first may be on the way.
        byte[] nonce = _challenged.TryGetValue(Sender, out (byte[] Theirs, byte[] Ours) before)
            && before.Theirs.AsSpan().SequenceEqual(hello.Nonce)
            ? before.Ours
            : Handshake.Nonce();
        _challenged[Sender] = (hello.Nonce, nonce);
        byte[] proof = Handshake.Proof(_options.Secret, "coordinator", nonce, hello.Nonce);
        Sender.Tell(new Greeting(GreetingKind.Challenge, "", nonce, proof), Self);
    }

    private void Admit(Greeting answer)
    {
        if (_members.Any(member => member.Node.Equals(Sender)))
        {
            Sender.Tell(new Greeting(GreetingKind.Accepted, "", [], []), Self);
            return;
        }
        if (!_challenged.TryGetValue(Sender, out (byte[] Theirs, byte[] Ours) nonces)
            || !Handshake.Proves(answer.Proof, _options.Secret, "member", nonces.Theirs, nonces.Ours))
        {
            Refuse("it does not know the shared secret: give both processes the same engine.akka.cluster.secret-file");
            return;
        }
        if (_members.Count == _options.Members - 1)
        {
            Refuse($"the machine has its {_options.Members} processes already");
            return;
        }
        _members.Add((Sender, answer.Text));
        _addresses[_members.Count] = answer.Text;
        _log($"{answer.Text} takes part ({_members.Count + 1} of {_options.Members})");
        Sender.Tell(new Greeting(GreetingKind.Accepted, "", [], []), Self);
        CheckComplete();
    }

    private void Refuse(string reason)
    {
        _log($"refused {Sender.Path}: {reason}");
        Sender.Tell(new Greeting(GreetingKind.Refused, reason, [], []), Self);
    }

    private void CheckComplete()
    {
        if (IsComplete)
        {
            TellStart();
            _complete.TrySetResult(new Membership(BitConverter.ToUInt64(_session), 0, _addresses));
        }
    }

    private void TellStart()
    {
        for (int member = 1; member <= _members.Count; member++)
        {
            string text = string.Join('\n', _addresses.Prepend($"{member}"));
            _members[member - 1].Node.Tell(new Greeting(GreetingKind.Start, text, _session, []), Self);
        }
    }

    private void Remove(string address)
    {
        _up.Remove(address);
        int member = _members.FindIndex(each => each.Address == address);
        if (member < 0)
        {
            return;
        }
        if (_complete.Task.IsCompleted)
        {
            _director.Tell(new MemberLost(member + 1), Self);
        }
        else
        {
            _log($"{address} has left before the run");
            _members.RemoveAt(member);
            for (int i = 0; i < _members.Count; i++)
            {
                _addresses[i + 1] = _members[i].Address;
            }
        }
    }
}
