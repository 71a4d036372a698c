using System.Diagnostics;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Recording;

namespace Disco.Actors.Benchmarks;

/// <summary>
/// What a recording costs: the same run without, and with each level into a file, in turn, several times; and what
/// repeating it costs. Ratios are of medians within one process, so that a slow host is slow for all.
/// </summary>
internal static class RecordingCost
{
    private static readonly RecordLevel?[] Levels =
        [null, RecordLevel.Order, RecordLevel.Messages, RecordLevel.Full];

    /// <param name="smoke">Short runs, once each.</param>
    /// <param name="only">Part of the name of the runs to measure; empty for all.</param>
    public static IEnumerable<string> Measure(bool smoke, string only)
    {
        yield return "| run | deliveries | alone | level | recording | B per delivery | replay |";
        yield return "|---|---|---|---|---|---|---|";
        foreach (Case each in Cases(smoke).Where(each => each.Name.Contains(only, StringComparison.Ordinal)))
        {
            foreach (string line in Measure(each, smoke ? 1 : 5))
            {
                yield return line;
            }
        }
    }

    private static IEnumerable<Case> Cases(bool smoke)
    {
        long cycles = smoke ? 20_000 : 4_000_000;
        foreach (int payload in new[] { 0, 128 })
        {
            yield return new Case($"messages alone, {payload} B lines", () => EngineMessage.Build(
                "deterministic", 256, payload), new Cycle(cycles), cycles / 4);
        }
        foreach ((string guest, string bootargs) in new[]
        {
            ("radix", smoke ? "keys=1024 radix=16" : "keys=65536 radix=256"),
            ("raytrace", smoke ? "size=8" : "size=32"),
        })
        {
            GuestCase run = new(guest, 8, 0, 0);
            yield return new Case(
                $"{guest}, 8 CPUs", () => WholeGuests.Build(run, bootargs, out _), Cycle.Never, 8_000_000);
        }
    }

    private static IEnumerable<string> Measure(Case run, int rounds)
    {
        string file = Path.Combine(Path.GetTempPath(), $"disco-recording-{Environment.ProcessId}.tr");
        List<double>[] seconds = [.. Levels.Select(_ => new List<double>())];
        List<double>[] replays = [.. Levels.Select(_ => new List<double>())];
        long[] bytes = new long[Levels.Length];
        long deliveries = 0;
        // The first round warms up.
        for (int round = 0; round <= rounds; round++)
        {
            for (int i = 0; i < Levels.Length; i++)
            {
                GC.Collect();
                (double recording, bytes[i], deliveries) = Record(run, Levels[i], file);
                double replay = Levels[i] is null ? 0 : Replay(run, file);
                if (round > 0)
                {
                    seconds[i].Add(recording);
                    replays[i].Add(replay);
                }
            }
        }
        File.Delete(file);
        double alone = Median(seconds[0]);
        for (int i = 1; i < Levels.Length; i++)
        {
            yield return FormattableString.Invariant(
                $"| {run.Name} | {deliveries:N0} | {alone:F3} s | {Levels[i]} | {(Median(seconds[i]) / alone) - 1:+0.0%;-0.0%} | {bytes[i] / (double)deliveries:F2} | {Median(replays[i]) / Median(seconds[i]):F2} x |");
        }
    }

    private static (double Seconds, long Bytes, long Deliveries) Record(Case run, RecordLevel? level, string file)
    {
        Engine engine = run.Build();
        Stopwatch watch = Stopwatch.StartNew();
        if (level is null)
        {
            engine.Run(run.Until);
            return (watch.Elapsed.TotalSeconds, 0, engine.Deliveries);
        }
        TraceHeader header = new()
        {
            Build = "benchmark",
            Level = level.Value,
            Engine = "deterministic",
            Seed = engine.Options.Seed,
            Settings = [],
            Inputs = [],
            Actors = TraceActor.Of(engine.World),
        };
        using (Recorder recorder = new(engine, File.Create(file), header, run.MarkCycles))
        {
            recorder.Run(run.Until);
        }
        return (watch.Elapsed.TotalSeconds, new FileInfo(file).Length, engine.Deliveries);
    }

    private static double Replay(Case run, string file)
    {
        Engine engine = run.Build();
        Stopwatch watch = Stopwatch.StartNew();
        using TraceReader trace = TraceReader.Open(file);
        ReplayVerdict verdict = new Replayer(engine, trace).Run();
        Invariant.Holds(verdict is { Equal: true, Complete: true });
        return watch.Elapsed.TotalSeconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>A run to be recorded.</summary>
    private sealed record Case(string Name, Func<Engine> Build, Cycle Until, long MarkCycles);
}
