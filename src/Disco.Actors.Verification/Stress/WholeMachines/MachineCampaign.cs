using System.Diagnostics;
using Disco.Actors.Verification.Stress.Shrinking;

namespace Disco.Actors.Verification.Stress.WholeMachines;

/// <summary>Runs the machine of seed after seed until something breaks, the seeds end or the time is over.</summary>
public static class MachineCampaign
{
    /// <summary>Stands where other campaigns have strategies: a machine orders its messages itself.</summary>
    private const string Strategy = "machine";

    /// <param name="plan">Strategy and scenario are of no use here.</param>
    /// <param name="progress">Told from time to time.</param>
    /// <param name="isCancelled">Asked after each machine.</param>
    public static MachineResult Run(
        CampaignPlan plan, Action<CampaignProgress>? progress = null, Func<bool>? isCancelled = null)
    {
        Coverage coverage = new();
        MachineRunner runner = new(coverage);
        Stopwatch watch = Stopwatch.StartNew();
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        (long schedules, long deliveries) = (0, 0);
        ulong seed = plan.First;
        while (true)
        {
            MachineScenario scenario = MachineDraw.Of(plan.Protocol, plan.Faults.Any, seed);
            MachineEnd end = runner.Run(scenario);
            schedules += scenario.Iterations;
            deliveries += end.Deliveries;
            ulong ran = seed++;
            progress?.Invoke(At());
            bool over = end.Violation is not null || ran == plan.Last
                || watch.Elapsed.TotalSeconds >= plan.SecondsMax || CpuSeconds() >= plan.CpuSecondsMax;
            if (over || (isCancelled?.Invoke() ?? false))
            {
                return new MachineResult(
                    new CampaignResult(At(), CpuSeconds(), [(Strategy, schedules)], coverage, null),
                    end.Violation is null ? null : new MachineFailure(ran, scenario, end.Violation));
            }
        }

        double CpuSeconds() => (Environment.CpuUsage.TotalTime - cpu).TotalSeconds;

        CampaignProgress At() => new(schedules, deliveries, watch.Elapsed.TotalSeconds, seed, 0);
    }

    /// <summary>The file of a failure.</summary>
    /// <param name="failure">What broke.</param>
    /// <param name="mutant">The mistake in the code under test, "None" for none.</param>
    public static Repro ReproOf(MachineFailure failure, string mutant) => new()
    {
        Mutant = mutant,
        Seed = failure.Seed,
        Strategy = Strategy,
        Violation = failure.Violation.What,
        Delivery = failure.Violation.Delivery,
        IsLiveness = failure.Violation.IsLiveness,
        Shape = new Shape { Subject = SubjectKind.Machine },
        Ops = [],
        Steps = [],
        Machine = failure.Scenario,
    };
}

/// <summary>What a campaign found; the failure of its result is always null.</summary>
public sealed record MachineResult(CampaignResult Campaign, MachineFailure? Failure);

/// <summary>A violation with all that is needed to see it again.</summary>
public sealed record MachineFailure(ulong Seed, MachineScenario Scenario, Violation Violation);
