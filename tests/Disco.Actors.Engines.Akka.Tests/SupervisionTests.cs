using Akka.Actor;
using Disco.Actors.Core;
using Disco.Actors.Engines.Tests;
using Xunit;
using Address = Disco.Actors.Core.Address;
using AkkaTestKit = Akka.TestKit.Xunit2.TestKit;
using Envelope = Disco.Actors.Core.Envelope;

namespace Disco.Actors.Engines.Akka.Tests;

/// <summary>The Akka actors themselves: who ends takes the machine with it, and nobody is started again.</summary>
public sealed class SupervisionTests : AkkaTestKit
{
    private const string Dispatchers = """
        akka.actor.disco-dispatcher { type = Dispatcher, throughput = 5 }
        akka.actor.disco-mailbox { mailbox-type = "Akka.Dispatch.UnboundedMailbox, Akka" }
        """;

    public SupervisionTests()
        : base(Dispatchers)
    {
    }

    [Fact]
    public async Task A_machine_without_anything_to_do_is_quiet_at_once()
    {
        (IActorRef pacer, _, _) = Start();
        TaskCompletionSource done = new();

        pacer.Tell(new Go(100, done));

        await done.Task.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task An_Akka_actor_that_ends_breaks_the_run()
    {
        (IActorRef pacer, ActorHost host, Course course) = Start();
        TaskCompletionSource first = new();
        pacer.Tell(new Go(100, first));
        await first.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Watch(host.Ref);
        course.Issue(1);

        // Nobody gives the token back, so the run waits for the actor.
        TaskCompletionSource second = new();
        host.Accept(new Carried(0) { Envelope = new Envelope { Arrival = new Cycle(150), Target = host.Address } });
        host.Ref.Tell(PoisonPill.Instance);
        ExpectTerminated(host.Ref);
        pacer.Tell(new Go(200, second));

        Task run = second.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Exception broken = await Assert.ThrowsAnyAsync<Exception>(() => run);
        Assert.Contains("driver-0", broken.Message, StringComparison.Ordinal);
    }

    /// <summary>Akka's own default would start it again, with a state that belongs to no run.</summary>
    [Fact]
    public async Task An_Akka_actor_that_fails_is_stopped_and_not_restarted()
    {
        (IActorRef pacer, ActorHost host, _) = Start();
        TaskCompletionSource first = new();
        pacer.Tell(new Go(100, first));
        await first.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Watch(host.Ref);

        host.Ref.Tell(Kill.Instance);

        ExpectTerminated(host.Ref);
    }

    /// <summary>Whether it fails at once or in the middle of a run, nobody waits for ever.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_pacer_that_fails_breaks_the_run(bool late)
    {
        Course course = new();
        ActorHost[] hosts = late ? [] : [null!];
        AkkaOptions akka = new();
        IActorRef pacer = Sys.ActorOf(Props.Create(() => new Pacer(course, hosts, akka)), "pacer");
        TaskCompletionSource done = new();
        if (late)
        {
            // Asked to end what it has ended: the second is one too many.
            done.SetResult();
            pacer.Tell(new Go(100, done));
        }
        TaskCompletionSource next = new();

        pacer.Tell(new Go(100, next));

        await Assert.ThrowsAnyAsync<Exception>(() => next.Task.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.True(next.Task.IsFaulted);
    }

    private (IActorRef Pacer, ActorHost Host, Course Course) Start()
    {
        World world = new([new Probe(new Address(Role.Driver, 0))], new Lookahead(1, 1, 1, 1), new ToyNames());
        EngineOptions options = new();
        Course course = new();
        Timing timing = new(options, world.Lookahead);
        ActorHost[] hosts = [new ActorHost(0, new HostedWorld(new ActorTable(world), timing, course, 100))];
        AkkaOptions akka = new();
        IActorRef pacer = Sys.ActorOf(Props.Create(() => new Pacer(course, hosts, akka)), "pacer");
        return (pacer, hosts[0], course);
    }
}
