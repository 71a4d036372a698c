using System.Diagnostics;
using System.Globalization;
using Akka.Actor;
using Akka.Dispatch;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Engines.Akka;
using Address = Disco.Actors.Core.Address;
using Envelope = Disco.Actors.Core.Envelope;

namespace Disco.Actors.Benchmarks;

/// <summary>
/// The same number of messages to and fro between pairs of actors: bare on Akka.NET, with Akka's default dispatcher and
/// with the engine's, and as a world of the Akka engine. In turn, so that what else the host does falls on all. Without
/// tiered compilation (<c>DOTNET_TieredCompilation=0</c>) none of them is still being compiled.
/// </summary>
public static class AkkaMessages
{
    private const long LatencyCycles = 20;

    public static IEnumerable<string> Measure(bool smoke)
    {
        int repeats = smoke ? 1 : 7;
        long messages = smoke ? 20_000 : 4_000_000;
        foreach ((int threads, int pairs) in new[] { (1, 1), (1, 8), (1, 64), (2, 1), (2, 8), (2, 64) })
        {
            string what = $"{threads} threads, {pairs,2} pairs";
            List<(Cost Default, Cost Bare, Cost Engine)> costs = [];
            for (int i = -1; i < repeats; i++)
            {
                Cost standard = Bare(pairs, messages, threads, Dispatchers.DefaultDispatcherId);
                Cost bare = Bare(pairs, messages, threads);
                Cost engine = Engine(pairs, messages, threads);
                if (i >= 0)
                {
                    // Not the first, in which the host compiles.
                    costs.Add((standard, bare, engine));
                }
            }
            yield return Line($"{what}, time", [.. costs.Select(each => (each.Bare.Time, each.Engine.Time))]);
            yield return Line(
                $"{what}, time, Akka's default dispatcher",
                [.. costs.Select(each => (each.Default.Time, each.Engine.Time))]);
            yield return Line(
                $"{what}, processors",
                [.. costs.Select(each => (each.Bare.Processors, each.Engine.Processors))]);
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{what}, allocated: bare {costs[^1].Bare.Bytes:F0} bytes a message, ")
                + string.Create(CultureInfo.InvariantCulture, $"engine {costs[^1].Engine.Bytes:F0}");
        }
    }

    private static string Line(string what, (double Bare, double Engine)[] nanoseconds)
    {
        double[] ratios = [.. nanoseconds.Select(each => each.Engine / each.Bare).Order()];
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{what}: bare {Median(nanoseconds.Select(each => each.Bare)):F0} ns a message, ")
            + string.Create(CultureInfo.InvariantCulture,
            $"engine {Median(nanoseconds.Select(each => each.Engine)):F0} ns, ")
            + string.Create(CultureInfo.InvariantCulture,
            $"ratio {Median(ratios):F2} ({ratios[0]:F2} to {ratios[^1]:F2})");
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    /// <summary>The bare actors' messages.</summary>
    internal static Cost Bare(int pairs, long messages, int threads = 2, string dispatcher = Pacer.Dispatcher)
    {
        using ActorSystem system = ActorSystem.Create("bare", AkkaEngine.ConfigurationOf(threads));
        using CountdownEvent done = new(pairs);
        List<IActorRef> first = [];
        for (int i = 0; i < pairs; i++)
        {
            Props props = Props.Create(() => new Bouncer(messages / pairs / 2, done)).WithDispatcher(dispatcher);
            IActorRef left = system.ActorOf(props, $"left-{i}");
            left.Tell(system.ActorOf(props, $"right-{i}"), ActorRefs.NoSender);
            first.Add(left);
        }
        Meter meter = new();
        first.ForEach(left => left.Tell("start", ActorRefs.NoSender));
        done.Wait();
        return meter.Cost(messages);
    }

    /// <summary>The engine's, of the same number.</summary>
    internal static Cost Engine(int pairs, long messages, int threads = 2)
    {
        List<Actor> actors = [];
        for (int i = 0; i < pairs * 2; i++)
        {
            actors.Add(new Bounced(new Address(Role.Driver, (ushort)i), new Address(Role.Driver, (ushort)(i ^ 1))));
        }
        Lookahead lookahead = new(LatencyCycles, LatencyCycles, LatencyCycles, LatencyCycles);
        World world = new(actors, lookahead, new Names());
        using AkkaEngine engine = new(world, new EngineOptions { Threads = threads });
        for (int i = 0; i < pairs; i++)
        {
            engine.Post(new Address(Role.Outside, 0), actors[i * 2].Address, default, Cycle.Zero);
        }
        Meter meter = new();
        engine.Run(new Cycle(messages / pairs * LatencyCycles));
        Cost cost = meter.Cost(messages);
        Invariant.Holds(engine.Deliveries == messages / pairs * pairs);
        return cost;
    }

    /// <summary>Of one message.</summary>
    /// <param name="Time">Nanoseconds.</param>
    /// <param name="Processors">Nanoseconds of all host threads: also what they spend to find work.</param>
    /// <param name="Bytes">Allocated.</param>
    internal readonly record struct Cost(double Time, double Processors, double Bytes);

    private sealed class Meter
    {
        private readonly long _bytes = GC.GetTotalAllocatedBytes();
        private readonly TimeSpan _processors = Environment.CpuUsage.TotalTime;
        private readonly long _start = Stopwatch.GetTimestamp();

        public Cost Cost(long messages) => new(
            Stopwatch.GetElapsedTime(_start).TotalNanoseconds / messages,
            (Environment.CpuUsage.TotalTime - _processors).TotalNanoseconds / messages,
            (double)(GC.GetTotalAllocatedBytes() - _bytes) / messages);
    }

    private sealed class Bouncer(long rounds, CountdownEvent done) : UntypedActor
    {
        private long _left = rounds;
        private IActorRef _other = ActorRefs.Nobody;

        protected override void OnReceive(object message)
        {
            if (message is IActorRef other)
            {
                _other = other;
            }
            else if (message is string)
            {
                _other.Tell(this, Self);
            }
            else if (_other.Equals(ActorRefs.Nobody))
            {
                Sender.Tell(message, Self);
            }
            else if (--_left > 0)
            {
                _other.Tell(message, Self);
            }
            else
            {
                done.Signal();
            }
        }
    }

    private sealed class Bounced(Address address, Address other) : Actor(address, 0)
    {
        public override void Receive(in Envelope envelope, Context context) =>
            context.Send(other, LatencyCycles, new Message { A = envelope.Message.A + 1 });

        public override void Save(StateWriter writer) => SaveStep(writer);

        public override void Load(StateReader reader) => LoadStep(reader);
    }

    private sealed class Names : IMessageNames
    {
        public string NameOf(ushort kind) => "Bounce";

        public string Describe(in Message message) => $"Bounce {message.A}";
    }
}
