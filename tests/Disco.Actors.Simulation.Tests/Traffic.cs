using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Verification.Drivers;
using Disco.Actors.Verification.Observers;
using Xunit;

namespace Disco.Actors.Simulation.Tests;

/// <summary>Random traffic on a memory system whose shape is drawn from the seed, all observers attached.</summary>
internal sealed class Traffic
{
    private const int Steps = 120;
    private const int CounterWords = 2;

    private static readonly CacheShape[] Shapes =
    [
        new(2 * 32, 1, 32), new(2 * 32, 2, 32), new(4 * 32, 1, 32), new(4 * 64, 2, 64), new(2 * 128, 1, 128),
        new(4 * 128, 2, 128),
    ];

    private readonly CopyObserver _copies = new();
    private readonly ValueObserver _values = new();
    private readonly ulong _seed;
    private readonly EngineOptions _options;

    public Traffic(ulong seed)
    {
        _seed = seed;
        SeededRandom random = new(TotalOrder.Mix(seed));
        TopologyKind topology = (TopologyKind)random.Below(4);
        MemorySystemPlan plan = new()
        {
            Nodes = 1 << random.Below(4),
            AgentsPerNode = 1 + random.Below(3),
            Interconnect = new InterconnectConfig { Topology = topology },
            Caches = new CacheConfig
            {
                Second = Shapes[random.Below(Shapes.Length)],
                WritebackLines = 1 + random.Below(2),
            },
        };
        TrafficPlan traffic = PlanOf(plan, ref random);
        System = new MemorySystem(plan, agent => new RandomTraffic(agent, traffic, seed));
        _options = new EngineOptions { Seed = seed, JitterCycles = random.OneIn(3) ? 0 : random.Below(400) };
        Counters = traffic.Counters;
    }

    public MemorySystem System { get; }

    public MachineAddress[] Counters { get; }

    public ValueObserver Values => _values;

    /// <summary>Runs to the end with observers and checks what must hold then.</summary>
    /// <returns>The hash of the run.</returns>
    public ulong RunObserved()
    {
        DeterministicEngine engine = new(System.World, _options);
        engine.Observers.Add(_copies);
        engine.Observers.Add(_values);
        ulong hash = Run(engine);
        CheckRest();
        return hash;
    }

    public ulong Run(Func<World, EngineOptions, Engine> makeEngine) => Run(makeEngine(System.World, _options));

    private ulong Run(Engine engine)
    {
        RunResult result = engine.Run(new Cycle(20_000_000));
        Assert.True(System.IsFinished, $"seed {_seed}: {result.Outcome} {result.Reason}\n{result.Report}");
        return engine.StateHash();
    }

    private void CheckRest()
    {
        CoherentCache[] caches = [.. System.Drivers.Select(driver => driver.Cache)];
        for (ulong at = 0; at < System.Homes.MemoryBytes; at += (ulong)System.LineBytes)
        {
            string? broken = Agreement.Check(new LineAddress(at), System.HomeOf(new LineAddress(at)), caches);
            Assert.True(broken is null, $"seed {_seed}: {broken}");
        }
        foreach ((MachineAddress word, ulong value) in _values.Latest)
        {
            Assert.True(System.ValueOf(word) == value, $"seed {_seed}: {word} is not its latest value at rest");
        }
        long increments = System.Drivers.Sum(driver => ((RandomTraffic)driver.Program).Increments);
        Assert.Equal(increments, Counters.Sum(counter => (long)System.ValueOf(counter)));
        Assert.True(_copies.Changes > 0);
    }

    /// <summary>A few lines on different pages that share sets, two words of each: false sharing.</summary>
    private static TrafficPlan PlanOf(MemorySystemPlan plan, ref SeededRandom random)
    {
        int lines = 2 + random.Below(5);
        int lineBytes = plan.Caches.Second.LineBytes;
        List<MachineAddress> words = [];
        for (int line = 0; line < lines; line++)
        {
            ulong at = ((ulong)(line % (plan.Nodes * plan.NodePages)) * Page.Bytes) + (ulong)(line * lineBytes);
            words.Add(new MachineAddress(at));
            words.Add(new MachineAddress(at + 16));
        }
        MachineAddress[] counters = new MachineAddress[CounterWords];
        for (int counter = 0; counter < CounterWords; counter++)
        {
            counters[counter] = new MachineAddress(words[2 * counter].Value + 8);
        }
        return new TrafficPlan([.. words], counters, Steps, 1 + random.Below(200));
    }
}
