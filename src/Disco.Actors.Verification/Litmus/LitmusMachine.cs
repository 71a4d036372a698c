using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Cpus;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Verification.Observers;

namespace Disco.Actors.Verification.Litmus;

/// <summary>What a litmus test gave on whole machines.</summary>
/// <param name="Outcomes">How often each came out, sorted.</param>
/// <param name="Iterations">Of all machines.</param>
/// <param name="Problem">Null, or why a machine did not come to its end, or what an observer says.</param>
public sealed record LitmusRun(SortedDictionary<string, long> Outcomes, long Iterations, string? Problem);

/// <summary>
/// Runs litmus tests in real instructions on machines of several topologies, latencies, jitters and places of the
/// words. Every fourth machine is watched by the observers of copies and values.
/// </summary>
public static class LitmusMachine
{
    private const long CyclesPerIteration = 400_000;

    // In one line, in neighbouring lines, in pages of two homes.
    private static readonly int[] Distances = [8, 128, LitmusGuest.PageDistance];

    /// <param name="test">With code.</param>
    /// <param name="machines">How many.</param>
    /// <param name="iterations">On each.</param>
    public static LitmusRun Run(LitmusTest test, int machines, int iterations)
    {
        SortedDictionary<string, long> outcomes = new(StringComparer.Ordinal);
        for (int run = 0; run < machines; run++)
        {
            string? problem = Collect(test, run, iterations, outcomes);
            if (problem is not null)
            {
                return new LitmusRun(outcomes, (long)run * iterations, $"machine {run}: {problem}");
            }
        }
        return new LitmusRun(outcomes, (long)machines * iterations, null);
    }

    private static string? Collect(LitmusTest test, int run, int iterations, SortedDictionary<string, long> outcomes)
    {
        ulong seed = TotalOrder.Mix((ulong)run + 1);
        // A word that a translation leads to has a frame of its own.
        int distance = test.Translates ? LitmusGuest.PageDistance : Distances[run % Distances.Length];
        LitmusGuest guest = new(test, iterations, seed, distance, 63);
        Multiprocessor machine = MachineBuilder.Build(BoardOf(guest.Cpus, run), guest.Assemble());
        DeterministicEngine engine = new(
            machine.World, new EngineOptions { Seed = seed, JitterCycles = run % 2 == 0 ? 0 : 40 });
        if (run % 4 == 1)
        {
            Watch(machine, engine);
        }
        RunResult result;
        try
        {
            result = engine.Run(new Cycle(CyclesPerIteration * iterations));
        }
        catch (InvariantBroken broken)
        {
            return broken.Message;
        }
        if (result is not { Outcome: Outcome.Stopped, ExitCode: 0 })
        {
            return $"{result.Outcome}: {result.Reason}";
        }
        for (int iteration = 0; iteration < iterations; iteration++)
        {
            int number = iteration;
            string outcome = test.OutcomeOf(place => ReadWord(machine, guest.AddressOf(number, place)));
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
        }
        return null;
    }

    private static void Watch(Multiprocessor machine, DeterministicEngine engine)
    {
        foreach (Cpu cpu in machine.Cpus)
        {
            cpu.Core.ReportsAccesses = true;
        }
        byte[] word = new byte[sizeof(ulong)];
        engine.Observers.Add(new CopyObserver());
        engine.Observers.Add(new ValueObserver(address =>
        {
            machine.Memory.Read(address, word);
            return BitConverter.ToUInt64(word);
        }));
    }

    /// <summary>Short latencies make many iterations and close races; every third machine has the paper's.</summary>
    private static BoardConfig BoardOf(int cpus, int run)
    {
        BoardConfig board = (run % 4) switch
        {
            0 => new BoardConfig { Topology = TopologyKind.Uma, Nodes = 1, Cpus = cpus },
            1 => new BoardConfig { Topology = TopologyKind.Hypercube, Nodes = cpus, Cpus = cpus },
            2 => new BoardConfig { Topology = TopologyKind.Ring, Nodes = 2, Cpus = cpus },
            _ => new BoardConfig { Topology = TopologyKind.Mesh, Nodes = cpus, Cpus = cpus },
        };
        board = board with
        {
            MemoryBytes = 8 << 20,
            Seed = (ulong)run,
            FirstCode = new CacheShape(4 << 10, 2, 64),
            FirstData = new CacheShape(1 << 10, 2, 32),
            Second = new CacheShape(16 << 10, 2, 128),
        };
        return run % 3 == 0 ? board : board with
        {
            BusNanoseconds = 12.5,
            MemoryNanoseconds = 25,
            TransitNanoseconds = 50,
            MemoryOccupancyNanoseconds = 10,
            DirectoryOccupancyNanoseconds = 5,
        };
    }

    /// <summary>The word as a new reader would get it: from a cache that may read it, else from memory.</summary>
    internal static unsafe ulong ReadWord(Multiprocessor machine, ulong physical)
    {
        foreach (Cpu cpu in machine.Cpus)
        {
            LineAddress line = cpu.Cache!.LineOf(new MachineAddress(physical));
            byte* bytes = cpu.Cache.PointerTo(line);
            if (bytes is not null)
            {
                return *(ulong*)(bytes + (physical - line.Value));
            }
        }
        return *(ulong*)machine.Memory.PointerTo(new MachineAddress(physical));
    }
}
