using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Verification.Drivers;
using Disco.Actors.Verification.Observers;
using Xunit;

namespace Disco.Actors.Simulation.Tests;

/// <summary>
/// A litmus program: per processor a list of stores <c>x=1</c> and loads <c>x</c>, processors separated by <c>|</c>.
/// Its outcome is the values of all loads, in order of writing.
/// </summary>
internal sealed class Litmus
{
    private readonly (bool IsStore, int Variable, ulong Value)[][] _processors;

    public Litmus(string program)
    {
        _processors = [.. program.Split('|').Select(processor => processor
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(ParseAccess)
            .ToArray())];
    }

    /// <summary>Every outcome that some interleaving of the processors gives: sequential consistency by enumeration.
    /// </summary>
    public HashSet<string> SequentialOutcomes()
    {
        HashSet<string> outcomes = [];
        ulong[][] loaded = [.. _processors.Select(processor => new ulong[processor.Length])];
        Interleave(new int[_processors.Length], new ulong[26], loaded, outcomes);
        return outcomes;
    }

    /// <summary>One run on a memory system drawn from the seed.</summary>
    public string Run(ulong seed)
    {
        SeededRandom random = new(TotalOrder.Mix(seed));
        int nodes = 1 << random.Below(3);
        MemorySystemPlan plan = new()
        {
            Nodes = nodes,
            AgentsPerNode = (_processors.Length + nodes - 1) / nodes,
            Interconnect = new InterconnectConfig { Topology = (TopologyKind)random.Below(4) },
            Caches = new CacheConfig { Second = new CacheShape(2 * 64, 1 + random.Below(2), 64) },
            NodePages = 2,
        };
        // Variables in one line, in one home or in different ones.
        ulong distance = (ulong)(random.Below(3) switch { 0 => 8, 1 => 64, _ => Page.Bytes });
        (Script Script, int Warm)[] scripts = new (Script, int)[nodes * plan.AgentsPerNode];
        for (int agent = 0; agent < scripts.Length; agent++)
        {
            scripts[agent] = agent < _processors.Length ? ScriptOf(agent, distance, ref random) : (new Script(), 0);
        }
        MemorySystem system = new(plan, agent => scripts[agent].Script);
        DeterministicEngine engine = new(
            system.World, new EngineOptions { Seed = seed, JitterCycles = random.Below(300) });
        engine.Observers.Add(new CopyObserver());
        RunResult result = engine.Run(new Cycle(1_000_000));
        Assert.True(system.IsFinished, $"seed {seed}: {result.Reason}\n{result.Report}");
        return Outcome((processor, access) => scripts[processor].Script.ValueOf(access + scripts[processor].Warm));
    }

    /// <summary>The program after up to two loads that leave copies lying about.</summary>
    private (Script Script, int Warm) ScriptOf(int processor, ulong distance, ref SeededRandom random)
    {
        List<DriverStep> steps = [];
        int warm = random.Below(3);
        for (int i = 0; i < warm; i++)
        {
            steps.Add(new DriverStep(DriverAction.Load, AddressOf(random.Below(2), distance), 0, 0));
        }
        foreach ((bool isStore, int variable, ulong value) in _processors[processor])
        {
            // Processors start together after the warming, or within reach of each other's transactions.
            int delay = steps.Count == warm ? 1500 + random.Below(400) : random.OneIn(2) ? 0 : random.Below(300);
            DriverAction action = isStore ? DriverAction.Store : DriverAction.Load;
            steps.Add(new DriverStep(action, AddressOf(variable, distance), value, delay));
        }
        return (new Script([.. steps]), warm);
    }

    private static MachineAddress AddressOf(int variable, ulong distance) => new((ulong)variable * distance);

    private static (bool IsStore, int Variable, ulong Value) ParseAccess(string text) => text.Contains('=')
        ? (true, text[0] - 'x', ulong.Parse(text[2..], System.Globalization.CultureInfo.InvariantCulture))
        : (false, text[0] - 'x', 0);

    private string Outcome(Func<int, int, ulong> valueOf)
    {
        List<ulong> values = [];
        for (int processor = 0; processor < _processors.Length; processor++)
        {
            for (int access = 0; access < _processors[processor].Length; access++)
            {
                if (!_processors[processor][access].IsStore)
                {
                    values.Add(valueOf(processor, access));
                }
            }
        }
        return string.Join(' ', values);
    }

    private void Interleave(int[] next, ulong[] memory, ulong[][] loaded, HashSet<string> outcomes)
    {
        bool finished = true;
        for (int processor = 0; processor < _processors.Length; processor++)
        {
            if (next[processor] == _processors[processor].Length)
            {
                continue;
            }
            finished = false;
            (bool isStore, int variable, ulong value) = _processors[processor][next[processor]];
            ulong before = memory[variable];
            loaded[processor][next[processor]] = before;
            memory[variable] = isStore ? value : before;
            next[processor]++;
            Interleave(next, memory, loaded, outcomes);
            next[processor]--;
            memory[variable] = before;
        }
        if (finished)
        {
            outcomes.Add(Outcome((processor, access) => loaded[processor][access]));
        }
    }
}
