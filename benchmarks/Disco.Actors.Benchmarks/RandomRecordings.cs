using System.Diagnostics;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Recording;
using Disco.Actors.Tracing.Session;

namespace Disco.Actors.Benchmarks;

/// <summary>
/// Random machines, guests, engines and levels, recorded and repeated by three routes: from power-on with every mark
/// and delivery compared, from every snapshot to the same hash, and one actor alone.
/// </summary>
public static class RandomRecordings
{
    /// <summary>A line for each that differs, then what was covered. A scenario is a function of its number.</summary>
    /// <param name="count">How many.</param>
    /// <param name="first">Number of the first.</param>
    public static IEnumerable<string> Measure(int count, ulong first = 0)
    {
        Tally tally = new();
        SortedDictionary<string, int> covered = new(StringComparer.Ordinal);
        Stopwatch watch = Stopwatch.StartNew();
        for (ulong seed = first; seed < first + (ulong)count; seed++)
        {
            RecordingScenario scenario = RecordingScenario.Random(seed);
            foreach (string feature in scenario.Features)
            {
                covered[feature] = covered.GetValueOrDefault(feature) + 1;
            }
            string? difference = Check(scenario, tally);
            if (difference is not null)
            {
                tally.Different++;
                yield return $"recording {seed}: {difference}; {scenario}";
            }
        }
        yield return FormattableString.Invariant($"{count} recordings, {count - tally.Different} replayed equal ")
            + FormattableString.Invariant($"({tally.Marks:N0} state hashes, {tally.Deliveries:N0} deliveries), ")
            + FormattableString.Invariant($"{tally.Snapshots:N0} snapshots gone on from to the same end, ")
            + FormattableString.Invariant($"{tally.Actors} actors alone; {watch.Elapsed.TotalSeconds:F0} s");
        yield return string.Join(", ", covered.Select(each => $"{each.Key} {each.Value}"));
    }

    /// <summary>What differs by any route; null for nothing.</summary>
    private static string? Check(RecordingScenario scenario, Tally tally)
    {
        byte[] recording = scenario.Record();
        using TraceReader trace = new(new MemoryStream(recording), "memory", isChecked: scenario.Seed % 2 == 0);
        ReplayVerdict verdict = new Replayer(scenario.Engine(threads: 0), trace).Run();
        tally.Marks += verdict.Marks;
        tally.Deliveries += verdict.Deliveries;
        if (verdict is not { Equal: true, Complete: true })
        {
            return $"from power-on: {verdict.Divergence?.What}";
        }

        ReplaySession session = new((DeterministicEngine)scenario.Engine(threads: 0), trace);
        foreach (Cycle snapshot in session.Snapshots.ToArray())
        {
            // A fresh machine: nothing but the snapshot brings it there.
            ReplaySession other = new((DeterministicEngine)scenario.Engine(threads: 0), trace);
            other.SeekTo(snapshot);
            other.SeekTo(Cycle.Never);
            tally.Snapshots++;
            if (other.Divergence is not null || other.Engine.StateHash() != trace.End!.Mark.State)
            {
                return $"from the snapshot of {snapshot}: {other.Divergence?.What ?? "another end"}";
            }
        }
        return scenario.Level == RecordLevel.Full ? CheckAlone(scenario, trace, session.World, tally) : null;
    }

    private static string? CheckAlone(RecordingScenario scenario, TraceReader trace, World world, Tally tally)
    {
        Address actor = world.Actors[(int)(scenario.Seed % (ulong)world.Actors.Length)].Address;
        ReplayVerdict alone = new ActorReplayer(scenario.Alone(actor)!, trace).Run(Cycle.Zero, Cycle.Never);
        tally.Actors++;
        return alone is { Equal: true, Complete: true } ? null : $"{actor} alone: {alone.Divergence?.What}";
    }

    private sealed class Tally
    {
        public int Different;
        public long Marks;
        public long Deliveries;
        public long Snapshots;
        public int Actors;
    }
}
