using System.Diagnostics;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Recording;
using Disco.Actors.Tracing.Session;

namespace Disco.Actors.Benchmarks;

/// <summary>
/// What parts of a replay cost: one actor alone beside the whole machine of 16 nodes, and going to any point of a long
/// recording by way of its index and its snapshots.
/// </summary>
public static class ReplayCost
{
    /// <param name="smoke">A short run.</param>
    public static IEnumerable<string> Actor(bool smoke)
    {
        string bootargs = smoke ? "keys=1024 radix=16" : "keys=65536 radix=256";
        GuestCase run = new("radix", 16, 0, 0);
        using MemoryStream file = new();
        Record(WholeGuests.Build(run, bootargs, out _), file, RecordLevel.Full, 8_000_000, 0);
        using TraceReader trace = new(new MemoryStream(file.ToArray()), "memory", isChecked: false);
        yield return $"radix, 16 CPUs: {trace.End!.Mark.Deliveries:N0} deliveries";
        Stopwatch watch = Stopwatch.StartNew();
        Invariant.Holds(new Replayer(WholeGuests.Build(run, bootargs, out _), trace).Run().Equal);
        double whole = watch.Elapsed.TotalSeconds;
        foreach (string name in new[] { "cpu/3", "dir/0", "mem/0", "net/5" })
        {
            Invariant.Holds(Address.TryParse(name, out Address address));
            watch.Restart();
            Actor alone = MachineBuilder.BuildAlone(
                new BoardConfig { Nodes = 16, Cpus = 16 }, WholeGuests.Image("radix"), disk: null, address)!;
            ReplayVerdict verdict = new ActorReplayer(alone, trace).Run(Cycle.Zero, Cycle.Never);
            Invariant.Holds(verdict is { Equal: true, Complete: true });
            double seconds = watch.Elapsed.TotalSeconds;
            yield return FormattableString.Invariant($"{name}: {seconds:F2} s beside {whole:F2} s of all, ")
                + FormattableString.Invariant($"{whole / seconds:F1} x; {verdict.Deliveries:N0} deliveries");
        }
    }

    /// <param name="deliveries">Of the recording, about.</param>
    public static IEnumerable<string> Seek(long deliveries)
    {
        const long markCycles = 400_000;
        string name = Path.Combine(Path.GetTempPath(), $"disco-seek-{Environment.ProcessId}.tr");
        Engine engine = EngineMessage.Build("deterministic", 256, 0);
        using (FileStream file = File.Create(name))
        {
            // About 3.36 deliveries a cycle.
            Record(engine, file, RecordLevel.Messages, markCycles, 1, new Cycle(deliveries * 10 / 33));
        }
        yield return $"{engine.Deliveries:N0} deliveries, {new FileInfo(name).Length:N0} bytes";
        SeededRandom random = new(1);
        double worst = 0;
        for (int i = 0; i < 20; i++)
        {
            long cycle = (long)(random.Next() % (ulong)engine.Now.Value);
            DeterministicEngine fresh = (DeterministicEngine)EngineMessage.Build("deterministic", 256, 0);
            Stopwatch watch = Stopwatch.StartNew();
            using TraceReader trace = TraceReader.Open(name, isChecked: false);
            ReplaySession session = new(fresh, trace);
            session.SeekTo(new Cycle(cycle));
            Invariant.Holds(session.Position.Cycle.Value == cycle && session.Divergence is null);
            worst = Math.Max(worst, watch.Elapsed.TotalSeconds);
        }
        File.Delete(name);
        yield return FormattableString.Invariant($"the longest of 20 seeks, opening included: {worst:F3} s");
    }

    private static void Record(
        Engine engine, Stream stream, RecordLevel level, long markCycles, int snapshotEvery, Cycle? until = null)
    {
        TraceHeader header = new()
        {
            Build = "benchmark",
            Level = level,
            Engine = "deterministic",
            Seed = engine.Options.Seed,
            Settings = [],
            Inputs = [],
            Actors = TraceActor.Of(engine.World),
        };
        using Recorder recorder = new(engine, stream, header, markCycles, snapshotEvery);
        recorder.Run(until ?? Cycle.Never);
    }
}
