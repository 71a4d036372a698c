using Disco.Actors.Core;
using Disco.Actors.Verification.Stress;
using Disco.Actors.Verification.Stress.Mutation;
using Disco.Actors.Verification.Stress.Shrinking;
using Disco.Actors.Verification.Stress.WholeMachines;
using Disco.Actors.Vmm.Shootdown;
using Xunit;

namespace Disco.Actors.Mutants.Tests;

/// <summary>
/// The canaries: the tester must find every mistake made on purpose, or its silence about the shipping code says
/// nothing. And what it finds can be repeated, and made small.
/// </summary>
public sealed class KillTests
{
    // The rarest takes some thousands.
    private const ulong SchedulesMax = 60_000;

    private static readonly FaultRates AllFaults =
        new() { Clog = 60, SlowCpu = 30, Masked = 30, Refuse = 60, Duplicate = 60, Spurious = 30 };

    public static TheoryData<Mutant> Mistakes() =>
        [.. Real(info => info.Subject != SubjectKind.Machine)];

    public static TheoryData<Mutant> MistakesOfMachines() =>
        [.. Real(info => info.Subject == SubjectKind.Machine)];

    private static IEnumerable<Mutant> Real(Func<MutantInfo, bool> chosen) =>
        MutantCatalogue.All.Where(info => info.Equivalent is null && chosen(info)).Select(info => info.Mutant);

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void Every_mutant_is_killed_repeated_and_made_small(Mutant mutant)
    {
        using ActiveMutant _ = new(mutant);
        Failure failure = Kill(mutant);

        Shrinker shrinker = new(failure);
        Assert.True(shrinker.Repeats);
        (Failure small, ReplayResult run) = shrinker.Shrink(failure);

        Assert.Equal(failure.Violation.Rule, run.Violation!.Rule);
        Assert.True(small.Choices.Length <= failure.Choices.Length);
        AssertMinimal(small);
        AssertFile(small, mutant);
    }

    /// <summary>Programs in real instructions show mistakes that no protocol alone has.</summary>
    [Theory]
    [MemberData(nameof(MistakesOfMachines))]
    public void Every_mutant_of_a_machine_is_killed_repeated_and_made_small(Mutant mutant)
    {
        using ActiveMutant _ = new(mutant);
        MachineFailure? failure = MachineCampaign.Run(
            new CampaignPlan { Subject = SubjectKind.Machine, First = 50, Last = 250, Faults = AllFaults }).Failure;
        Assert.NotNull(failure);

        MachineFailure small = new MachineShrinker(failure).Shrink();

        MachineScenario scenario = small.Scenario;
        for (int cpu = 0; cpu < scenario.Threads.Length; cpu++)
        {
            for (int step = 0; step < scenario.Threads[cpu].Length; step++)
            {
                Assert.NotEqual(small.Violation.Rule, RuleWithout(scenario, cpu, step));
            }
        }
        string file = MachineCampaign.ReproOf(small, mutant.ToString()).ToJson();
        Assert.Equal(small.Violation.What, StressPort.Repeat(file, withMutant: true));
        Assert.Null(StressPort.Repeat(file, withMutant: false));
    }

    /// <summary>What a shootdown leaves behind is seen before anybody uses it.</summary>
    [Theory]
    [InlineData(Mutant.RoundForgetsLastTarget, ShootdownProtocol.Targeted)]
    [InlineData(Mutant.RoundCompletesAtFirstAck, ShootdownProtocol.Broadcast)]
    [InlineData(Mutant.LazyAcksAtRecord, ShootdownProtocol.Lazy)]
    [InlineData(Mutant.GathererKeepsItsOwn, ShootdownProtocol.NumaMulticast)]
    public void Translation_that_outlives_its_shootdown_is_seen_on_a_machine(
        Mutant mutant, ShootdownProtocol protocol)
    {
        using ActiveMutant _ = new(mutant);

        MachineFailure? failure = MachineCampaign.Run(
            new CampaignPlan { Subject = SubjectKind.Machine, Protocol = protocol, First = 1, Last = 60 }).Failure;

        Assert.NotNull(failure);
        Assert.Contains(" still ", failure.Violation.What, StringComparison.Ordinal);
    }

    private static string? RuleWithout(MachineScenario scenario, int cpu, int step)
    {
        try
        {
            return new MachineRunner(new Coverage())
                .Run(MachineShrinker.Without(scenario, cpu, step)).Violation?.Rule;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    [Fact]
    public void Every_mutant_is_in_the_catalogue_once()
    {
        IEnumerable<Mutant> all = Enum.GetValues<Mutant>().Where(mutant => mutant != Mutant.None);

        Assert.Equal(all, MutantCatalogue.All.Select(info => info.Mutant).Order());
        Assert.True(MutantCatalogue.All.Count >= 40);
    }

    [Fact]
    public void Without_a_mutant_the_same_code_breaks_nothing()
    {
        foreach (SubjectKind subject in SubjectKinds.OfMessages)
        {
            Assert.Null(new Campaign(new CampaignPlan { Subject = subject, Last = 500, Faults = AllFaults })
                .Run().Failure);
        }
    }

    private static Failure Kill(Mutant mutant)
    {
        MutantInfo info = MutantCatalogue.Find(mutant.ToString())!;
        CampaignPlan plan = new()
        {
            Subject = info.Subject, Protocol = info.Protocol, Last = SchedulesMax, Faults = AllFaults,
        };
        Failure? failure = new Campaign(plan).Run().Failure;
        Assert.True(failure is not null, $"{mutant} lived through {SchedulesMax} schedules");
        return failure;
    }

    /// <summary>No single operation and no single step can go.</summary>
    private static void AssertMinimal(Failure small)
    {
        Subject subject = SubjectFactory.Create(small.Scenario.Shape);
        StressOp[] ops = small.Scenario.Ops;
        for (int i = 0; i < ops.Length; i++)
        {
            Assert.False(Breaks([.. ops[..i], .. ops[(i + 1)..]], small.Choices), $"without operation {ops[i]}");
        }
        for (int i = 0; i < small.Choices.Length; i++)
        {
            Assert.False(Breaks(ops, [.. small.Choices[..i], .. small.Choices[(i + 1)..]]), $"without step {i}");
        }

        bool Breaks(StressOp[] fewer, Choice[] choices) =>
            Replay.Run(subject, fewer, choices, small.Violation.IsLiveness).Violation?.Rule == small.Violation.Rule;
    }

    /// <summary>The file says all there is to say: read back it breaks the same rule, and not without the mutant.
    /// </summary>
    private static void AssertFile(Failure small, Mutant mutant)
    {
        string file = TraceText.ReproOf(small, mutant.ToString()).ToJson();

        Assert.Equal(small.Violation.What, StressPort.Repeat(file, withMutant: true));
        Assert.Null(StressPort.Repeat(file, withMutant: false));
        using ActiveMutant again = new(mutant);
        Assert.StartsWith("sequenceDiagram", TraceText.Mermaid(Repro.FromJson(file)));
    }
}
