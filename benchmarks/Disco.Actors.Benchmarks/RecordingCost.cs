using System.Diagnostics;
using System.Runtime.InteropServices;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Recording;

namespace Disco.Actors.Benchmarks;

/// <summary>
/// What a recording costs: the same run without, and with each level into a file, in turn, several times; and what
/// repeating it costs. Figures are processor time, which a busy host distorts least: of the run's own thread, and of
/// the whole process, where what the recording's thread does beside the run counts in full. A replay is compared to the
/// recorded run by the latter, as on one core. Ratios are medians of those of each round.
/// </summary>
public static class RecordingCost
{
    // The run alone twice: what they differ by is the host's noise.
    private static readonly RecordLevel?[] Levels =
        [null, null, RecordLevel.Order, RecordLevel.Messages, RecordLevel.Full];

    /// <param name="smoke">Short runs, once each.</param>
    /// <param name="only">Part of the name of the runs to measure; empty for all.</param>
    public static IEnumerable<string> Measure(bool smoke, string only)
    {
        yield return "| run | deliveries | alone | level | of the run's thread | in all | B per delivery | replay |";
        yield return "|---|---|---|---|---|---|---|---|";
        foreach (Case each in Cases(smoke).Where(each => each.Name.Contains(only, StringComparison.Ordinal)))
        {
            foreach (string line in Measure(each, smoke ? 1 : 7))
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
            ("radix", smoke ? "keys=1024 radix=16" : "keys=1048576 radix=1024"),
            ("raytrace", smoke ? "size=8" : "size=192 balls=400"),
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
        List<Round>[] measured = [.. Levels.Select(_ => new List<Round>())];
        long[] bytes = new long[Levels.Length];
        long deliveries = 0;
        List<double> alone = [];

        // The first round warms up.
        for (int round = 0; round <= rounds; round++)
        {
            Cost first = default;
            for (int i = 0; i < Levels.Length; i++)
            {
                GC.Collect();
                Cost recording = Record(run, Levels[i], file, out bytes[i], out deliveries);
                first = i == 0 ? recording : first;
                Cost replay = Levels[i] is null ? recording : Replay(run, file);
                if (round > 0 || rounds == 1)
                {
                    measured[i].Add(new Round(
                        (recording.Thread / first.Thread) - 1, (recording.All / first.All) - 1,
                        replay.All / recording.All));
                }
            }
            alone.Add(first.Thread);
        }
        File.Delete(file);
        double seconds = Median(alone);
        for (int i = 1; i < Levels.Length; i++)
        {
            string level = Levels[i]?.ToString() ?? "none again";
            double thread = Median(measured[i].Select(each => each.Thread));
            double all = Median(measured[i].Select(each => each.All));
            double replay = Median(measured[i].Select(each => each.Replay));
            yield return FormattableString.Invariant($"| {run.Name} | {deliveries:N0} | {seconds:F3} s ")
                + FormattableString.Invariant($"| {level} | {thread:+0.0%;-0.0%} | {all:+0.0%;-0.0%} ")
                + FormattableString.Invariant($"| {bytes[i] / (double)deliveries:F3} ")
                + (Levels[i] is null ? "| |" : FormattableString.Invariant($"| {replay:F2} x |"));
        }
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static Cost Record(Case run, RecordLevel? level, string file, out long bytes, out long deliveries)
    {
        // An old file takes time to go.
        File.Delete(file);
        Engine engine = run.Build();
        bytes = 0;
        Cost start = Cost.Now();
        if (level is null)
        {
            engine.Run(run.Until);
            deliveries = engine.Deliveries;
            return Cost.Since(start);
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
        Cost cost = Cost.Since(start);
        bytes = new FileInfo(file).Length;
        deliveries = engine.Deliveries;
        return cost;
    }

    private static Cost Replay(Case run, string file)
    {
        Engine engine = run.Build();
        Cost start = Cost.Now();
        using TraceReader trace = TraceReader.Open(file);
        ReplayVerdict verdict = new Replayer(engine, trace).Run();
        Invariant.Holds(verdict is { Equal: true, Complete: true });
        return Cost.Since(start);
    }

    /// <summary>Processor seconds of the calling thread and of the process.</summary>
    private readonly record struct Cost(double Thread, double All)
    {
        private const int ThreadClock = 3;

        public static Cost Now() => new(
            OfThread(), Environment.CpuUsage.TotalTime.TotalSeconds);

        public static Cost Since(Cost start)
        {
            Cost now = Now();
            return new Cost(now.Thread - start.Thread, now.All - start.All);
        }

        // Where the host does not say, the time on the clock.
        private static double OfThread()
        {
            long[] time = new long[2];
            return OperatingSystem.IsLinux() && ClockGetTime(ThreadClock, time) == 0
                ? time[0] + (time[1] / 1e9)
                : Stopwatch.GetElapsedTime(0).TotalSeconds;
        }

        // Seconds and nanoseconds. [POSIX clock_gettime, CLOCK_THREAD_CPUTIME_ID]
        [DllImport("libc", EntryPoint = "clock_gettime")]
        private static extern int ClockGetTime(int clock, [Out] long[] time);
    }

    /// <summary>One level beside the run alone, in one round.</summary>
    private readonly record struct Round(double Thread, double All, double Replay);

    /// <summary>A run to be recorded.</summary>
    private sealed record Case(string Name, Func<Engine> Build, Cycle Until, long MarkCycles);
}
