using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Recording;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Shootdown;
using Disco.Actors.Vmm.VirtualCpus;

namespace Disco.Actors.Benchmarks;

/// <summary>What is recorded: everything a user may choose, from one number.</summary>
internal sealed record RecordingScenario(
    ulong Seed, RecordLevel Level, int Threads, BoardConfig Board, DiscoConfig? Monitor)
{
    private static readonly (string Guest, string Bootargs)[] Guests =
    [
        ("hello", ""), ("radix", "keys=1024 radix=32"), ("fft", "points=256"), ("torture", "rounds=2"),
        ("raytrace", "size=8"),
    ];

    private (string Guest, string Bootargs) Guest => Guests[(int)(Seed % (ulong)Guests.Length)];

    private EngineOptions Options { get; init; } = new();

    private Cycle Until { get; init; }

    private long MarkCycles { get; init; }

    private int SnapshotEvery { get; init; }

    /// <summary>What it is one of, for a count.</summary>
    public IEnumerable<string> Features =>
    [
        $"level {Level}",
        Threads == 0 ? "deterministic engine" : $"parallel engine with {Threads} threads",
        Monitor is null ? $"bare {Guest.Guest}" : $"monitor with {Monitor.Monitor.Shootdown.Protocol} shootdowns",
    ];

    public static RecordingScenario Random(ulong seed)
    {
        SeededRandom random = new(TotalOrder.Mix(seed));
        int threads = Next(3);

        // Each thread needs a node of its own.
        int cpus = Math.Max(threads, 1 << Next(3));
        BoardConfig board = new() { Nodes = cpus, Cpus = cpus, Seed = seed };
        if (Next(3) == 0)
        {
            board = board with { Second = new CacheShape(16 << 10, 4, 128) };
        }
        ShootdownProtocol[] protocols = Enum.GetValues<ShootdownProtocol>();
        DiscoConfig? monitor = seed % 2 == 0 ? null : new DiscoConfig
        {
            Board = board,
            Monitor = new MonitorConfig
            {
                Shootdown = new ShootdownConfig
                {
                    Protocol = protocols[(int)(seed / 2 % (ulong)protocols.Length)],
                },
            },
            Vms =
            [
                .. Enumerable.Range(0, 1 + Next(2)).Select(vm => new VmConfig
                {
                    Name = $"vm{vm}",
                    Image = WholeGuests.Image(Guests[(int)((seed + (ulong)vm) % (ulong)Guests.Length)].Guest),
                    BootArguments = Guests[(int)((seed + (ulong)vm) % (ulong)Guests.Length)].Bootargs,
                    Vcpus = 1 + Next(2),
                    MemoryBytes = 16 << 20,
                }),
            ],
        };
        RecordLevel level = (RecordLevel)Next(3);
        return new RecordingScenario(seed, level, threads, board, monitor)
        {
            Options = new EngineOptions { Seed = seed, JitterCycles = Next(3) == 0 ? 1 + Next(200) : 0 },
            Until = new Cycle(100_000 + Next(900_000)),
            MarkCycles = 20_000 + Next(280_000),
            SnapshotEvery = Next(3),
        };

        int Next(int below) => (int)(random.Next() % (ulong)below);
    }

    public Engine Engine(int threads)
    {
        World world = Monitor is null
            ? MachineBuilder.Build(Board, WholeGuests.Image(Guest.Guest), Guest.Bootargs).World
            : DiscoBuilder.Build(Monitor).Hardware.World;
        return threads == 0
            ? new DeterministicEngine(world, Options)
            : new ParallelEngine(world, Options with { Threads = threads });
    }

    public Actor? Alone(Address actor) => Monitor is null
        ? MachineBuilder.BuildAlone(Board, WholeGuests.Image(Guest.Guest), disk: null, actor)
        : DiscoBuilder.BuildAlone(Monitor, actor);

    public byte[] Record()
    {
        Engine engine = Engine(Threads);
        using IDisposable? owned = engine as IDisposable;
        MemoryStream stream = new();
        TraceHeader header = new()
        {
            Build = "test",
            Level = Level,
            Engine = Threads == 0 ? "deterministic" : "parallel",
            Seed = Seed,
            Settings = [],
            Inputs = [],
            Actors = TraceActor.Of(engine.World),
        };
        using (Recorder recorder = new(engine, stream, header, MarkCycles, SnapshotEvery))
        {
            recorder.Run(Until);
        }
        return stream.ToArray();
    }

}
