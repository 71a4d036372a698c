using System.Diagnostics;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Verification.Stress.Strategies;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Stress;

/// <summary>What to run.</summary>
public sealed record CampaignPlan
{
    public SubjectKind Subject { get; init; }

    /// <summary>Of shootdowns; null for any.</summary>
    public ShootdownProtocol? Protocol { get; init; }

    /// <summary>Of caches; null for any.</summary>
    public CoherenceProtocol? Coherence { get; init; }

    /// <summary>A name of <see cref="Strategy.Parse"/>; null for the portfolio.</summary>
    public string? Strategy { get; init; }

    /// <summary>Seeds, both ends included.</summary>
    public ulong First { get; init; } = 1;
    public ulong Last { get; init; } = ulong.MaxValue;

    /// <summary>Ends the campaign after so long; null for never.</summary>
    public double? SecondsMax { get; init; }

    /// <summary>The same in seconds of the process's CPU time.</summary>
    public double? CpuSecondsMax { get; init; }

    public FaultRates Faults { get; init; } = FaultRates.None;

    /// <summary>A scenario for every seed instead of a drawn one.</summary>
    public Scenario? Scenario { get; init; }
}

/// <summary>What a campaign has done so far.</summary>
/// <param name="Schedules">Runs.</param>
/// <param name="Deliveries">Messages delivered.</param>
/// <param name="Seconds">Of wall time.</param>
/// <param name="NextSeed">With which it goes on.</param>
/// <param name="Pairs">Different pairs of messages seen; see <see cref="Coverage"/>.</param>
public readonly record struct CampaignProgress(
    long Schedules, long Deliveries, double Seconds, ulong NextSeed, int Pairs);

/// <summary>What a campaign found.</summary>
/// <param name="Progress">At its end.</param>
/// <param name="CpuSeconds">Of this process during it.</param>
/// <param name="Runs">By strategy.</param>
/// <param name="Coverage">What the runs have shown.</param>
/// <param name="Failure">The first violation, where the campaign ended; null when there was none.</param>
public sealed record CampaignResult(
    CampaignProgress Progress, double CpuSeconds, IReadOnlyList<(string Strategy, long Runs)> Runs, Coverage Coverage,
    Failure? Failure)
{
    /// <summary>Schedules that were all orders of their scenario, to the last.</summary>
    public long Explored { get; init; }
}

/// <summary>A violation with all that is needed to see it again.</summary>
/// <param name="Seed">Of the run.</param>
/// <param name="Strategy">Of the run.</param>
/// <param name="IsRepeatable">False when the strategy had learned: only the choices repeat the run.</param>
/// <param name="Scenario">Of the seed.</param>
/// <param name="Choices">All steps of the run, the last of which showed the violation.</param>
/// <param name="Violation">What broke.</param>
public sealed record Failure(
    ulong Seed, string Strategy, bool IsRepeatable, Scenario Scenario, Choice[] Choices, Violation Violation);

/// <summary>Runs seed after seed until something breaks, the seeds end or the time is over.</summary>
public sealed class Campaign(CampaignPlan plan)
{
    private const int LookEvery = 64;

    private readonly Coverage _coverage = new();
    private long _explored;
    private long _exploredSteps;

    /// <param name="progress">Told from time to time.</param>
    /// <param name="isCancelled">Asked from time to time.</param>
    public CampaignResult Run(Action<CampaignProgress>? progress = null, Func<bool>? isCancelled = null)
    {
        Portfolio portfolio = new(plan.Strategy is null ? null : Strategy.Parse(plan.Strategy));
        StressRunner runner = new(_coverage);
        Stopwatch watch = Stopwatch.StartNew();
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        Failure? failure = null;
        long schedules = 0;
        ulong seed = plan.First;
        while (failure is null)
        {
            int strategy = portfolio.Choose(seed);
            failure = portfolio.Strategies[strategy] is EveryOrder all
                ? Explore(seed, all)
                : RunSeed(seed, portfolio.Strategies[strategy], runner);
            portfolio.Reward(strategy, _coverage.Novelty);
            schedules++;
            if (seed++ == plan.Last)
            {
                break;
            }
            if (schedules % LookEvery == 0 || _exploredSteps > 0)
            {
                progress?.Invoke(At());
                bool over = watch.Elapsed.TotalSeconds >= plan.SecondsMax || CpuSeconds() >= plan.CpuSecondsMax;
                if (over || (isCancelled?.Invoke() ?? false))
                {
                    break;
                }
            }
        }
        IReadOnlyList<(string, long)> runs =
            [.. portfolio.Strategies.Select((strategy, index) => (strategy.Name, portfolio.Runs[index]))];
        return new CampaignResult(At(), CpuSeconds(), runs, _coverage, failure) { Explored = _explored };

        double CpuSeconds() => (Environment.CpuUsage.TotalTime - cpu).TotalSeconds;

        CampaignProgress At() =>
            new(schedules, runner.Deliveries + _exploredSteps, watch.Elapsed.TotalSeconds, seed, _coverage.Pairs);
    }

    private Scenario ScenarioOf(ulong seed, FaultRates faults) =>
        plan.Scenario ?? ScenarioDraw.Of(plan.Subject, plan.Protocol, plan.Coherence, faults, seed);

    /// <summary>All orders of a seed's scenario.</summary>
    private Failure? Explore(ulong seed, EveryOrder strategy)
    {
        Scenario scenario = ScenarioOf(seed, FaultRates.None);
        Subject subject = SubjectFactory.Create(scenario.Shape);
        subject.Network.Coverage = _coverage;
        ExhaustiveResult all = new Exhaustive(subject, EveryOrder.StatesMax).Run(scenario.Ops);
        _exploredSteps += all.Steps;
        _explored += all.IsComplete ? 1 : 0;
        return all.Violation is null
            ? null
            : new Failure(seed, strategy.Name, true, scenario, all.Way, all.Violation);
    }

    private Failure? RunSeed(ulong seed, Strategy strategy, StressRunner runner)
    {
        Scenario scenario = ScenarioOf(seed, plan.Faults);
        Violation? violation = runner.Run(scenario, strategy, seed);
        return violation is null
            ? null
            : new Failure(seed, strategy.Name, !strategy.Learns, scenario, runner.Choices.ToArray(), violation);
    }
}
