using Disco.Actors.Cli.Reports;
using Disco.Actors.Verification.Stress;
using Spectre.Console;

namespace Disco.Actors.Cli.Stress;

/// <summary>What runs have shown: steps of the protocols' tables, and events that must happen.</summary>
internal static class CoverageTable
{
    /// <summary>Reachable steps taken, of how many; events that happened, of how many.</summary>
    public static (int Taken, int Steps, int Fired, int Events) Count(SubjectKind subject, StressReport report)
    {
        IReadOnlyList<string> steps = ReachableSteps.Of(subject);
        SometimesInfo[] events = EventsOf(subject);
        return (
            steps.Count(step => CountOf(report.Steps, step) > 0), steps.Count,
            events.Count(each => CountOf(report.Sometimes, each.What.ToString()) > 0), events.Length);
    }

    public static void Print(SubjectKind subject, StressReport report)
    {
        Table steps = Tables.New("role", "state", "event", "taken");
        IEnumerable<string> all = ReachableSteps.Of(subject).Union(report.Steps.Keys);
        foreach (string step in all)
        {
            string[] words = step.Split(' ');
            steps.AddRow(words[0], words[1], words[2], $"{CountOf(report.Steps, step):N0}");
        }
        Tables.Print(steps);
        Table events = Tables.New("must happen", "happened");
        foreach (SometimesInfo each in EventsOf(subject))
        {
            events.AddRow(each.Text, $"{CountOf(report.Sometimes, each.What.ToString()):N0}");
        }
        Tables.Print(events);
    }

    private static SometimesInfo[] EventsOf(SubjectKind subject) =>
        [.. SometimesCatalogue.All.Where(each => each.Subjects.Contains(subject))];

    private static long CountOf(Dictionary<string, long> counts, string name) => counts.GetValueOrDefault(name);
}
