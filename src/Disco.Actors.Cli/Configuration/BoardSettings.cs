using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Cli.Configuration;

/// <summary>The keys of the hardware.</summary>
internal static class BoardSettings
{
    private const long CyclesMax = 1L << 50;

    public static BoardConfig Of(Settings settings) => new()
    {
        Name = settings.Text("board.name"),
        Nodes = (int)settings.Whole("board.nodes", int.MinValue, int.MaxValue),
        Cpus = (int)settings.Whole("board.cpus", int.MinValue, int.MaxValue),
        MemoryBytes = (ulong)settings.Bytes("board.memory"),
        ClockHz = settings.Whole("board.clock-hz", 1, CyclesMax),
        TimerHz = settings.Whole("board.timer-hz", 1, CyclesMax),
        Topology = settings.Word<TopologyKind>("board.topology"),
        Placement = settings.Word<Placement>("board.placement"),
        Protocol = settings.Word<CoherenceProtocol>("board.protocol"),
        FirstCode = Shape(settings, "cache.l1i"),
        FirstData = Shape(settings, "cache.l1d"),
        Second = Shape(settings, "cache.l2"),
        SecondLevelNanoseconds = settings.Nanoseconds("latency.l2-hit"),
        BusNanoseconds = settings.Nanoseconds("latency.bus"),
        MemoryNanoseconds = settings.Nanoseconds("latency.memory"),
        TransitNanoseconds = settings.Nanoseconds("latency.transit"),
        HopNanoseconds = settings.Nanoseconds("latency.hop"),
        DirectoryOccupancyNanoseconds = settings.Nanoseconds("occupancy.directory"),
        MemoryOccupancyNanoseconds = settings.Nanoseconds("occupancy.memory"),
        LinkByteNanoseconds = settings.Nanoseconds("occupancy.link-byte"),
        TranslateAfter = settings.OneOf("cpu.translate", "on", "off") == "on"
            ? (int)settings.Whole("cpu.translate-after", 0, int.MaxValue)
            : null,
        Fidelity = settings.Word<Fidelity>("engine.fidelity"),
        Seed = (ulong)settings.Whole("engine.seed", 0, long.MaxValue),
    };

    private static CacheShape Shape(Settings settings, string key) => new(
        (int)Math.Min(settings.Bytes(key + ".size"), 1 << 30),
        (int)settings.Whole(key + ".ways", 1, 64),
        (int)Math.Min(settings.Bytes(key + ".line"), 1 << 20));
}
