using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.TestKit;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Recording;
using Disco.Actors.Vmm.Boards;

namespace Disco.Actors.Tracing.Tests;

/// <summary>A short run of a real guest, recorded into memory and repeated from there.</summary>
internal sealed record RecordedRun(string Guest, string Bootargs, int Cpus)
{
    public static readonly RecordedRun Radix = new("radix", "keys=1024 radix=32", 4);

    /// <summary>Two virtual CPUs under the monitor, which share one CPU with another machine's.</summary>
    public static readonly RecordedRun Monitored =
        new("radix", "keys=1024 radix=32", 2) { Other = "hello" };

    public const long MarkCycles = 100_000;

    /// <summary>A second guest, with which it runs under the monitor; null for a bare machine.</summary>
    public string? Other { get; init; }

    public ulong Seed { get; init; } = 1;

    public int Threads { get; init; }

    /// <summary>A snapshot at every so many marks; 0 for none.</summary>
    public int SnapshotEvery { get; init; }

    public Engine Engine()
    {
        World world = World();
        EngineOptions options = new() { Seed = Seed, Threads = Math.Max(1, Threads) };
        return Threads == 0 ? new DeterministicEngine(world, options) : new ParallelEngine(world, options);
    }

    private BoardConfig Board => new() { Nodes = Cpus, Cpus = Cpus, Seed = Seed };

    private DiscoConfig Config => new()
    {
        Board = Board,
        Vms =
        [
            new() { Name = Guest, Image = Image(Guest), Vcpus = 2, MemoryBytes = 16 << 20, BootArguments = Bootargs },
            new() { Name = Other!, Image = Image(Other!), Vcpus = 1, MemoryBytes = 4 << 20 },
        ],
    };

    public World World() => Other is null
        ? MachineBuilder.Build(Board, Image(Guest), Bootargs).World
        : DiscoBuilder.Build(Config).Hardware.World;

    /// <summary>One actor of the machine and no other, without state.</summary>
    public Actor? Alone(Address actor) => Other is null
        ? MachineBuilder.BuildAlone(Board, Image(Guest), disk: null, actor)
        : DiscoBuilder.BuildAlone(Config, actor);

    /// <summary>The recording as the bytes of its file.</summary>
    public byte[] Record(RecordLevel level, out RunResult result, Cycle? until = null)
    {
        Engine engine = Engine();
        MemoryStream stream = new();
        TraceHeader header = new()
        {
            Build = "test",
            Level = level,
            Engine = Threads == 0 ? "deterministic" : "parallel",
            Seed = Seed,
            Settings = [],
            Inputs = [],
            Actors = TraceActor.Of(engine.World),
        };
        using (Recorder recorder = new(engine, stream, header, MarkCycles, SnapshotEvery))
        {
            result = recorder.Run(until ?? new Cycle(1_000_000_000));
        }
        return stream.ToArray();
    }

    public byte[] Record(RecordLevel level) => Record(level, out _);

    public ReplayVerdict Replay(byte[] recording)
    {
        using TraceReader trace = new(new MemoryStream(recording), "memory");
        return new Replayer(Engine(), trace).Run();
    }

    private static ElfImage Image(string guest) =>
        ElfImage.Parse(File.ReadAllBytes(Repository.PathOf("guests", "images", guest + ".elf")), guest);
}
