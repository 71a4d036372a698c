using System.Numerics;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Devices.Gic;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Machine.Boards;

/// <summary>How true the machine is to its memory system.</summary>
public enum Fidelity : byte
{
    /// <summary>Caches and directories, every miss a transaction of messages.</summary>
    Coherent,

    /// <summary>CPUs on the host's memory, for positioning a long workload. One host thread.</summary>
    Fast,
}

/// <summary>Which node is the home of a page of memory.</summary>
public enum Placement : byte
{
    /// <summary>Page by page over the nodes (the baseline of the Disco paper, 5.4).</summary>
    Interleaved,

    /// <summary>Each node holds one stretch.</summary>
    Contiguous,
}

/// <summary>
/// A machine as a user describes it. The defaults are the machine of the Disco paper (5.1): eight nodes of one CPU,
/// 300 ns to local and 900 ns to remote memory.
/// </summary>
public sealed record BoardConfig
{
    public const int CpusMax = 64;

    public string Name { get; init; } = "flash-8x1";

    public int Nodes { get; init; } = 8;

    /// <summary>Of all nodes together.</summary>
    public int Cpus { get; init; } = 8;

    /// <summary>Of all nodes together.</summary>
    public ulong MemoryBytes { get; init; } = 64 << 20;

    public long ClockHz { get; init; } = 400_000_000;

    public long TimerHz { get; init; } = 100_000_000;

    public TopologyKind Topology { get; init; } = TopologyKind.Hypercube;

    public Placement Placement { get; init; } = Placement.Interleaved;

    public CoherenceProtocol Protocol { get; init; }

    public CacheShape FirstCode { get; init; } = new(32 << 10, 2, 64);

    public CacheShape FirstData { get; init; } = new(32 << 10, 2, 32);

    public CacheShape Second { get; init; } = new(1 << 20, 2, 128);

    public double SecondLevelNanoseconds { get; init; } = 50;

    public double BusNanoseconds { get; init; } = 75;

    public double MemoryNanoseconds { get; init; } = 150;

    public double TransitNanoseconds { get; init; } = 300;

    public double HopNanoseconds { get; init; } = 20;

    public double DirectoryOccupancyNanoseconds { get; init; } = 25;

    public double MemoryOccupancyNanoseconds { get; init; } = 100;

    /// <summary>0 for links that are never busy.</summary>
    public double LinkByteNanoseconds { get; init; } = 1.25;

    /// <summary>From a request to its data on the way.</summary>
    public double DiskServiceNanoseconds { get; init; } = 20_000;

    /// <summary>What the wall clock shows at power-on, since 1970: a moment in October 1997.</summary>
    public ulong PowerOnNanoseconds { get; init; } = 876_000_000_000_000_000;

    public Fidelity Fidelity { get; init; } = Fidelity.Coherent;

    /// <summary>See <see cref="Mips.CoreConfig.TranslateAfter"/>.</summary>
    public int? TranslateAfter { get; init; } = 4000;

    /// <summary>Seeds what the hardware leaves open (the victim of TLBWR).</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>CPUs of each node.</summary>
    public int CpusPerNode => Cpus / Nodes;

    /// <summary>The node of a CPU: neighbours in number are neighbours in place.</summary>
    public int NodeOf(int cpu) => cpu / CpusPerNode;

    /// <summary>What is wrong with it, one sentence each; empty for a board that can be built.</summary>
    public IReadOnlyList<string> Problems()
    {
        List<string> problems = [];
        if (Cpus is < 1 or > CpusMax)
        {
            problems.Add($"the board {Name} has {Cpus} CPUs; it can have 1 to {CpusMax}");
        }
        if (Nodes is < 1 or > CpusMax)
        {
            problems.Add($"the board {Name} has {Nodes} nodes; it can have 1 to {CpusMax}");
        }
        if (problems.Count == 0 && Cpus % Nodes != 0)
        {
            problems.Add($"{Cpus} CPUs cannot be spread evenly over {Nodes} nodes; make cpus a multiple of nodes");
        }
        if (problems.Count == 0)
        {
            AddMemoryProblems(problems);
        }
        if (Topology == TopologyKind.Hypercube && Nodes >= 1 && !BitOperations.IsPow2(Nodes))
        {
            problems.Add($"a hypercube cannot have {Nodes} nodes; use a power of two, or topology mesh or ring");
        }
        AddCacheProblems(problems);
        AddTimeProblems(problems);
        return problems;
    }

