using Akka.Actor;
using Disco.Actors.Engines.Akka.Cluster;
using Xunit;
using AkkaTestKit = Akka.TestKit.Xunit2.TestKit;

namespace Disco.Actors.Engines.Akka.Tests;

/// <summary>
/// The actor by which a process takes part: whatever happens to it, the process ends with the reason. Another instance
/// would count its waits from the start, and forget that it has a part of a machine.
/// </summary>
public sealed class MemberNodeTests : AkkaTestKit
{
    private static readonly ClusterOptions Options = new() { Families = [], Port = 0 };

    private readonly TaskCompletionSource<Ended> _end = new();

    public MemberNodeTests()
        : base(Options.ToConfig(1, "member"))
    {
    }

    [Fact]
    public async Task A_node_that_fails_is_stopped_and_says_why()
    {
        IActorRef node = Start();

        // No number of a member is in it.
        node.Tell(new Greeting(GreetingKind.Start, "second", new byte[sizeof(ulong)], []));

        ExpectTerminated(node);
        Ended ended = await _end.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(MemberEndKind.Failed, ended.Kind);
        Assert.Contains("this process has failed: ", ended.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_is_killed_ends_the_process_and_is_not_restarted()
    {
        IActorRef node = Start();

        node.Tell(Kill.Instance);

        ExpectTerminated(node);
        Assert.Equal(MemberEndKind.Failed, (await _end.Task.WaitAsync(TimeSpan.FromSeconds(10))).Kind);
    }

    [Fact]
    public async Task Who_is_refused_says_what_was_said()
    {
        Start().Tell(new Greeting(GreetingKind.Refused, "it is full", [], []));

        Ended ended = await _end.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(MemberEndKind.Refused, ended.Kind);
        Assert.EndsWith("it is full", ended.Reason, StringComparison.Ordinal);
    }

    private IActorRef Start()
    {
        TaskCompletionSource<Ended> end = _end;
        Action<string> log = _ => { };
        return Watch(Sys.ActorOf(Props.Create(() => new MemberNode(
            Options, "akka.tcp://disco@127.0.0.1:1", _ => null!, end, log)), "node"));
    }
}
