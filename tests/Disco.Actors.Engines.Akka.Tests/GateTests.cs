using Akka.Actor;
using Disco.Actors.Engines.Akka.Cluster;
using Xunit;
using AkkaTestKit = Akka.TestKit.Xunit2.TestKit;

namespace Disco.Actors.Engines.Akka.Tests;

/// <summary>The actor of the coordinator that lets processes take part.</summary>
public sealed class GateTests : AkkaTestKit
{
    private const string Elsewhere = "akka.tcp://disco@127.0.0.1:1";

    private static readonly ClusterOptions Options = new() { Families = [], Port = 0, Members = 2 };

    private readonly TaskCompletionSource<Membership> _complete = new();
    private readonly List<string> _log = [];

    public GateTests()
        : base(Options.ToConfig(1, "coordinator"))
    {
    }

    /// <summary>It would not be noticed if such a one were gone.</summary>
    [Fact]
    public void The_run_does_not_begin_with_a_process_that_is_no_member_of_the_cluster()
    {
        IActorRef gate = Start();
        Greeting answer = Enter(gate, Elsewhere);

        // Its second answer is handled behind all that the first has led to.
        gate.Tell(answer, TestActor);

        Assert.Equal(GreetingKind.Accepted, ExpectMsg<Greeting>().Kind);
        Assert.False(_complete.Task.IsCompleted);
        Assert.Equal([$"{Elsewhere} takes part (2 of 2)"], _log);
    }

    [Fact]
    public async Task The_run_begins_with_members()
    {
        global::Akka.Cluster.Cluster cluster = global::Akka.Cluster.Cluster.Get(Sys);
        cluster.Join(cluster.SelfAddress);

        // Itself is one.
        Enter(Start(), $"{cluster.SelfAddress}");

        Membership membership = await _complete.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal([$"{cluster.SelfAddress}", $"{cluster.SelfAddress}"], membership.Addresses);
    }

    /// <summary>However many of its answers are still under way.</summary>
    [Fact]
    public void Who_refuses_the_coordinator_is_named_once()
    {
        IActorRef gate = Start();
        gate.Tell(Hello(), TestActor);
        ExpectMsg<Greeting>();

        gate.Tell(new Greeting(GreetingKind.Refused, "no", [], []), TestActor);
        gate.Tell(new Greeting(GreetingKind.Refused, "no", [], []), TestActor);
        gate.Tell(Hello(), TestActor);

        ExpectMsg<Greeting>();
        Assert.Equal(["a process refused this coordinator: no"], _log);
    }

    private static Greeting Hello() =>
        new(GreetingKind.Hello, Handshake.Versions(Options.Families), new byte[Handshake.NonceBytes], []);

    /// <summary>As a process at an address that knows the secret.</summary>
    private Greeting Enter(IActorRef gate, string address)
    {
        Greeting hello = Hello();
        gate.Tell(hello, TestActor);
        Greeting challenge = ExpectMsg<Greeting>();
        byte[] proof = Handshake.Proof(Options.Secret, "member", hello.Nonce, challenge.Nonce);
        Greeting answer = new(GreetingKind.Answer, address, [], proof);
        gate.Tell(answer, TestActor);
        Assert.Equal(GreetingKind.Accepted, ExpectMsg<Greeting>().Kind);
        return answer;
    }

    private IActorRef Start()
    {
        string versions = Handshake.Versions(Options.Families);
        IActorRef director = Sys.DeadLetters;
        TaskCompletionSource<Membership> complete = _complete;
        Action<string> log = _log.Add;
        return Sys.ActorOf(Props.Create(() => new Gate(Options, versions, director, complete, log)), "gate");
    }
}
