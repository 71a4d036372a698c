using System.Text;
using System.Text.RegularExpressions;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Caches;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Simulation.Tests.Machines;

/// <summary>What a whole run of a guest left behind.</summary>
internal sealed record GuestEnd(RunResult Run, string Console, ulong StateHash, long Cycles)
{
    /// <summary>
    /// The lines of the console without what may differ between machines and seeds: times, and who stole how much.
    /// </summary>
    public string[] Results => [.. Lines.Select(WithoutTimes)];

    public string[] Lines => Console.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string WithoutTimes(string line) =>
        Regex.Replace(line, @"\d+ (ticks|tiles stolen|marks made|CPUs)", "# $1");
}

/// <summary>A guest with parameters that keep it short, and its runs on whole machines.</summary>
internal sealed record Guest(string Name, string Bootargs = "")
{
    /// <summary>Far beyond any of these guests; a machine that hangs fails by it.</summary>
    private const long LimitCycles = 2_000_000_000;

    public static readonly Guest Hello = new("hello");
    public static readonly Guest Torture = new("torture", "rounds=50");
    public static readonly Guest Radix = new("radix", "keys=16384 radix=256");
    public static readonly Guest Raytrace = new("raytrace", "size=32");
    public static readonly Guest Fft = new("fft", "points=4096");

    /// <summary>The kernel linked into KSEG0 and, the same objects, into the supervisor segment.</summary>
    public static readonly Guest Kernel = new("kernel", "jobs=8 size=8 check=0");
    public static readonly Guest MappedKernel = new("kernel-mapped", "jobs=8 size=8 check=0");

    /// <summary>Small enough for a machine whose caches hold next to nothing.</summary>
    public static readonly Guest SmallRadix = new("radix", "keys=1024 radix=32");

    /// <summary>One CPU per node.</summary>
    public static BoardConfig Board(int cpus) => new() { Nodes = cpus, Cpus = cpus };

    /// <summary>Caches of a few lines, so that every line is evicted again and again.</summary>
    public static BoardConfig TinyCaches(int cpus) => Board(cpus) with
    {
        FirstCode = new CacheShape(1 << 10, 2, 64),
        FirstData = new CacheShape(1 << 10, 2, 32),
        Second = new CacheShape(4 << 10, 2, 128),
    };

    /// <summary>The last line of a run that found its own result right; variants are one program.</summary>
    private string Verdict => Name.StartsWith("hello", StringComparison.Ordinal) ? "hello: ok"
        : Family == "splashos" ? $"{Name["splashos-".Length..]}: ok"
        : $"{Family}: ok";

    /// <summary>Name of the program that this is a variant of; also of its disk.</summary>
    private string Family => Name.Split('-')[0];

    public Multiprocessor On(BoardConfig board)
    {
        byte[] file = File.ReadAllBytes(Repository.PathOf("guests", "images", Name + ".elf"));
        string disk = Repository.PathOf("guests", "images", Family + ".disk");
        ReadOnlyMemory<byte>? contents = File.Exists(disk) ? File.ReadAllBytes(disk) : null;
        return MachineBuilder.Build(board, ElfImage.Parse(file, Name), Bootargs, contents);
    }

    /// <summary>Builds, runs to the guest's own end and demands success.</summary>
    public GuestEnd Verified(BoardConfig board, EngineOptions? options = null, bool parallel = false) =>
        Verified(board, Run(On(board), options, parallel));

    /// <summary>The same on the deterministic engine, under the eyes of all observers.</summary>
    public GuestEnd Watched(BoardConfig board, EngineOptions? options = null)
    {
        Multiprocessor machine = On(board);
        DeterministicEngine engine = new(machine.World, options ?? new EngineOptions());
        Watch watch = Watch.Over(machine, engine);
        GuestEnd end = Verified(board, Run(engine));
        Assert.True(watch.Copies.Changes > 0 && watch.Values.Loads > 0 && watch.Values.Stores > 0);
        return end;
    }

    private GuestEnd Verified(BoardConfig board, GuestEnd end)
    {
        Assert.True(
            end.Run is { Outcome: Outcome.Stopped, ExitCode: 0 },
            $"{Name} on {board.Cpus} CPUs: {end.Run.Outcome} {end.Run.Reason}\n{end.Console}\n{end.Run.Report}");
        Assert.Equal(Verdict, end.Lines[^1]);
        return end;
    }

    public static GuestEnd Run(Multiprocessor machine, EngineOptions? options = null, bool parallel = false)
    {
        EngineOptions used = options ?? new EngineOptions();
        Engine engine = parallel
            ? new ParallelEngine(machine.World, used)
            : new DeterministicEngine(machine.World, used);
        return Run(engine);
    }

    public static GuestEnd Run(Engine engine)
    {
        StringBuilder console = Capture(engine);
        RunResult result = engine.Run(new Cycle(LimitCycles));
        return new GuestEnd(result, console.ToString(), engine.StateHash(), engine.Now.Value);
    }

    public static StringBuilder Capture(Engine engine)
    {
        StringBuilder console = new();
        engine.OnOutput = (_, _, bytes) => console.Append(Encoding.ASCII.GetString(bytes));
        return console;
    }
}
