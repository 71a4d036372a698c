using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Verification.Litmus;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Placement;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Stress.WholeMachines;

/// <summary>All that a run of a whole machine depends on: the programs of its CPUs and the machine.</summary>
public sealed record MachineScenario
{
    /// <summary>By CPU, its steps: each a few lines of a litmus test that belong together.</summary>
    public required string[][] Threads { get; init; }

    /// <summary>How often the programs run, one after the other; each is a schedule of its own.</summary>
    public int Iterations { get; init; } = 1;

    /// <summary>Of the waits before the programs, of the order of messages in a cycle, and of the jitter.</summary>
    public ulong Seed { get; init; } = 1;

    public TopologyKind Topology { get; init; } = TopologyKind.Uma;
    public int Nodes { get; init; } = 1;
    public CoherenceProtocol Coherence { get; init; }

    /// <summary>Short latencies instead of the paper's, for close races.</summary>
    public bool IsNear { get; init; }

    /// <summary>Of a second-level cache.</summary>
    public int CacheBytes { get; init; } = 16 << 10;

    /// <summary>From one word to the next: in one line, in one page, in pages of several homes.</summary>
    public int DistanceBytes { get; init; } = 8;

    /// <summary>Of the number of turns of the waiting loop, each two cycles: how slow a CPU may be.</summary>
    public int SkewMask { get; init; }

    /// <summary>The fault of a whole machine: any message comes up to so much later.</summary>
    public long JitterCycles { get; init; }

    /// <summary>The programs are a guest of the monitor, whose pages move under it.</summary>
    public bool IsVirtual { get; init; }
    public ShootdownProtocol Protocol { get; init; }
    public PlacementPolicy Placement { get; init; }

    /// <summary>Misses of a node that make a page hot; few, so that pages move all the time.</summary>
    public int TriggerMisses { get; init; } = 1;

    /// <summary>Moves after which a page stays.</summary>
    public int MovesMax { get; init; } = 4;

    /// <summary>A short wait of a lazy responder and a short interval of the counters, as runs are short.</summary>
    private const long TickCycles = 20_000;
    private const long ResetCycles = 100_000;

    /// <summary>The programs as a litmus test, of which all registers and words are looked at.</summary>
    public LitmusTest ToTest() => LitmusParser.Parse("machine", ToText());

    public string ToText()
    {
        string[][] columns = [.. Threads.Select(thread => string.Join('\n', thread).Split('\n'))];
        int rows = columns.Max(column => column.Length);
        IEnumerable<string> places = Enumerable.Range(0, columns.Length)
            .SelectMany(cpu => (string[])[$"{cpu}:v0", $"{cpu}:v1"]).Concat(LitmusRegisters.WordNames);
        IEnumerable<string> lines = Enumerable.Range(0, rows).Select(row => string.Join(
            " | ", columns.Select(column => row < column.Length ? column[row] : "").Select(cell => cell.PadRight(14))));
        return $"outcome {string.Join(' ', places)}\n---\n{string.Join('\n', lines)}\n";
    }

    public LitmusGuest ToGuest(LitmusTest test) => new(
        test, Iterations, Seed | 1, test.Translates ? LitmusGuest.PageDistance : DistanceBytes, SkewMask)
    {
        StaysOn = IsVirtual,
    };

    public BoardConfig ToBoard(int cpus)
    {
        int nodes = Math.Min(Nodes, cpus);
        BoardConfig board = new()
        {
            Topology = nodes == 1 ? TopologyKind.Uma : Topology,
            Nodes = nodes,
            Cpus = cpus,
            Protocol = Coherence,
            MemoryBytes = 16 << 20,
            Seed = Seed,
            FirstCode = new CacheShape(4 << 10, 2, 64),
            FirstData = new CacheShape(1 << 10, 2, 32),
            Second = new CacheShape(CacheBytes, 2, 128),
        };
        return !IsNear ? board : board with
        {
            BusNanoseconds = 12.5,
            MemoryNanoseconds = 25,
            TransitNanoseconds = 50,
            MemoryOccupancyNanoseconds = 10,
            DirectoryOccupancyNanoseconds = 5,
        };
    }

    public DiscoConfig ToMonitor(LitmusGuest guest)
    {
        DiscoConfig config = new()
        {
            Board = ToBoard(guest.Cpus),
            Vms =
            [
                new VmConfig
                {
                    Name = "machine", Image = guest.Assemble(), Vcpus = guest.Cpus, MemoryBytes = 4 << 20,
                },
            ],
            Placement = new PlacementConfig
            {
                Policy = Placement,
                TriggerMisses = TriggerMisses,
                SharingMisses = TriggerMisses,
                ResetCycles = ResetCycles,
                MovesMax = MovesMax,
            },
        };
        return config with
        {
            Monitor = config.Monitor with
            {
                Shootdown = config.Monitor.Shootdown with { Protocol = Protocol, TickCycles = TickCycles },
            },
        };
    }

    public EngineOptions ToEngine() => new() { Seed = Seed, JitterCycles = JitterCycles };

    /// <summary>In words.</summary>
    public override string ToString()
    {
        string caches = $"{Coherence.ToString().ToLowerInvariant()}, caches of {CacheBytes >> 10} KiB, "
            + $"words {DistanceBytes} bytes apart, {(IsNear ? "short" : "the paper's")} latencies";
        string monitor = !IsVirtual ? "on the board itself"
            : $"under the monitor, {Protocol} shootdowns, placement {Placement} from {TriggerMisses} misses on";
        return $"{Threads.Length} CPUs on {Nodes} nodes, {Topology}, {caches}, jitter {JitterCycles}, "
            + $"waits up to {SkewMask * 2L} cycles, {Iterations} times, {monitor}";
    }
}
