using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Disco.Actors.Cli.Reports;
using Disco.Actors.Tracing.Analysis;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Exports;
using Spectre.Console;

namespace Disco.Actors.Cli.Commands;

/// <summary><c>disco trace</c>: looks into recordings.</summary>
internal static class TraceCommand
{
    public static Command Create() => new("trace", "look into a recording")
    {
        Info(),
        List(),
        TraceStatsCommand.Create(),
        TraceDiffCommand.Create(),
        TraceVerifyCommand.Create(),
        TraceExportCommand.Create(),
    };

    public static Argument<string> FileArgument(string name = "FILE") => new(name) { Description = "a recording" };

    private static Command Info()
    {
        Argument<string> file = FileArgument();
        Option<bool> json = new("--json") { Description = "print one JSON object" };
        Command command = new("info", "what was recorded, and how it ended") { file, json };
        command.SetAction(parsed =>
        {
            using TraceReader trace = TraceReader.Open(parsed.GetValue(file)!);
            PrintInfo(trace, parsed.GetValue(json));
            return ExitCode.Success;
        });
        return command;
    }

    private static void PrintInfo(TraceReader trace, bool json)
    {
        TraceEnd? end = trace.End;
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new { trace.Header, trace.Truncated, trace.BytesRead, end }, JsonReport.Options));
            return;
        }
        Grid grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        grid.AddRow("level", trace.Header.Level.ToString());
        grid.AddRow("engine", $"{trace.Header.Engine}, seed {trace.Header.Seed}");
        grid.AddRow("build", trace.Header.Build);
        foreach (TraceInput input in trace.Header.Inputs)
        {
            grid.AddRow("input", Markup.Escape($"{input.Name}, {input.Bytes:N0} bytes, SHA-256 {input.Sha256[..16]}"));
        }
        grid.AddRow("actors", trace.Header.Actors.Count.ToString(CultureInfo.InvariantCulture));
        grid.AddRow("size", $"{trace.BytesRead:N0} bytes" + (trace.Truncated ? "; the end is missing" : ""));
        if (end is not null)
        {
            double each = (double)trace.BytesRead / Math.Max(1, end.Mark.Deliveries);
            grid.AddRow("end", Markup.Escape($"{end.Outcome}: {end.Reason}"));
            grid.AddRow("until", $"{end.Mark.Cycle}, {end.Mark.Deliveries:N0} deliveries, "
                + string.Create(CultureInfo.InvariantCulture, $"{each:F2} bytes each"));
            grid.AddRow("state hash", end.Mark.State.ToString("x16", CultureInfo.InvariantCulture));
        }
        Tables.To(Console.Out, Console.IsOutputRedirected).Write(grid);
    }

    private static Command List()
    {
        Argument<string> file = FileArgument();
        Option<bool> json = new("--json") { Description = "print a JSON object a line, as the export jsonl does" };
        TraceFilterFlags filter = new();
        Command command = new("list", "the deliveries, a line each, in the total order") { file, json };
        filter.AddTo(command);
        command.SetAction(parsed =>
        {
            using TraceReader trace = TraceReader.Open(parsed.GetValue(file)!);
            IEnumerable<CausedDelivery> deliveries = filter.Apply(parsed, trace);
            if (parsed.GetValue(json))
            {
                JsonLines.Write(deliveries, RecordedMessages.Names, Console.Out);
                return ExitCode.Success;
            }
            foreach (CausedDelivery delivery in deliveries)
            {
                Console.WriteLine(RecordedMessages.Line(delivery));
            }
            return ExitCode.Success;
        });
        return command;
    }
}
