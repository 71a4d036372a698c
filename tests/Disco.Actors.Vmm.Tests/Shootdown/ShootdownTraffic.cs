using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Verification.Shootdowns;
using Disco.Actors.Vmm.Shootdown;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Shootdown;

/// <summary>Random shootdowns among random uses, on a machine whose shape is drawn from the seed.</summary>
internal sealed class ShootdownTraffic
{
    private readonly EngineOptions _options;

    public ShootdownTraffic(ShootdownProtocol protocol, ulong seed)
    {
        SeededRandom random = new(TotalOrder.Mix(seed));
        InterconnectConfig interconnect = new() { Topology = (TopologyKind)random.Below(4) };
        ShootdownConfig config = ShootdownConfig.For(protocol, interconnect) with
        {
            FlushPages = 1 + random.Below(4),
            QueueActions = 1 + random.Below(3),
            LazyRecords = random.Below(4),
            TickCycles = 1 + random.Below(4000),
        };
        Plan = new ShootdownPlan
        {
            Config = config,
            Interconnect = interconnect,
            Nodes = 1 << random.Below(4),
            CpusPerNode = 1 + random.Below(4),
            Vms = 1 + random.Below(3),
            Pages = 1 + random.Below(4),
            Shootdowns = 20,
            OpenMax = 1 + random.Below(4),
            PauseCyclesMax = 1 + random.Below(1000),
            EndCyclesMax = random.OneIn(2) ? 0 : 1 + random.Below(500),
            Steps = 80,
            StepCyclesMax = 1 + random.Below(300),
            Seed = seed,
        };
        System = new ShootdownSystem(Plan);
        _options = new EngineOptions { Seed = seed, JitterCycles = random.OneIn(3) ? 0 : random.Below(400) };
    }

    public ShootdownPlan Plan { get; }

    public ShootdownSystem System { get; }

    public ShootdownObserver Observer { get; } = new();

    /// <summary>Runs to the end under the observer.</summary>
    public ulong RunObserved()
    {
        DeterministicEngine engine = new(System.World, _options);
        engine.Observers.Add(Observer);
        ulong hash = Run(engine);
        Observer.CheckRest();
        Assert.Equal(Plan.Vms * Plan.Shootdowns, Observer.Completed);
        return hash;
    }

    public ulong RunParallel(int threads) => Run(new ParallelEngine(System.World, _options with { Threads = threads }));

    /// <summary>Stops half way, goes on in another system.</summary>
    public ulong RunInTwo(ShootdownTraffic other)
    {
        DeterministicEngine engine = new(System.World, _options);
        Start(engine);
        engine.Run(new Cycle(3000));
        Snapshot snapshot = new();
        engine.Save(snapshot);
        DeterministicEngine next = new(other.System.World, _options);
        next.Load(snapshot.Read());
        return other.Finish(next);
    }

    private ulong Run(Engine engine)
    {
        Start(engine);
        return Finish(engine);
    }

    private void Start(Engine engine)
    {
        foreach ((Address target, Message message) in System.Starts())
        {
            engine.Post(default, target, message, new Cycle(1));
        }
    }

    private ulong Finish(Engine engine)
    {
        RunResult result = engine.Run(new Cycle(50_000_000));
        Assert.True(
            System.IsFinished, $"{Plan.Config.Protocol}, seed {Plan.Seed}: {result.Outcome} {result.Reason}\n"
            + result.Report);
        return engine.StateHash();
    }
}
