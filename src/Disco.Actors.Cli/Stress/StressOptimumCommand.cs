using System.CommandLine;
using System.Text.Json;
using Disco.Actors.Cli.Commands;
using Disco.Actors.Cli.Reports;
using Disco.Actors.Verification.Stress;
using Disco.Actors.Verification.Stress.Mutation;
using Spectre.Console;

namespace Disco.Actors.Cli.Stress;

/// <summary>
/// <c>disco stress optimum</c>: how near the shrinker comes to the shortest trace. Each mutant is killed, its run made
/// small, and the fewest steps that break the same rule with the same programs are searched for in breadth.
/// </summary>
internal static class StressOptimumCommand
{
    private const double KillSeconds = 10;

    public static Command Create()
    {
        Option<string> only = new("--only") { Description = "mutants with this in their names", HelpName = "PART" };
        Option<bool> json = new("--json") { Description = "print one JSON array" };
        Command command = new("optimum", "how near made-small runs of all mutants are to the shortest ones")
        {
            only, json,
        };
        command.SetAction(parsed =>
        {
            using Interruption interruption = new();
            string part = parsed.GetValue(only) ?? "";
            List<Optimum> all = [];
            foreach (MutantInfo info in MutantCatalogue.All.Where(info => info.Equivalent is null
                && info.Subject != SubjectKind.Machine
                && info.Mutant.ToString().Contains(part, StringComparison.OrdinalIgnoreCase)))
            {
                if (interruption.Requested)
                {
                    return ExitCode.Interrupted;
                }
                all.Add(Measure(info));
            }
            Print(all, parsed.GetValue(json));
            return ExitCode.Success;
        });
        return command;
    }

    private static Optimum Measure(MutantInfo info)
    {
        StressRequest request = new()
        {
            Subject = info.Subject.ToString(),
            Protocol = info.Protocol?.ToString(),
            CpuSeconds = KillSeconds,
            Faults = StressFlags.AllFaults,
            Mutant = info.Mutant.ToString(),
            Shrink = true,
        };
        StressEngine engine = StressEngine.For(request.Mutant);
        StressReport report = engine.Run(request);
        return report.Failure is null
            ? new Optimum(info.Mutant.ToString(), 0, 0, 0)
            : new Optimum(
                info.Mutant.ToString(), report.StepsBefore, report.Failure.Steps.Length,
                engine.FewestSteps(report.Failure.ToJson()));
    }

    private static void Print(List<Optimum> all, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(all, JsonReport.Options));
            return;
        }
        Table table = Tables.New("mutant", "steps", "made small", "fewest", "times the fewest");
        foreach (Optimum each in all)
        {
            table.AddRow(
                each.Mutant, $"{each.Before}", $"{each.Small}", each.Fewest == 0 ? "not found" : $"{each.Fewest}",
                each.Fewest == 0 ? "" : $"{each.Ratio:F2}");
        }
        Tables.Print(table);
        double[] ratios = [.. all.Where(each => each.Fewest > 0).Select(each => each.Ratio).Order()];
        if (ratios.Length > 0)
        {
            Console.WriteLine($"{ratios.Length} of {all.Count} compared: median {ratios[ratios.Length / 2]:F2}, "
                + $"largest {ratios[^1]:F2} times the fewest steps.");
        }
    }
}

/// <summary>One mutant's trace.</summary>
/// <param name="Mutant">Which.</param>
/// <param name="Before">Steps of the run that killed it.</param>
/// <param name="Small">Steps of it made small.</param>
/// <param name="Fewest">Steps of the shortest; 0 when it was not found or the rule is one for machines at rest.</param>
internal sealed record Optimum(string Mutant, int Before, int Small, int Fewest)
{
    public double Ratio => Fewest == 0 ? 0 : (double)Small / Fewest;
}
