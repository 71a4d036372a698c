using System.CommandLine;
using System.Text.Json;
using Disco.Actors.Cli.Commands;
using Disco.Actors.Cli.Reports;
using Disco.Actors.Verification.Stress;
using Disco.Actors.Verification.Stress.Shrinking;
using Disco.Actors.Verification.Stress.Strategies;
using Spectre.Console;

namespace Disco.Actors.Cli.Stress;

/// <summary><c>disco stress coherence|shootdown|placement|machine</c>. Exit code 1 when something broke.</summary>
internal static class StressRunCommand
{
    public static Command Create(SubjectKind subject, string description)
    {
        StressFlags flags = new(subject);
        Option<bool> json = new("--json") { Description = "print one JSON object" };
        Option<string> output = new("--out")
        {
            Description = "the file of a failing run, beside it its diagrams (.mmd, .waits.mmd) and its recording "
                + "(.tr, for disco trace); stress-SUBJECT-SEED.json without it",
            HelpName = "FILE",
        };
        Option<string> resume = new("--resume")
        {
            Description = "keep the campaign in a file, and go on with it when it exists", HelpName = "FILE",
        };
        Option<bool> coverage = new("--coverage")
        {
            Description = "print how often each step of each table was taken, and each event that must happen",
        };
        Command command = new(subject.ToString().ToLowerInvariant(), $"stress {description}");
        flags.AddTo(command);
        command.Options.Add(output);
        command.Options.Add(resume);
        command.Options.Add(coverage);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            StressRequest request = flags.Read(parsed);
            string? file = parsed.GetValue(resume);
            StressResume? campaign = file is null ? null : new StressResume(file, request);
            return Run(
                request, campaign, parsed.GetValue(output), parsed.GetValue(json), parsed.GetValue(coverage));
        });
        return command;
    }

    private static int Run(StressRequest request, StressResume? campaign, string? output, bool json, bool coverage)
    {
        using Interruption interruption = new();
        bool showsProgress = !json && !Console.IsErrorRedirected;
        StressReport report = Attack(request, campaign, interruption, showsProgress);
        StressEngine engine = StressEngine.For(request.Mutant);
        string? waits = report.Failure is null ? null : engine.Waits(report.Failure.ToJson());
        string? file = report.Failure is null ? null : Save(engine, request, report.Failure, waits, output);
        if (json)
        {
            object all = new
            {
                request, report, file, replay = Line(request, report), options = Options(request, report), waits,
            };
            Console.WriteLine(JsonSerializer.Serialize(all, JsonReport.Options));
        }
        else
        {
            Print(request, report, file);
            Console.Write(waits);
            if (coverage)
            {
                CoverageTable.Print(SubjectOf(request), report);
            }
        }
        return report.Failure is not null ? ExitCode.RunFailed
            : interruption.Requested ? ExitCode.Interrupted : ExitCode.Success;
    }

    private static StressReport Attack(
        StressRequest request, StressResume? campaign, Interruption interruption, bool showsProgress)
    {
        if (campaign is { IsDone: true, Before: { } before })
        {
            return before;
        }
        StressRequest rest = campaign?.Rest ?? request;
        StressProgress progress = new(rest, showsProgress);
        StressReport report = StressEngine.For(request.Mutant).Run(
            rest,
            (schedules, deliveries, seconds, nextSeed) =>
            {
                progress.Show(schedules, deliveries, seconds, nextSeed);
                campaign?.Progress(schedules, deliveries, seconds, nextSeed);
            },
            () => interruption.Requested);
        progress.Clear();
        if (campaign is null)
        {
            return report;
        }
        StressReport whole = campaign.Whole(report);
        campaign.Save(whole with { Failure = null });
        return whole;
    }

    private static SubjectKind SubjectOf(StressRequest request) => Enum.Parse<SubjectKind>(request.Subject);

    private static string Save(
        StressEngine engine, StressRequest request, Repro repro, string? waits, string? output)
    {
        string file = output ?? $"stress-{request.Subject.ToLowerInvariant()}-{repro.Seed}.json";
        try
        {
            string text = repro.ToJson();
            File.WriteAllText(file, text);
            File.WriteAllText(Path.ChangeExtension(file, ".mmd"), engine.Draw(text));
            if (waits is not null)
            {
                File.WriteAllText(Path.ChangeExtension(file, ".waits.mmd"), waits);
            }
            if (engine.Deliveries(text) is { } run)
            {
                StressTrace.Write(Path.ChangeExtension(file, ".tr"), file, repro, run);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"{file} cannot be written: {e.Message}");
        }
        return file;
    }

    private static string? Line(StressRequest request, StressReport report) =>
        report.Failure is null || !report.IsSeedRepeatable ? null : StressFlags.LineOf(request, report.Failure);

    /// <summary>The whole set of options of the seed that failed, or of the only one; null for many.</summary>
    private static JsonElement? Options(StressRequest request, StressReport report)
    {
        ulong? seed = report.Failure?.Seed ?? (request.First == request.Last ? request.First : null);
        return seed is null
            ? null
            : JsonDocument.Parse(StressPort.Options(StressPort.Write(request with { First = seed.Value }))).RootElement;
    }

    private static void Print(StressRequest request, StressReport report, string? file)
    {
        Grid grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        void Row(string name, string value) => grid.AddRow(name, Markup.Escape(value));
        Row("result", report.Failure is null ? "nothing broke" : "broken");
        if (report.Failure is { } failure)
        {
            Row("violation", failure.Violation);
            string by = failure.Actor.Length > 0 ? $"{failure.Actor}, " : "";
            Row("shown by", $"{by}cycle {failure.Delivery}, seed {failure.Seed}, strategy {failure.Strategy}");
            Row("scenario", failure.Machine?.ToString() ?? Describe(failure.Shape));
            string steps = failure.Machine is null ? "steps" : "repetitions";
            if (request.Shrink)
            {
                Row("made small", $"{report.StepsBefore} {steps} and {report.OpsBefore} operations to "
                    + $"{report.StepsAfter} and {report.OpsAfter}, by {report.ShrinkRuns:N0} runs");
            }
            if (Line(request, report) is { } line)
            {
                Row("replay", line);
            }
            Row("", $"disco stress repro {file}");
        }
        if (Options(request, report) is { } options)
        {
            Row("options", options.GetRawText());
        }
        Row("schedules", $"{report.Schedules:N0} ({report.Schedules / report.CpuSeconds:N0} a CPU second)");
        Row("deliveries", $"{report.Deliveries:N0} ({report.Deliveries / report.CpuSeconds / 1e6:F2} M a CPU second)");
        Row("time", $"{report.Seconds:F1} s, {report.CpuSeconds:F1} s of CPU");
        if (request.Strategy == "exhaustive")
        {
            Row("all orders", $"of {report.Explored:N0} scenarios; the others have more than "
                + $"{EveryOrder.StatesMax:N0} states");
        }
        if (SubjectOf(request) != SubjectKind.Machine)
        {
            PrintCoverage(request, report, Row);
        }
        Row("next seed", $"{report.NextSeed}");
        Tables.To(Console.Out, Console.IsOutputRedirected).Write(grid);
    }

    private static void PrintCoverage(StressRequest request, StressReport report, Action<string, string> row)
    {
        row("coverage", $"{report.Pairs:N0} pairs of messages at a receiver");
        (int taken, int steps, int fired, int events) = CoverageTable.Count(SubjectOf(request), report);
        row("", $"{taken} of {steps} steps of the tables; {fired} of {events} events that must happen");
        row("strategies", string.Join(", ", report.Strategies.Select(each => $"{each.Strategy} {each.Runs:N0}")));
    }

    private static string Describe(Shape shape)
    {
        string machine = $"{shape.Nodes} nodes with {shape.CpusPerNode} CPUs, {shape.Topology}";
        string rest = shape.Subject == SubjectKind.Coherence
            ? $"{shape.Lines} lines, caches of {shape.CacheLines} lines in {shape.Ways} ways"
            : $"{StressFlags.NameOf(shape.Protocol.ToString())}, {shape.Vms} VMs of {shape.Pages} pages";
        return $"{machine}; {rest}";
    }
}
