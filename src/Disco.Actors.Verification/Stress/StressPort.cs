using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Verification.Stress.Mutation;
using Disco.Actors.Verification.Stress.Shrinking;
using Disco.Actors.Verification.Stress.WholeMachines;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Stress;

/// <summary>What to stress, as text.</summary>
public sealed record StressRequest
{
    public string Subject { get; init; } = "";

    /// <summary>Null for any.</summary>
    public string? Protocol { get; init; }

    /// <summary>Null for the portfolio.</summary>
    public string? Strategy { get; init; }
    public ulong First { get; init; } = 1;
    public ulong Last { get; init; } = ulong.MaxValue;
    public double? Seconds { get; init; }
    public double? CpuSeconds { get; init; }
    public FaultRates Faults { get; init; } = FaultRates.None;
    public string Mutant { get; init; } = nameof(Core.Mutant.None);
    public bool Shrink { get; init; }
}

/// <summary>What came of it, as text.</summary>
public sealed record StressReport
{
    public long Schedules { get; init; }
    public long Deliveries { get; init; }
    public double Seconds { get; init; }
    public double CpuSeconds { get; init; }
    public int Pairs { get; init; }
    public ulong NextSeed { get; init; }
    public required IReadOnlyList<StrategyRuns> Strategies { get; init; }

    /// <summary>How often each step of each table was taken, by role, state and event; those that were.</summary>
    public Dictionary<string, long> Steps { get; init; } = [];

    /// <summary>How often what must happen did, by name of <see cref="Stress.Sometimes"/>.</summary>
    public Dictionary<string, long> Sometimes { get; init; } = [];

    /// <summary>Null when nothing broke.</summary>
    public Repro? Failure { get; init; }

    /// <summary>False when the strategy had learned, so that the seed alone does not repeat the run.</summary>
    public bool IsSeedRepeatable { get; init; }

    /// <summary>Before and after shrinking: steps and operations. And the runs that took.</summary>
    public int StepsBefore { get; init; }
    public int StepsAfter { get; init; }
    public int OpsBefore { get; init; }
    public int OpsAfter { get; init; }
    public int ShrinkRuns { get; init; }

    /// <summary>Of the exhaustive strategy: schedules that were all orders of their scenario, to the last.</summary>
    public long Explored { get; init; }
}

/// <summary>What a seed decides.</summary>
public sealed record StressOptions(Shape Shape, string[] Ops, FaultRates Faults);

public sealed record StrategyRuns(string Strategy, long Runs);

/// <summary>Reports of parts of one campaign.</summary>
public static class StressReports
{
    /// <summary>The campaign's report after another part.</summary>
    public static StressReport With(this StressReport before, StressReport more) => more with
    {
        Schedules = before.Schedules + more.Schedules,
        Deliveries = before.Deliveries + more.Deliveries,
        Seconds = before.Seconds + more.Seconds,
        CpuSeconds = before.CpuSeconds + more.CpuSeconds,
        Explored = before.Explored + more.Explored,
        Pairs = Math.Max(before.Pairs, more.Pairs),
        Strategies = [.. before.Strategies.Concat(more.Strategies).GroupBy(runs => runs.Strategy)
            .Select(runs => new StrategyRuns(runs.Key, runs.Sum(each => each.Runs)))],
        Steps = Sum(before.Steps, more.Steps),
        Sometimes = Sum(before.Sometimes, more.Sometimes),
    };

    private static Dictionary<string, long> Sum(Dictionary<string, long> left, Dictionary<string, long> right) =>
        left.Concat(right).GroupBy(pair => pair.Key, StringComparer.Ordinal)
            .ToDictionary(pairs => pairs.Key, pairs => pairs.Sum(pair => pair.Value));
}

