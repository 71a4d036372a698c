using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Disco.Actors.Cli.Reports;
using Disco.Actors.Verification.Stress.Shrinking;

namespace Disco.Actors.Cli.Stress;

/// <summary><c>disco stress repro FILE</c>: takes a failing run's steps again. Exit code 1 when it breaks again.
/// </summary>
internal static class StressReproCommand
{
    public static Command Create()
    {
        Argument<string> file = new("FILE") { Description = "a failing run, as 'disco stress' writes it" };
        Option<bool> mermaid = new("--mermaid") { Description = "print the run as a Mermaid sequence diagram" };
        Option<bool> shipped = new("--shipped") { Description = "without the mutant the file names" };
        Option<bool> json = new("--json") { Description = "print one JSON object" };
        Command command = new("repro", "repeat a failing run from its file") { file, mermaid, shipped, json };
        command.SetAction(parsed =>
        {
            string name = parsed.GetValue(file)!;
            try
            {
                string text = File.ReadAllText(name);
                return parsed.GetValue(mermaid)
                    ? Draw(text)
                    : Run(text, parsed.GetValue(shipped), parsed.GetValue(json));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new UserError($"{name} cannot be read: {e.Message}");
            }
            catch (FormatException e)
            {
                throw new UserError($"{name}: {e.Message}.");
            }
        });
        return command;
    }

    private static int Draw(string text)
    {
        Repro repro = Repro.FromJson(text);
        Console.Write(StressEngine.For(StressFlags.MutantOf(MutantOf(repro))).Draw(text));
        return ExitCode.Success;
    }

    private static int Run(string text, bool shipped, bool json)
    {
        Repro repro = Repro.FromJson(text);
        StressEngine engine = StressEngine.For(shipped ? "None" : StressFlags.MutantOf(MutantOf(repro)));
        List<string> steps = [];
        string? violation = engine.Repeat(text, !shipped, steps.Add);
        string? waits = violation is null || shipped ? null : engine.Waits(text);
        if (json)
        {
            object all = new { violation, expected = repro.Violation, repro.Mutant, steps, waits };
            Console.WriteLine(JsonSerializer.Serialize(all, JsonReport.Options));
        }
        else
        {
            for (int i = 0; i < steps.Count; i++)
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{i + 1,4}  {steps[i]}"));
            }
            Console.WriteLine(violation is null
                ? "nothing broke" + (steps.Count < repro.Steps.Length ? "; not every step could be taken" : "")
                : $"broken: {violation}");
            Console.Write(waits);
        }
        return violation is null ? ExitCode.Success : ExitCode.RunFailed;
    }

    private static string? MutantOf(Repro repro) => repro.Mutant == "None" ? null : repro.Mutant;
}
