using Disco.Actors.Core;
using Xunit;

namespace Disco.Actors.Engines.Tests;

/// <summary>Observers see every delivery and every trace, and change nothing.</summary>
public sealed class ObserverTests
{
    [Fact]
    public void An_observer_sees_every_delivery_after_its_cause_and_changes_nothing()
    {
        DeterministicEngine watched = new(ToyMachine.Build(3), new EngineOptions());
        DeterministicEngine alone = new(ToyMachine.Build(3), new EngineOptions());
        Watcher watcher = new();
        watched.Observers.Add(watcher);

        watched.Run(new Cycle(5_000));
        alone.Run(new Cycle(5_000));

        Assert.Equal(alone.StateHash(), watched.StateHash());
        Assert.Equal(watched.Deliveries, watcher.Seen.Count);
        Assert.Equal(watcher.Seen.Count, watcher.Seen.Distinct().Count());
    }

    [Fact]
    public void A_trace_comes_with_its_actor_and_cycle_only_while_somebody_watches()
    {
        Probe probe = new(Address.Cpu(0))
        {
            OnReceive = (Probe _, in Envelope envelope, Context context) =>
            {
                if (context.Tracing)
                {
                    context.Trace(new TraceEvent(7, envelope.Message.A, 0, 0));
                }
            },
        };
        DeterministicEngine engine = new(
            new World([probe], new Lookahead(1, 1, 1, 1), new ToyNames()), new EngineOptions());
        engine.Post(default, probe.Address, new Message { A = 1 }, new Cycle(10));
        engine.Run(new Cycle(20));
        Watcher watcher = new();
        engine.Observers.Add(watcher);
        engine.Post(default, probe.Address, new Message { A = 2 }, new Cycle(30));

        engine.Run(new Cycle(40));

        Assert.Equal([(probe.Address, new Cycle(30), new TraceEvent(7, 2, 0, 0))], watcher.Traces);
    }

    private sealed class Watcher : IObserver
    {
        private readonly Dictionary<Address, Cycle> _latest = [];

        public List<(Address Source, long Sequence)> Seen { get; } = [];

        public List<(Address Actor, Cycle Cycle, TraceEvent Event)> Traces { get; } = [];

        public void Delivered(in Envelope envelope, Actor actor)
        {
            Assert.Equal(envelope.Target, actor.Address);
            Assert.True(envelope.Arrival >= _latest.GetValueOrDefault(actor.Address));
            _latest[actor.Address] = envelope.Arrival;
            Seen.Add((envelope.Source, envelope.Sequence));
        }

        public void Traced(Actor actor, Cycle cycle, in TraceEvent traceEvent) =>
            Traces.Add((actor.Address, cycle, traceEvent));
    }
}
