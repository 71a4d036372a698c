using Disco.Actors.Verification.Stress;
using Disco.Actors.Verification.Stress.Strategies;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Litmus;

/// <summary>What a litmus test gave on shipping protocol actors.</summary>
/// <param name="Outcomes">All that were seen, sorted.</param>
/// <param name="States">Explored; 0 when orders were drawn instead.</param>
/// <param name="Schedules">Drawn; 0 when all were explored.</param>
/// <param name="Violation">Null, or what an observer says.</param>
public sealed record LitmusFindings(SortedSet<string> Outcomes, int States, long Schedules, string? Violation);

/// <summary>
/// Runs litmus tests on caches, directories and shootdowns without CPUs: all orders of messages where they are few, and
/// drawn ones where they are not.
/// </summary>
public static class LitmusExplorer
{
    private const int StatesMax = 150_000;
    private const int SchedulesOfMany = 3000;
    private const int CpusOfAll = 2;

    private static readonly string[] Drawn = ["pos", "random", "pct:10", "clog"];

    /// <summary>The accesses of a plain test, on caches that hold one line, and on words of one line.</summary>
    public static LitmusFindings Caches(LitmusTest test)
    {
        LitmusAccesses accesses = new(test);
        LitmusFindings found = new(new SortedSet<string>(StringComparer.Ordinal), 0, 0, null);
        int words = accesses.Words;
        Shape apart = new()
        {
            Subject = SubjectKind.Coherence, CpusPerNode = test.Cpus, Lines = words, Observes = true,
        };
        foreach (Shape shape in (Shape[])[apart, apart with { Lines = 1, WordsPerLine = words }])
        {
            found = Add(found, Run(shape, accesses.Ops, subject => accesses.OutcomeOf(subject)));
        }
        return found;
    }

    /// <summary>The scenario of a test, under each of its protocols.</summary>
    public static IEnumerable<(ShootdownProtocol Protocol, LitmusFindings Found)> Scenario(LitmusTest test)
    {
        LitmusScenario scenario = test.Scenario!;
        foreach (ShootdownProtocol protocol in scenario.Protocols)
        {
            Shape shape = scenario.Shape with { Protocol = protocol };
            yield return (protocol, Run(shape, scenario.Ops, subject => subject.Outcome()));
        }
    }

    private static LitmusFindings Run(Shape shape, StressOp[] ops, Func<Subject, string> outcomeOf)
    {
        SortedSet<string> outcomes = new(StringComparer.Ordinal);
        if (shape.Cpus <= CpusOfAll)
        {
            Subject subject = SubjectFactory.Create(shape);
            Exhaustive all = new(subject, StatesMax) { AtRest = () => outcomes.Add(outcomeOf(subject)) };
            ExhaustiveResult result = all.Run(ops);
            if (result.IsComplete || result.Violation is not null)
            {
                return new LitmusFindings(outcomes, result.States, 0, result.Violation?.What);
            }
        }
        return Draw(shape, ops, outcomeOf, outcomes);
    }

    private static LitmusFindings Draw(
        Shape shape, StressOp[] ops, Func<Subject, string> outcomeOf, SortedSet<string> outcomes)
    {
        StressRunner runner = new(new Coverage());
        Strategy[] strategies = [.. Drawn.Select(name => Strategy.Parse(name)!)];
        Scenario scenario = new(shape, ops, new FaultRates { Clog = 60, SlowCpu = 30, Masked = 30 });
        for (int seed = 1; seed <= SchedulesOfMany; seed++)
        {
            Violation? violation = runner.Run(scenario, strategies[seed % strategies.Length], (ulong)seed);
            if (violation is not null)
            {
                return new LitmusFindings(outcomes, 0, seed, violation.What);
            }
            outcomes.Add(outcomeOf(runner.SubjectOf(shape)));
        }
        return new LitmusFindings(outcomes, 0, SchedulesOfMany, null);
    }

    private static LitmusFindings Add(LitmusFindings left, LitmusFindings right) => new(
        new SortedSet<string>(left.Outcomes.Concat(right.Outcomes), StringComparer.Ordinal),
        left.States + right.States, left.Schedules + right.Schedules, left.Violation ?? right.Violation);
}
