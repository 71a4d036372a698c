using System.Security.Cryptography;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Hocon;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Cli.Configuration;

public enum EngineKind
{
    Deterministic,
    Parallel,
}

/// <summary>What one run is: the machine, the guest and the engine, read from <see cref="Settings"/>.</summary>
public sealed record Experiment(
    BoardConfig Board,
    ElfImage Image,
    string Bootargs,
    ReadOnlyMemory<byte>? Disk,
    EngineKind Engine,
    EngineOptions Options,
    Cycle Until,
    IReadOnlyList<TraceInput> Inputs)
{
    private const long CyclesMax = 1L << 50;

    /// <summary>Errors: <see cref="UserError"/> with the key and its place.</summary>
    public static Experiment Of(Settings settings)
    {
        BoardConfig board = BoardOf(settings);
        if (board.Problems() is [string problem, ..])
        {
            throw new UserError($"{char.ToUpperInvariant(problem[0])}{problem[1..]}.");
        }
        bool isParallel = settings.OneOf("engine.kind", "deterministic", "parallel") == "parallel";
        if (isParallel && board.Fidelity == Fidelity.Fast)
        {
            throw new UserError(
                "In the fast fidelity all CPUs share memory, so one runs at a time: use --engine deterministic.");
        }
        EngineOptions options = new()
        {
            Seed = board.Seed,
            JitterCycles = Cycles(settings.Nanoseconds("engine.jitter"), board),
            WindowCycles = settings.Text("engine.window") == "exact"
                ? 0
                : settings.Whole("engine.window", 1, CyclesMax),
            Threads = isParallel ? (int)settings.Whole("engine.threads", 1, BoardConfig.CpusMax) : 1,
            PinThreads = isParallel && Pins(settings),
        };
        List<TraceInput> inputs = [];
        return new Experiment(
            board,
            Guest(settings.Text("guest.image"), inputs),
            settings.Text("guest.bootargs"),
            DiskOf(settings.Text("guest.disk"), settings.Text("guest.image"), inputs),
            isParallel ? EngineKind.Parallel : EngineKind.Deterministic,
            options,
            UntilOf(settings, board),
            inputs);
    }

    /// <summary>The engine the experiment asks for; dispose of it when it is disposable.</summary>
    public Engine MakeEngine(World world) => Engine switch
    {
        EngineKind.Deterministic => new DeterministicEngine(world, Options),
        EngineKind.Parallel => new ParallelEngine(world, Options),
    };

    private static BoardConfig BoardOf(Settings settings) => new()
    {
        Name = settings.Text("board.name"),
        Nodes = (int)settings.Whole("board.nodes", int.MinValue, int.MaxValue),
        Cpus = (int)settings.Whole("board.cpus", int.MinValue, int.MaxValue),
        MemoryBytes = (ulong)settings.Bytes("board.memory"),
        ClockHz = settings.Whole("board.clock-hz", 1, CyclesMax),
        TimerHz = settings.Whole("board.timer-hz", 1, CyclesMax),
        Topology = Word<TopologyKind>(settings, "board.topology"),
        Placement = Word<Placement>(settings, "board.placement"),
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
        Fidelity = Word<Fidelity>(settings, "engine.fidelity"),
        Seed = (ulong)settings.Whole("engine.seed", 0, long.MaxValue),
    };

    private static bool Pins(Settings settings)
    {
        if (settings.OneOf("engine.pin", "on", "off") == "off")
        {
            return false;
        }
        return ParallelEngine.CanPinThreads
            ? true
            : throw new UserError("Threads can be kept on one core each on Linux only: use engine.pin = off.");
    }

    /// <summary>A member of an enum by its name in lower case.</summary>
    private static T Word<T>(Settings settings, string key)
        where T : struct, Enum
    {
#pragma warning disable CA1308 // Keys and words of the configuration are lower case.
        string[] words = [.. Enum.GetNames<T>().Select(name => name.ToLowerInvariant())];
#pragma warning restore CA1308
        return Enum.GetValues<T>()[Array.IndexOf(words, settings.OneOf(key, words))];
    }

    private static CacheShape Shape(Settings settings, string key) => new(
        (int)Math.Min(settings.Bytes(key + ".size"), 1 << 30),
        (int)settings.Whole(key + ".ways", 1, 64),
        (int)Math.Min(settings.Bytes(key + ".line"), 1 << 20));

    private static long Cycles(double nanoseconds, BoardConfig board) =>
        InterconnectConfig.FromNanoseconds(nanoseconds, board.ClockHz / 1e6);

    private static Cycle UntilOf(Settings settings, BoardConfig board)
    {
        string text = settings.Text("run.for");
        if (text == "none")
        {
            return Cycle.Never;
        }
        if (long.TryParse(text, out long cycles) && cycles is > 0 and <= CyclesMax)
        {
            return new Cycle(cycles);
        }
        return HoconUnits.Duration(text) is { } nanoseconds and > 0
            ? new Cycle(Cycles((double)nanoseconds, board))
            : throw settings.Misfit("run.for", "none, a length of time such as 2 ms, or a number of cycles");
    }

    /// <summary>The file; without one the guest's own disk: kernel.disk for kernel and for kernel-mapped.</summary>
    private static ReadOnlyMemory<byte>? DiskOf(string path, string guest, List<TraceInput> inputs)
    {
        if (path.Length == 0)
        {
            string own = guest.Split('-')[0] + ".disk";
            return Embedded.Bytes("disks/" + own) is { } embedded ? Noted(own, embedded, inputs) : null;
        }
        try
        {
            return Noted(path, File.ReadAllBytes(path), inputs);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"The disk image '{path}' cannot be read: {e.Message}");
        }
    }

    private static byte[] Noted(string name, byte[] bytes, List<TraceInput> inputs)
    {
        inputs.Add(new TraceInput(name, bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes))));
        return bytes;
    }

    private static ElfImage Guest(string guest, List<TraceInput> inputs)
    {
        try
        {
            if (Embedded.Bytes($"guests/{guest}.elf") is { } embedded)
            {
                return ElfImage.Parse(Noted(guest, embedded, inputs), guest);
            }
            if (!File.Exists(guest))
            {
                string hint = UserError.DidYouMean(guest, Embedded.Names("guests/"));
                throw new UserError(
                    $"There is no guest '{guest}' and no such file.{hint} 'disco guests' lists the embedded ones.");
            }
            return ElfImage.Parse(Noted(guest, File.ReadAllBytes(guest), inputs), guest);
        }
        catch (ElfException e)
        {
            throw new UserError(e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"The guest '{guest}' cannot be read: {e.Message}");
        }
    }
}
