using System.CommandLine;
using System.Text.Json;
using Disco.Actors.Cli.Commands;
using Disco.Actors.Cli.Reports;
using Disco.Actors.Verification.Litmus;
using Spectre.Console;

namespace Disco.Actors.Cli.Stress;

/// <summary>
/// <c>disco stress litmus</c>: small programs of several CPUs on whole machines and on the protocols alone. Exit code 1
/// when something comes out that no order of all accesses gives.
/// </summary>
internal static class StressLitmusCommand
{
    public static Command Create()
    {
        Argument<string?> test = new("TEST")
        {
            Description = "a file, or the name of a test that comes with the program; all of these without it",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<bool> list = new("--list") { Description = "only say which tests there are, and what they allow" };
        Option<bool> generate = new("--generate") { Description = "instead, all critical cycles of up to four CPUs" };
        Option<int> machines = new("--machines")
        {
            Description = "machines to run each test on, of different topologies and latencies; 0 for protocols alone",
            HelpName = "N", DefaultValueFactory = _ => 4,
        };
        Option<int> iterations = new("--iterations")
        {
            Description = "runs of the test on each machine", HelpName = "N", DefaultValueFactory = _ => 250,
        };
        Option<bool> json = new("--json") { Description = "print one JSON array" };
        Command command = new("litmus", "small programs with few outcomes, on machines and on protocols")
        {
            test, list, generate, machines, iterations, json,
        };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(machines) is < 0 or > 10_000)
            {
                throw new UserError("--machines: write a number from 0 to 10000.");
            }
            if (parsed.GetValue(iterations) is < 1 or > 10_000)
            {
                throw new UserError("--iterations: write a number from 1 to 10000.");
            }
            LitmusTest[] tests = TestsOf(parsed.GetValue(test), parsed.GetValue(generate));
            return parsed.GetValue(list)
                ? List(tests, parsed.GetValue(json))
                : Run(tests, parsed.GetValue(machines), parsed.GetValue(iterations), parsed.GetValue(json));
        });
        return command;
    }

    private static LitmusTest[] TestsOf(string? name, bool generate)
    {
        try
        {
            if (generate)
            {
                return [.. CriticalCycles.All().Where(test => name is null || test.Name == name)];
            }
            if (name is null)
            {
                return [.. LitmusLibrary.Names.Select(LitmusLibrary.Read)];
            }
            if (LitmusLibrary.TextOf(name) is not null)
            {
                return [LitmusLibrary.Read(name)];
            }
            return File.Exists(name)
                ? [LitmusParser.Parse(Path.GetFileName(name), File.ReadAllText(name))]
                : throw new UserError($"{name}: there is no such file, and no such test."
                    + UserError.DidYouMean(name, LitmusLibrary.Names)
                    + " 'disco stress litmus --list' has all.");
        }
        catch (FormatException wrong)
        {
            throw new UserError($"{wrong.Message}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"{name} cannot be read: {e.Message}");
        }
    }

    private static int List(LitmusTest[] tests, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                tests.Select(test => new { test.Name, test.Cpus, allowed = AllowedBy(test) }), JsonReport.Options));
            return ExitCode.Success;
        }
        Table table = Tables.New("test", "CPUs", "what sequential consistency allows");
        foreach (LitmusTest test in tests)
        {
            table.AddRow(test.Name, $"{test.Cpus}", Markup.Escape(string.Join("; ", AllowedBy(test))));
        }
        Tables.Print(table);
        return ExitCode.Success;
    }

    private static int Run(LitmusTest[] tests, int machines, int iterations, bool json)
    {
        using Interruption interruption = new();
        List<LitmusVerdict> verdicts = [];
        foreach (LitmusTest test in tests)
        {
            if (interruption.Requested)
            {
                break;
            }
            if (!json && !Console.IsErrorRedirected)
            {
                Console.Error.Write($"\r{verdicts.Count,4} of {tests.Length}  {test.Name,-50}");
            }
            verdicts.Add(Judge(test, machines, iterations));
        }
        if (!json && !Console.IsErrorRedirected)
        {
            Console.Error.Write($"\r{new string(' ', 64)}\r");
        }
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(verdicts, JsonReport.Options));
        }
        else
        {
            Print(verdicts);
        }
        return interruption.Requested ? ExitCode.Interrupted
            : verdicts.TrueForAll(verdict => verdict.Problem is null) ? ExitCode.Success : ExitCode.RunFailed;
    }

    private static LitmusVerdict Judge(LitmusTest test, int machines, int iterations)
    {
        LitmusVerdict verdict = new() { Test = test.Name, Allowed = AllowedBy(test) };
        if (test.HasCode && machines > 0)
        {
            LitmusRun run = LitmusMachine.Run(test, machines, iterations);
            verdict = verdict with
            {
                Runs = run.Iterations,
                Seen = run.Outcomes,
                Problem = run.Problem ?? Beyond(run.Outcomes.Keys, verdict.Allowed),
            };
        }
        if (test.IsPlain)
        {
            LitmusFindings found = LitmusExplorer.Caches(test);
            verdict = verdict with
            {
                SeenOnCaches = [.. found.Outcomes],
                States = found.States,
                Schedules = found.Schedules,
                Problem = verdict.Problem ?? found.Violation ?? Beyond(found.Outcomes, verdict.Allowed),
            };
        }
        if (test.Scenario is not null)
        {
            foreach ((Vmm.Shootdown.ShootdownProtocol protocol, LitmusFindings found) in LitmusExplorer.Scenario(test))
            {
                string name = StressFlags.NameOf(protocol.ToString());
                verdict.OnProtocols.Add(name, [.. found.Outcomes]);
                verdict = verdict with
                {
                    States = verdict.States + found.States,
                    Schedules = verdict.Schedules + found.Schedules,
                    Problem = verdict.Problem ?? (found.Violation is null ? null : $"{name}: {found.Violation}"),
                };
            }
        }
        return verdict;
    }

    private static string[] AllowedBy(LitmusTest test) => test.HasCode ? [.. LitmusModel.Outcomes(test)] : [];

    private static string? Beyond(IEnumerable<string> seen, string[] allowed)
    {
        string[] more = [.. seen.Except(allowed)];
        return more.Length == 0 ? null : $"came out and is not allowed: {string.Join("; ", more)}";
    }

    private static void Print(List<LitmusVerdict> verdicts)
    {
        Table table = Tables.New("test", "runs", "seen", "allowed", "on caches", "states", "drawn", "verdict");
        foreach (LitmusVerdict verdict in verdicts)
        {
            table.AddRow(
                verdict.Test, $"{verdict.Runs:N0}", $"{verdict.Seen.Count}", $"{verdict.Allowed.Length}",
                verdict.SeenOnCaches.Length > 0 ? $"{verdict.SeenOnCaches.Length}" : "",
                $"{verdict.States:N0}", $"{verdict.Schedules:N0}", Markup.Escape(verdict.Problem ?? "ok"));
        }
        Tables.Print(table);
        if (verdicts.Count == 1)
        {
            LitmusVerdict only = verdicts[0];
            foreach (string outcome in only.Allowed.Union(only.Seen.Keys))
            {
                string caches = only.SeenOnCaches.Contains(outcome) ? ", on caches too" : "";
                Console.WriteLine($"{only.Seen.GetValueOrDefault(outcome),10:N0}  {outcome}{caches}");
            }
            foreach ((string protocol, string[] outcomes) in only.OnProtocols)
            {
                Console.WriteLine($"{protocol}: {string.Join("; ", outcomes)}");
            }
        }
        int broken = verdicts.Count(verdict => verdict.Problem is not null);
        Console.WriteLine($"{verdicts.Count} tests, {verdicts.Sum(verdict => verdict.Runs):N0} runs on machines, "
            + $"{broken} with something that is not allowed.");
    }
}

/// <summary>What became of one test.</summary>
internal sealed record LitmusVerdict
{
    public required string Test { get; init; }

    /// <summary>By sequential consistency.</summary>
    public required string[] Allowed { get; init; }

    /// <summary>On machines: how often each came out, of how many.</summary>
    public SortedDictionary<string, long> Seen { get; init; } = [];
    public long Runs { get; init; }

    /// <summary>On caches alone, and on drivers of shootdown or page protocols.</summary>
    public string[] SeenOnCaches { get; init; } = [];
    public SortedDictionary<string, string[]> OnProtocols { get; init; } = [];
    public int States { get; init; }
    public long Schedules { get; init; }

    /// <summary>Null when all is well.</summary>
    public string? Problem { get; init; }
}
