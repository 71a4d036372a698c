using System.Diagnostics;
using System.Runtime.InteropServices;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Recording;

namespace Disco.Actors.Benchmarks;

/// <summary>
/// What a recording costs: the same run without, and with each level into a file, in turn, several times; and what
/// repeating it costs. Figures are processor time of the whole process, which a busy host distorts least; with them
/// what the recording's own thread takes counts in full, though it runs beside the run. Ratios are of the least times.
/// </summary>
public static class RecordingCost
{
    private static readonly RecordLevel?[] Levels =
        [null, RecordLevel.Order, RecordLevel.Messages, RecordLevel.Full];

    /// <param name="smoke">Short runs, once each.</param>
    /// <param name="only">Part of the name of the runs to measure; empty for all.</param>
    public static IEnumerable<string> Measure(bool smoke, string only)
    {
        yield return "| run | deliveries | alone | level | of the run's thread | in all | B per delivery | replay |";
        yield return "|---|---|---|---|---|---|---|---|";
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
            ("radix", smoke ? "keys=1024 radix=16" : "keys=262144 radix=1024"),
            ("raytrace", smoke ? "size=8" : "size=128"),
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
        Cost[] recorded = [.. Levels.Select(_ => Cost.Most)];
        Cost[] replayed = [.. Levels.Select(_ => Cost.Most)];
        long[] bytes = new long[Levels.Length];
        long deliveries = 0;

        // The first round warms up.
        for (int round = 0; round <= rounds; round++)
        {
            for (int i = 0; i < Levels.Length; i++)
            {
                GC.Collect();
                Cost recording = Record(run, Levels[i], file, out bytes[i], out deliveries);
                Cost replay = Levels[i] is null ? Cost.Most : Replay(run, file);
                if (round > 0 || rounds == 1)
                {
                    recorded[i] = Cost.Least(recorded[i], recording);
                    replayed[i] = Cost.Least(replayed[i], replay);
                }
            }
        }
        File.Delete(file);
        Cost alone = recorded[0];
        for (int i = 1; i < Levels.Length; i++)
        {
            double thread = (recorded[i].Thread / alone.Thread) - 1;
            double all = (recorded[i].All / alone.All) - 1;
            yield return FormattableString.Invariant($"| {run.Name} | {deliveries:N0} | {alone.Thread:F3} s ")
                + FormattableString.Invariant($"| {Levels[i]} | {thread:+0.0%;-0.0%} | {all:+0.0%;-0.0%} ")
                + FormattableString.Invariant($"| {bytes[i] / (double)deliveries:F3} ")
                + FormattableString.Invariant($"| {replayed[i].All / recorded[i].All:F2} x |");
        }
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

        public static readonly Cost Most = new(double.MaxValue, double.MaxValue);

        public static Cost Now() => new(
            OfThread(), Environment.CpuUsage.TotalTime.TotalSeconds);

        public static Cost Since(Cost start)
        {
            Cost now = Now();
            return new Cost(now.Thread - start.Thread, now.All - start.All);
        }

        public static Cost Least(Cost one, Cost other) =>
            new(Math.Min(one.Thread, other.Thread), Math.Min(one.All, other.All));

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

    /// <summary>A run to be recorded.</summary>
    private sealed record Case(string Name, Func<Engine> Build, Cycle Until, long MarkCycles);
}
