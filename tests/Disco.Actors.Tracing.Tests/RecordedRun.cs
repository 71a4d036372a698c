using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.TestKit;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Recording;

namespace Disco.Actors.Tracing.Tests;

/// <summary>A short run of a real guest, recorded into memory and repeated from there.</summary>
internal sealed record RecordedRun(string Guest, string Bootargs, int Cpus)
{
    public static readonly RecordedRun Radix = new("radix", "keys=1024 radix=32", 4);

    public const long MarkCycles = 100_000;

    public ulong Seed { get; init; } = 1;

    public int Threads { get; init; }

    public Engine Engine()
    {
        byte[] file = File.ReadAllBytes(Repository.PathOf("guests", "images", Guest + ".elf"));
        BoardConfig board = new() { Nodes = Cpus, Cpus = Cpus, Seed = Seed };
        World world = MachineBuilder.Build(board, ElfImage.Parse(file, Guest), Bootargs).World;
        EngineOptions options = new() { Seed = Seed, Threads = Math.Max(1, Threads) };
        return Threads == 0 ? new DeterministicEngine(world, options) : new ParallelEngine(world, options);
    }

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
        using (Recorder recorder = new(engine, stream, header, MarkCycles))
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
}