/// <summary>
/// The way into stress testing that is the same for the shipping code and for its copy that can make mistakes: text in,
/// text out, because the two have types of their own.
/// </summary>
public static class StressPort
{
    private static readonly JsonSerializerOptions Format = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter() },
        IgnoreReadOnlyProperties = true,
    };

    public static bool HasMutants => ActiveMutant.IsPossible;

    public static string Write<T>(T value) => JsonSerializer.Serialize(value, Format);

    public static T Read<T>(string json) => JsonSerializer.Deserialize<T>(json, Format)!;

    /// <param name="request">A <see cref="StressRequest"/>.</param>
    /// <param name="progress">Told schedules, deliveries, seconds, the next seed.</param>
    /// <param name="isCancelled">Asked from time to time.</param>
    /// <returns>A <see cref="StressReport"/>.</returns>
    public static string Run(
        string request, Action<long, long, double, ulong>? progress = null, Func<bool>? isCancelled = null)
    {
        StressRequest asked = Read<StressRequest>(request);
        CampaignPlan plan = PlanOf(asked);
        using ActiveMutant _ = new(Enum.Parse<Mutant>(asked.Mutant));
        if (plan.Subject == SubjectKind.Machine)
        {
            MachineResult machine = MachineCampaign.Run(plan, Tell, isCancelled);
            StressReport about = ReportOf(machine.Campaign);
            return Write(machine.Failure is null ? about : WithMachine(about, machine.Failure, asked));
        }
        CampaignResult result = new Campaign(plan).Run(Tell, isCancelled);
        StressReport report = ReportOf(result);
        return Write(result.Failure is null ? report : WithFailure(report, result.Failure, asked));

        void Tell(CampaignProgress at) => progress?.Invoke(at.Schedules, at.Deliveries, at.Seconds, at.NextSeed);
    }

    /// <summary>All that the first seed of a request decides: the whole set of options, as JSON.</summary>
    public static string Options(string request)
    {
        CampaignPlan plan = PlanOf(Read<StressRequest>(request));
        if (plan.Subject == SubjectKind.Machine)
        {
            return Write(MachineDraw.Of(plan.Protocol, plan.Faults.Any, plan.First));
        }
        Scenario scenario = ScenarioDraw.Of(plan.Subject, plan.Protocol, plan.Coherence, plan.Faults, plan.First);
        return Write(new StressOptions(scenario.Shape, [.. scenario.Ops.Select(op => op.ToString())], scenario.Faults));
    }

    /// <summary>Runs a file's steps again.</summary>
    /// <param name="repro">A <see cref="Repro"/> as JSON.</param>
    /// <param name="withMutant">False to run the code as it should be.</param>
    /// <param name="each">Told each step.</param>
    /// <returns>What broke; null when nothing did.</returns>
    public static string? Repeat(string repro, bool withMutant, Action<string>? each = null)
    {
        Repro read = Repro.FromJson(repro);
        using ActiveMutant _ = new(withMutant ? Enum.Parse<Mutant>(read.Mutant) : Mutant.None);
        if (read.Machine is not null)
        {
            return MachineText.Repeat(read.Machine, each)?.What;
        }
        return TraceText.Run(read, each).Violation?.What;
    }

    /// <summary>The fewest steps that break a file's rule with its programs; 0 when they were not found.</summary>
    public static int FewestSteps(string repro)
    {
        Repro read = Repro.FromJson(repro);
        using ActiveMutant _ = new(Enum.Parse<Mutant>(read.Mutant));
        if (read.Machine is not null)
        {
            return 0;
        }
        return TraceText.FailureOf(read) is { } failure ? new Shortest(failure).Steps() ?? 0 : 0;
    }

    /// <summary>The picture of a file's run.</summary>
    public static string Draw(string repro)
    {
        Repro read = Repro.FromJson(repro);
        using ActiveMutant _ = new(Enum.Parse<Mutant>(read.Mutant));
        return read.Machine is null ? TraceText.Mermaid(read) : MachineText.Mermaid(read);
    }

    /// <summary>Who waits for whom when a file's run has come to no end, as a Mermaid graph; null for others.</summary>
    public static string? Waits(string repro)
    {
        Repro read = Repro.FromJson(repro);
        using ActiveMutant _ = new(Enum.Parse<Mutant>(read.Mutant));
        WaitGraph? graph = read.Machine is null
            ? TraceText.Run(read).Waits : new MachineRunner(new Coverage()).Run(read.Machine).Waits;
        return graph?.ToMermaid();
    }

    /// <summary>What a file's run delivers.</summary>
    /// <returns>A <see cref="DeliveredRun"/>; null for a whole machine.</returns>
    public static string? Deliveries(string repro)
    {
        Repro read = Repro.FromJson(repro);
        using ActiveMutant _ = new(Enum.Parse<Mutant>(read.Mutant));
        return read.Machine is null ? Write(DeliveredRun.Of(read)) : null;
    }

    private static CampaignPlan PlanOf(StressRequest asked)
    {
        SubjectKind subject = Enum.Parse<SubjectKind>(asked.Subject, ignoreCase: true);
        bool ofCaches = subject == SubjectKind.Coherence;
        return new CampaignPlan
        {
            Subject = subject,
            Protocol = asked.Protocol is null || ofCaches
                ? null : Enum.Parse<ShootdownProtocol>(asked.Protocol, ignoreCase: true),
            Coherence = asked.Protocol is null || !ofCaches
                ? null : Enum.Parse<CoherenceProtocol>(asked.Protocol, ignoreCase: true),
            Strategy = asked.Strategy,
            First = asked.First,
            Last = asked.Last,
            SecondsMax = asked.Seconds,
            CpuSecondsMax = asked.CpuSeconds,
            Faults = asked.Faults,
        };
    }

    private static StressReport ReportOf(CampaignResult result) => new()
    {
        Schedules = result.Progress.Schedules,
        Deliveries = result.Progress.Deliveries,
        Seconds = result.Progress.Seconds,
        CpuSeconds = result.CpuSeconds,
        Pairs = result.Progress.Pairs,
        NextSeed = result.Progress.NextSeed,
        Strategies = [.. result.Runs.Select(runs => new StrategyRuns(runs.Strategy, runs.Runs))],
        Steps = result.Coverage.Steps.ToNames(),
        Sometimes = Enum.GetValues<Sometimes>().ToDictionary(what => what.ToString(), result.Coverage.CountOf),
        IsSeedRepeatable = result.Failure?.IsRepeatable ?? true,
        Explored = result.Explored,
    };

    private static StressReport WithMachine(StressReport report, MachineFailure failure, StressRequest asked)
    {
        MachineShrinker shrinker = new(failure);
        MachineFailure small = asked.Shrink ? shrinker.Shrink() : failure;
        return report with
        {
            Failure = MachineCampaign.ReproOf(small, asked.Mutant),
            StepsBefore = failure.Scenario.Iterations,
            StepsAfter = small.Scenario.Iterations,
            OpsBefore = failure.Scenario.Threads.Sum(thread => thread.Length),
            OpsAfter = small.Scenario.Threads.Sum(thread => thread.Length),
            ShrinkRuns = shrinker.Runs,
        };
    }

    private static StressReport WithFailure(StressReport report, Failure failure, StressRequest asked)
    {
        Failure small = failure;
        int runs = 0;
        if (asked.Shrink)
        {
            Shrinker shrinker = new(failure);
            (small, ReplayResult _) = shrinker.Shrink(failure);
            runs = shrinker.Runs;
        }
        return report with
        {
            Failure = TraceText.ReproOf(small, asked.Mutant),
            StepsBefore = failure.Choices.Length,
            StepsAfter = small.Choices.Length,
            OpsBefore = failure.Scenario.Ops.Length,
            OpsAfter = small.Scenario.Ops.Length,
            ShrinkRuns = runs,
        };
    }
}
