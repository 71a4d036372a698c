using System.CommandLine;
using System.Text.Json;
using Disco.Actors.Cli.Commands;
using Disco.Actors.Cli.Reports;
using Disco.Actors.Verification.Stress;
using Disco.Actors.Verification.Stress.Mutation;
using Spectre.Console;

namespace Disco.Actors.Cli.Stress;

/// <summary>
/// <c>disco stress mutants</c>: how well the tester finds mistakes made on purpose. Exit code 1 when one that is not
/// known to be equivalent stays alive, or one that is gets killed.
/// </summary>
internal static class StressMutantsCommand
{
    private static readonly string[] Each = ["random", "pos", "pct:3", "pct:10", "pct-channels:10", "clog", "feedback"];

    // Seeds of different repetitions have nothing to do with each other.
    private const ulong SeedsApart = 1_000_000_007;

    public static Command Create()
    {
        Option<bool> list = new("--list") { Description = "only say what they are" };
        Option<string> only = new("--only") { Description = "those with this in their names", HelpName = "PART" };
        Option<string> time = new("--for")
        {
            Description = "CPU time to try each, 10s without it", HelpName = "TIME",
        };
        Option<int> repeats = new("--repeats")
        {
            Description = "how often, from different seeds", HelpName = "N", DefaultValueFactory = _ => 5,
        };
        Option<bool> strategies = new("--strategies")
        {
            Description = "compare all strategies, not only the portfolio",
        };
        Option<bool> json = new("--json") { Description = "print one JSON array" };
        Command command = new("mutants", "the score: mistakes made on purpose, and how fast each is found")
        {
            list, only, time, repeats, strategies, json,
        };
        command.SetAction(parsed =>
        {
            MutantInfo[] mutants = [.. MutantCatalogue.All.Where(info => info.Mutant.ToString()
                .Contains(parsed.GetValue(only) ?? "", StringComparison.OrdinalIgnoreCase))];
            if (mutants.Length == 0)
            {
                throw new UserError($"--only {parsed.GetValue(only)}: no mutant has that in its name.");
            }
            if (parsed.GetValue(repeats) is < 1 or > 1000)
            {
                throw new UserError("--repeats: write a number from 1 to 1000.");
            }
            if (parsed.GetValue(list))
            {
                return List(mutants, parsed.GetValue(json));
            }
            string?[] compared = parsed.GetValue(strategies) ? [null, .. Each] : [null];
            double seconds = StressFlags.SecondsOf(parsed.GetValue(time) ?? "10s");
            return Score(mutants, compared, seconds, parsed.GetValue(repeats), parsed.GetValue(json));
        });
        return command;
    }

