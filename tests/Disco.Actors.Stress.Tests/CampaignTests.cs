using Disco.Actors.Verification.Stress;
using Disco.Actors.Verification.Stress.Strategies;
using Disco.Actors.Vmm.Shootdown;
using Xunit;

namespace Disco.Actors.Stress.Tests;

/// <summary>
/// The shipping protocols under chosen orders and faults: nothing is reported. A run is decided by its seed, so that
/// whatever is found once is found again.
/// </summary>
public sealed class CampaignTests
{
    public static readonly FaultRates AllFaults =
        new() { Clog = 60, SlowCpu = 30, Masked = 30, Refuse = 60, Duplicate = 60, Spurious = 30 };

    public static TheoryData<SubjectKind, string> Everything()
    {
        TheoryData<SubjectKind, string> data = [];
        foreach (SubjectKind subject in SubjectKinds.OfMessages)
        {
            foreach (string strategy in (string[])["random", "pos", "pct:10", "pct-channels:5", "clog", "feedback"])
            {
                data.Add(subject, strategy);
            }
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Everything))]
    public void The_shipping_actors_survive_every_strategy_with_all_faults(SubjectKind subject, string strategy)
    {
        CampaignPlan plan = new() { Subject = subject, Strategy = strategy, Last = 400, Faults = AllFaults };

        CampaignResult result = new Campaign(plan).Run();

        Assert.Null(result.Failure);
        Assert.Equal(400, result.Progress.Schedules);
    }

    [Theory]
    [InlineData(ShootdownProtocol.Targeted)]
    [InlineData(ShootdownProtocol.Broadcast)]
    [InlineData(ShootdownProtocol.Mach)]
    [InlineData(ShootdownProtocol.Multicast)]
    [InlineData(ShootdownProtocol.NumaMulticast)]
    [InlineData(ShootdownProtocol.Lazy)]
    [InlineData(ShootdownProtocol.Batched)]
    public void The_portfolio_finds_nothing_in_a_shipping_shootdown_protocol(ShootdownProtocol protocol)
    {
        CampaignPlan plan = new()
        {
            Subject = SubjectKind.Shootdown, Protocol = protocol, Last = 1000, Faults = AllFaults,
        };

        CampaignResult result = new Campaign(plan).Run();

        Assert.Null(result.Failure);
        Assert.All(result.Runs, runs => Assert.True(runs.Runs > 0, $"{runs.Strategy} never ran"));
    }

    [Theory]
    [InlineData(SubjectKind.Coherence)]
    [InlineData(SubjectKind.Shootdown)]
    [InlineData(SubjectKind.Placement)]
    public void A_seed_makes_the_same_choices_in_whatever_company_it_runs(SubjectKind subject)
    {
        StressRunner alone = new(new Coverage());
        StressRunner later = new(new Coverage());
        for (ulong seed = 1; seed < 20; seed++)
        {
            Run(later, subject, seed);
        }

        Assert.Equal(Run(alone, subject, 77), Run(later, subject, 77));
    }

    [Fact]
    public void Another_seed_makes_other_choices()
    {
        StressRunner runner = new(new Coverage());

        Assert.NotEqual(Run(runner, SubjectKind.Shootdown, 1), Run(runner, SubjectKind.Shootdown, 2));
    }

    private static Choice[] Run(StressRunner runner, SubjectKind subject, ulong seed)
    {
        Scenario scenario = ScenarioDraw.Of(subject, null, null, AllFaults, seed);
        Assert.Null(runner.Run(scenario, Strategy.Parse("pct:5")!, seed));
        return runner.Choices.ToArray();
    }
}
