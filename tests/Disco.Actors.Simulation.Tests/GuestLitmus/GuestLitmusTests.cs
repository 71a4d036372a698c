using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Simulation.Tests.Machines;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Simulation.Tests.GuestLitmus;

/// <summary>
/// Litmus programs in real instructions on whole machines: over 10,000 outcomes of each shape, over topologies,
/// latencies, jitters and places of the variables. The machine is sequentially consistent: one access outstanding,
/// a store waits for the only copy.
/// </summary>
public sealed class GuestLitmusTests
{
    private const int Runs = 12;
    private const int IterationsPerRun = 900;

    // In one line, in neighbouring lines, in pages of two homes.
    private static readonly int[] Distances = [8, 128, 4096];

    public static TheoryData<string> Shapes =>
        ["SB", "MP", "LB", "IRIW", "CoRR", "2+2W", "R", "S", "LLSC", "Counter"];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void No_outcome_is_beyond_sequential_consistency(string shape)
    {
        string file = Repository.PathOf(
            "tests", "Disco.Actors.Simulation.Tests", "GuestLitmus", shape + ".litmus.txt");
        LitmusText litmus = LitmusText.Read(file);
        SortedSet<string> seen = new(StringComparer.Ordinal);

        for (int run = 0; run < Runs; run++)
        {
            Collect(litmus, run, seen);
        }

        Golden.Matches(shape, string.Join('\n', seen));
    }

    private static void Collect(LitmusText litmus, int run, SortedSet<string> seen)
    {
        ulong seed = TotalOrder.Mix((ulong)run + 1);
        LitmusImage image = new(litmus, IterationsPerRun, seed, Distances[run % Distances.Length], 63);
        ElfImage elf = ElfImage.Parse(image.Assemble(), litmus.Name);
        Multiprocessor machine = MachineBuilder.Build(BoardOf(litmus.Cpus, run), elf);
        DeterministicEngine engine = new(
            machine.World, new EngineOptions { Seed = seed, JitterCycles = run % 2 == 0 ? 0 : 40 });
        if (run % 4 == 1)
        {
            Watch.Over(machine, engine);
        }

        RunResult result = engine.Run(new Cycle(200_000_000));

        Assert.True(
            result is { Outcome: Outcome.Stopped, ExitCode: 0 },
            $"{litmus.Name}, run {run}: {result.Reason}\n{result.Report}");
        for (int iteration = 0; iteration < IterationsPerRun; iteration++)
        {
            int number = iteration;
            ulong ValueOf(string place) => ReadWord(machine, AddressOf(image, number, place));
            string? broken = litmus.ForbiddenBy(ValueOf);
            Assert.True(broken is null, $"{litmus.Name}, run {run}, iteration {iteration}: {broken}");
            seen.Add(litmus.Outcome(ValueOf));
        }
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

    private static ulong AddressOf(LitmusImage image, int iteration, string place) => place switch
    {
        "x" => image.RecordOf(iteration, image.Litmus.Cpus),
        "y" => image.RecordOf(iteration, image.Litmus.Cpus) + 8,
        _ => image.RecordOf(iteration, place[0] - '0') + (place.EndsWith("v1", StringComparison.Ordinal) ? 8UL : 0),
    };

    /// <summary>The word as a new reader would get it: from a cache that may read it, else from memory.</summary>
    private static unsafe ulong ReadWord(Multiprocessor machine, ulong physical)
    {
        foreach (CoherentCache cache in machine.Cpus.Select(cpu => cpu.Cache!))
        {
            LineAddress line = cache.LineOf(new MachineAddress(physical));
            byte* bytes = cache.PointerTo(line);
            if (bytes is not null)
            {
                return *(ulong*)(bytes + (physical - line.Value));
            }
        }
        return *(ulong*)machine.Memory.PointerTo(new MachineAddress(physical));
    }
}