    private static int List(MutantInfo[] mutants, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(mutants.Select(info => new
            {
                mutant = info.Mutant.ToString(), bugClass = info.BugClass.ToString(),
                subject = info.Subject.ToString(), info.What, info.Source, info.Equivalent,
            }), JsonReport.Options));
            return ExitCode.Success;
        }
        Table table = Tables.New("mutant", "class", "mistake", "after");
        foreach (MutantInfo info in mutants)
        {
            table.AddRow(
                info.Mutant.ToString(), $"{(int)info.BugClass} {info.BugClass}", Markup.Escape(info.What),
                Markup.Escape(info.Source));
        }
        Tables.Print(table);
        return ExitCode.Success;
    }

    private static int Score(MutantInfo[] mutants, string?[] strategies, double seconds, int repeats, bool json)
    {
        using Interruption interruption = new();
        List<MutantScore> scores = [];
        foreach (MutantInfo info in mutants)
        {
            if (!Console.IsErrorRedirected && !json)
            {
                Console.Error.Write($"\r{scores.Count,4} of {mutants.Length}  {info.Mutant,-30}");
            }
            scores.Add(new MutantScore(
                info, [.. StrategiesFor(info, strategies).Select(
                    strategy => Try(info, strategy, seconds, repeats, interruption))]));
            if (interruption.Requested)
            {
                break;
            }
        }
        if (!Console.IsErrorRedirected && !json)
        {
            Console.Error.Write($"\r{new string(' ', 44)}\r");
        }
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(scores.Select(score => score.ToJson()), JsonReport.Options));
        }
        else
        {
            Print(scores, strategies);
        }
        return interruption.Requested ? ExitCode.Interrupted
            : scores.TrueForAll(score => score.IsAsExpected) ? ExitCode.Success : ExitCode.RunFailed;
    }

    /// <summary>A whole machine orders its messages itself.</summary>
    private static string?[] StrategiesFor(MutantInfo info, string?[] strategies) =>
        info.Subject == SubjectKind.Machine ? [null] : strategies;

    private static Attempt Try(
        MutantInfo info, string? strategy, double seconds, int repeats, Interruption interruption)
    {
        // One try is enough where nothing is to be found.
        int tries = info.Equivalent is null ? repeats : 1;
        List<(long Schedules, double CpuSeconds, string? By)> found = [];
        for (int i = 0; i < tries && !interruption.Requested; i++)
        {
            StressRequest request = new()
            {
                Subject = info.Subject.ToString(),
                Protocol = info.Protocol?.ToString(),
                Strategy = strategy,
                First = 1 + ((ulong)i * SeedsApart),
                CpuSeconds = seconds,
                Faults = StressFlags.AllFaults,
                Mutant = info.Mutant.ToString(),
            };
            StressReport report = StressEngine.For(request.Mutant).Run(request, null, () => interruption.Requested);
            found.Add((report.Schedules, report.CpuSeconds, report.Failure?.Strategy));
        }
        return new Attempt(strategy ?? "portfolio", found);
    }

    private static void Print(List<MutantScore> scores, string?[] strategies)
    {
        Table table = Tables.New(
        [
            "mutant", "class", "killed", .. strategies.Select(strategy => strategy ?? "portfolio"), "CPU s", "by",
        ]);
        foreach (MutantScore score in scores)
        {
            Attempt first = score.Attempts[0];
            table.AddRow(
            [
                score.Info.Mutant.ToString(),
                $"{(int)score.Info.BugClass} {score.Info.BugClass}",
                score.Info.Equivalent is not null ? (first.Kills == 0 ? "equivalent" : "NOT EQUIVALENT")
                    : $"{first.Kills} of {first.Found.Count}",
                .. strategies.Select((_, i) => i < score.Attempts.Length ? score.Attempts[i].Median : ""),
                $"{first.CpuSecondsMax:F2}",
                string.Join(' ', first.Found.Select(found => found.By).OfType<string>().Distinct()),
            ]);
        }
        Tables.Print(table);
        MutantScore[] real = [.. scores.Where(score => score.Info.Equivalent is null)];
        int killed = real.Count(score => score.Attempts[0].Kills == score.Attempts[0].Found.Count);
        Console.WriteLine($"{killed} of {real.Length} mutants killed every time; {scores.Count - real.Length} more are "
            + "equivalent. Numbers are median schedules to the kill, > when it lived.");
    }
}

/// <summary>What one strategy did about one mutant.</summary>
internal sealed record Attempt(string Strategy, List<(long Schedules, double CpuSeconds, string? By)> Found)
{
    public int Kills => Found.Count(each => each.By is not null);

    public double CpuSecondsMax => Found.Max(each => each.CpuSeconds);

    public long MedianSchedules => Found.Select(each => each.Schedules).Order().ElementAt(Found.Count / 2);

    public string Median => $"{(Kills > Found.Count / 2 ? "" : ">")}{MedianSchedules:N0}";
}

/// <summary>What became of one mutant.</summary>
internal sealed record MutantScore(MutantInfo Info, Attempt[] Attempts)
{
    public bool IsAsExpected => Info.Equivalent is null
        ? Attempts[0].Kills == Attempts[0].Found.Count
        : Attempts[0].Kills == 0;

    public object ToJson() => new
    {
        mutant = Info.Mutant.ToString(),
        bugClass = Info.BugClass.ToString(),
        subject = Info.Subject.ToString(),
        equivalent = Info.Equivalent,
        isAsExpected = IsAsExpected,
        attempts = Attempts.Select(attempt => new
        {
            attempt.Strategy, tries = attempt.Found.Count, attempt.Kills, attempt.MedianSchedules,
            attempt.CpuSecondsMax,
            by = attempt.Found.Select(found => found.By),
        }),
    };
}
