using Disco.Actors.Core;

namespace Disco.Actors.Machine.Interconnect;

/// <summary>
/// Latencies and occupancies of buses, controllers and links, in cycles. The defaults are those of the Disco paper's
/// machine (5.1): 300 ns for a clean local miss and 900 ns for a clean remote one, unloaded, at 400 MHz.
/// </summary>
/// <remarks>
/// Clean local miss: bus + port + memory - port + bus. Clean remote miss: bus + transit + memory + transit + bus.
/// </remarks>
public sealed record InterconnectConfig
{
    public TopologyKind Topology { get; init; } = TopologyKind.Hypercube;

    public CoherenceProtocol Protocol { get; init; }

    /// <summary>Once over a node's bus, between an agent or a device and anything else.</summary>
    public long BusCycles { get; init; } = 30;

    /// <summary>Between the controllers of one node: directory to memory, directory to network.</summary>
    public long PortCycles { get; init; } = 1;

    /// <summary>From the directory's order to the line on its way: includes <see cref="PortCycles"/>.</summary>
    public long MemoryCycles { get; init; } = 60;

    /// <summary>From a node's network controller to another node over one link.</summary>
    public long TransitCycles { get; init; } = 120;

    /// <summary>For each link beyond the first.</summary>
    public long HopCycles { get; init; } = 8;

    /// <summary>A directory controller handles one message in this time.</summary>
    public long DirectoryOccupancyCycles { get; init; } = 10;

    /// <summary>A memory bank is busy with a line for this time.</summary>
    public long BankOccupancyCycles { get; init; } = 40;

    /// <summary>Banks of a memory node; neighbouring lines lie in neighbouring banks.</summary>
    public int Banks { get; init; } = 4;

    /// <summary>Link throughput; 0 for links that are never busy.</summary>
    public long LinkBytesPerCycle { get; init; } = 2;

    /// <summary>Bytes of a message on a link besides its line.</summary>
    public int HeaderBytes { get; init; } = 16;

    /// <summary>How much a refused requester waits before its first retry; doubles with each.</summary>
    public long BackoffCycles { get; init; } = 40;

    /// <summary>The longest wait before a retry, without its random part.</summary>
    public long BackoffCyclesMax { get; init; } = 640;

    /// <summary>Spread retries by a seeded random part as long as the wait itself.</summary>
    public bool BackoffRandom { get; init; } = true;

    /// <summary>Where the count of retries stops.</summary>
    public int RetriesMax { get; init; } = 255;

    /// <summary>From this many retries on, a home that refuses a requester promises it the line.</summary>
    public int RetriesForPromise { get; init; } = 2;

    /// <summary>Cycles of a length of time at a clock, rounded to the nearest.</summary>
    /// <param name="nanoseconds">Not negative.</param>
    /// <param name="clockMegahertz">Of the machine's clock, above 0.</param>
    public static long FromNanoseconds(double nanoseconds, double clockMegahertz) =>
        (long)Math.Round(nanoseconds * clockMegahertz / 1000, MidpointRounding.AwayFromZero);

    /// <summary>The bounds an engine may rely on, as these latencies guarantee them.</summary>
    public Lookahead Lookahead => Topology == TopologyKind.Uma
        ? new(BusCycles, 2 * BusCycles, 2 * BusCycles, BusCycles)
        : new(BusCycles, 2 * BusCycles, (2 * BusCycles) + TransitCycles, TransitCycles)
        {
            // Agents reach the network and the directory over the bus, memory after its access.
            OutboundCycles = Math.Min(BusCycles, MemoryCycles - PortCycles),
            RemoteInboundCycles = TransitCycles + BusCycles,
        };

    /// <summary>Throws when the numbers contradict each other.</summary>
    public void Check()
    {
        Invariant.Holds(BusCycles >= 1);
        Invariant.Holds(PortCycles >= 1);
        Invariant.Holds(MemoryCycles > PortCycles);
        Invariant.Holds(TransitCycles >= 1);
        Invariant.Holds(HopCycles >= 0);
        Invariant.Holds(Banks >= 1);
        Invariant.Holds(BackoffCycles >= 1);
        Invariant.Holds(BackoffCyclesMax >= BackoffCycles);
        Invariant.Holds(RetriesMax is >= 1 and <= byte.MaxValue);
        Invariant.Holds(RetriesForPromise <= RetriesMax);
    }
}