    /// <summary>The latencies in cycles of the machine's clock.</summary>
    public InterconnectConfig ToInterconnect() => new()
    {
        Topology = Topology,
        Protocol = Protocol,
        BusCycles = ToCycles(BusNanoseconds),
        MemoryCycles = ToCycles(MemoryNanoseconds),
        TransitCycles = ToCycles(TransitNanoseconds),
        HopCycles = ToCycles(HopNanoseconds),
        DirectoryOccupancyCycles = ToCycles(DirectoryOccupancyNanoseconds),
        BankOccupancyCycles = ToCycles(MemoryOccupancyNanoseconds),
        LinkBytesPerCycle = LinkByteNanoseconds == 0
            ? 0
            : Math.Max(1, (long)Math.Round(1e9 / (LinkByteNanoseconds * ClockHz))),
    };

    internal CacheConfig ToCaches() => new()
    {
        Second = Second,
        FirstCode = FirstCode,
        FirstData = FirstData,
        SecondLevelCycles = (int)ToCycles(SecondLevelNanoseconds),
    };

    /// <summary>Where the memory is.</summary>
    public IHomeMap ToHomes()
    {
        ulong nodeBytes = MemoryBytes / (ulong)Nodes;
        return Placement == Placement.Interleaved
            ? new RoundRobinPages(Nodes, nodeBytes)
            : new ContiguousPerNode(Nodes, nodeBytes);
    }

    internal long DiskServiceCycles => Math.Max(1, ToCycles(DiskServiceNanoseconds));

    internal int Interrupts => GicActor.InterruptsFor(Cpus);

    private long ToCycles(double nanoseconds) => InterconnectConfig.FromNanoseconds(nanoseconds, ClockHz / 1e6);

    private void AddMemoryProblems(List<string> problems)
    {
        ulong step = (ulong)Nodes * Page.Bytes;
        if (MemoryBytes < 1 << 20)
        {
            problems.Add($"the board {Name} has {MemoryBytes} bytes of memory; give it at least 1 MiB");
        }
        else if (MemoryBytes > BoardAddresses.MemoryEnd)
        {
            problems.Add($"the board {Name} has {MemoryBytes >> 20} MiB of memory; "
                + $"it can have up to {BoardAddresses.MemoryEnd >> 20} MiB, where the devices begin");
        }
        else if (MemoryBytes % step != 0)
        {
            problems.Add($"{MemoryBytes} bytes of memory cannot be spread evenly over {Nodes} nodes; "
                + $"make memory a multiple of {step} bytes");
        }
    }

    private void AddCacheProblems(List<string> problems)
    {
        AddShapeProblems(problems, "L1 code", FirstCode);
        AddShapeProblems(problems, "L1 data", FirstData);
        AddShapeProblems(problems, "L2", Second);
        if (Second.LineBytes is not (32 or 64 or 128))
        {
            problems.Add($"the L2 line has {Second.LineBytes} bytes; it must have 32, 64 or 128");
        }
        if (Second.Ways < 2)
        {
            problems.Add("the L2 cache has one way; it needs two, for an instruction and its operand");
        }
        if (FirstCode.LineBytes > Second.LineBytes || FirstData.LineBytes > Second.LineBytes)
        {
            problems.Add($"an L1 line is longer than the L2 line of {Second.LineBytes} bytes; make it shorter");
        }
    }

    private static void AddShapeProblems(List<string> problems, string name, CacheShape shape)
    {
        bool powers = BitOperations.IsPow2(shape.Bytes) && BitOperations.IsPow2(shape.Ways)
            && BitOperations.IsPow2(shape.LineBytes);
        if (!powers || shape.Bytes <= 0 || shape.LineBytes < 16 || shape.Bytes < shape.Ways * shape.LineBytes)
        {
            problems.Add($"the {name} cache has {shape.Bytes} bytes, {shape.Ways} ways and lines of "
                + $"{shape.LineBytes} bytes; each must be a power of two, lines of at least 16 bytes, sets of at "
                + "least one");
        }
    }

    private void AddTimeProblems(List<string> problems)
    {
        if (ClockHz is < 1_000_000 or > 4_000_000_000 || TimerHz < 1 || TimerHz > ClockHz)
        {
            problems.Add($"the clock is {ClockHz} Hz and the timer {TimerHz} Hz; "
                + "the clock must be 1 MHz to 4 GHz and the timer not faster than it");
            return;
        }
        if (ToCycles(BusNanoseconds) < 1 || ToCycles(TransitNanoseconds) < 1 || ToCycles(MemoryNanoseconds) < 2)
        {
            problems.Add("the latencies of bus and transit must be at least one cycle, that of memory two");
        }
        double[] rest =
        [
            SecondLevelNanoseconds, HopNanoseconds, DirectoryOccupancyNanoseconds, MemoryOccupancyNanoseconds,
            LinkByteNanoseconds, DiskServiceNanoseconds,
        ];
        if (rest.Any(nanoseconds => nanoseconds < 0))
        {
            problems.Add("a latency or an occupancy is negative; use 0 for none");
        }
    }
}
