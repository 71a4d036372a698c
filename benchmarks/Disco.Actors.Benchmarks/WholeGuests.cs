using BenchmarkDotNet.Attributes;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using RunStrategy = BenchmarkDotNet.Engines.RunStrategy;

namespace Disco.Actors.Benchmarks;

/// <summary>A guest on a machine on an engine.</summary>
/// <param name="Guest">An image of <c>guests/images</c>.</param>
/// <param name="Cpus">One per node.</param>
/// <param name="Threads">0 for the deterministic engine, else those of the parallel one.</param>
/// <param name="WindowCycles">0 for exact.</param>
public sealed record GuestCase(string Guest, int Cpus, int Threads, long WindowCycles)
{
    public Fidelity Fidelity { get; init; } = Fidelity.Coherent;

    public override string ToString()
    {
        string engine = Threads == 0 ? "deterministic" : $"parallel {Threads}";
        string window = WindowCycles == 0 ? "exact" : $"window {WindowCycles}";
        return $"{Guest}, {Cpus} CPUs, {Fidelity}, {engine}, {window}";
    }
}

/// <summary>
/// Whole guests from power-on to power-off: everything a user waits for but the start of the process. What a case runs
/// (instructions, cycles, hash) is the same every time; only the host's time is measured.
/// </summary>
[SimpleJob(RunStrategy.Monitoring, warmupCount: 1, iterationCount: 3)]
public class WholeGuests
{
    private static readonly Dictionary<string, (string Smoke, string Real)> Bootargs = new()
    {
        ["radix"] = ("keys=1024 radix=16", "keys=262144 radix=1024"),
        ["raytrace"] = ("size=8", "size=64"),
        ["kernels"] = ("kernel=sieve repeat=1", "kernel=all repeat=20"),
    };

    private Engine _engine = null!;

    public static IEnumerable<GuestCase> Cases
    {
        get
        {
            yield return new GuestCase("kernels", 1, 0, 0);
            yield return new GuestCase("kernels", 1, 0, 0) { Fidelity = Fidelity.Fast };
            foreach (string guest in new[] { "radix", "raytrace" })
            {
                yield return new GuestCase(guest, 1, 0, 0);
                yield return new GuestCase(guest, 8, 0, 0) { Fidelity = Fidelity.Fast };
                foreach (int cpus in new[] { 8, 16 })
                {
                    foreach (long window in new[] { 0L, 1000L })
                    {
                        yield return new GuestCase(guest, cpus, 0, window);
                        yield return new GuestCase(guest, cpus, 1, window);
                        yield return new GuestCase(guest, cpus, 2, window);
                    }
                }
            }
        }
    }

    [ParamsSource(nameof(Cases))]
    public GuestCase Case { get; set; } = null!;

    [IterationSetup]
    public void Setup() => _engine = Build(Case, Bootargs[Case.Guest].Real, out _);

    [Benchmark]
    public long Guest() => RunToEnd(_engine).Cycle.Value;

    /// <summary>Every case once, short or real, as lines: time, guest MIPS, messages, and the hash of the outcome.
    /// </summary>
    /// <param name="smoke">True for parameters that take a moment.</param>
    /// <param name="only">Part of the name of the cases to run; empty for all.</param>
    public static IEnumerable<string> Measure(bool smoke, string only)
    {
        foreach (GuestCase each in Cases.Where(each => each.ToString().Contains(only, StringComparison.Ordinal)))
        {
            (string small, string real) = Bootargs[each.Guest];
            Engine engine = Build(each, smoke ? small : real, out Multiprocessor machine);
            System.Diagnostics.Stopwatch watch = System.Diagnostics.Stopwatch.StartNew();
            RunToEnd(engine);
            double seconds = watch.Elapsed.TotalSeconds;
            long instructions = machine.Cpus.Sum(cpu => cpu.Core.Instructions);
            yield return $"{each,-54} {seconds,8:F2} s {instructions / seconds / 1e6,8:F1} guest MIPS "
                + $"{engine.Deliveries / seconds / 1e6,7:F2} M messages/s  {engine.Now,-12} {engine.StateHash():x16}";
        }
    }

    private static RunResult RunToEnd(Engine engine)
    {
        RunResult result = engine.Run(Cycle.Never);
        Invariant.Holds(result is { Outcome: Outcome.Stopped, ExitCode: 0 });
        return result;
    }

    internal static Engine Build(GuestCase each, string bootargs, out Multiprocessor machine)
    {
        BoardConfig board = new() { Nodes = each.Cpus, Cpus = each.Cpus, Fidelity = each.Fidelity };
        machine = MachineBuilder.Build(board, Image(each.Guest), bootargs);
        EngineOptions options = new() { WindowCycles = each.WindowCycles, Threads = Math.Max(1, each.Threads) };
        return each.Threads == 0
            ? new DeterministicEngine(machine.World, options)
            : new ParallelEngine(machine.World, options);
    }

    internal static ElfImage Image(string guest)
    {
        using Stream resource = typeof(WholeGuests).Assembly.GetManifestResourceStream($"guests/{guest}.elf")!;
        byte[] file = new byte[resource.Length];
        resource.ReadExactly(file);
        return ElfImage.Parse(file, guest);
    }
}
