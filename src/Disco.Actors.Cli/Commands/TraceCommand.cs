using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Disco.Actors.Cli.Configuration;
using Disco.Actors.Cli.Reports;
using Disco.Actors.Core;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Exports;
using Spectre.Console;

namespace Disco.Actors.Cli.Commands;

/// <summary><c>disco trace</c>: looks into recordings.</summary>
internal static class TraceCommand
{
    private static readonly MachineMessageNames Names = new();

    public static Command Create() => new("trace", "look into a recording") { Info(), List(), Export() };

    private static Argument<string> FileArgument() => new("FILE") { Description = "a recording" };

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
        TraceFilterFlags filter = new();
        Command command = new("list", "the deliveries, a line each, in the total order") { file };
        filter.AddTo(command);
        command.SetAction(parsed =>
        {
            using TraceReader trace = TraceReader.Open(parsed.GetValue(file)!);
            foreach (RecordedDelivery delivery in filter.Apply(parsed, trace, Names))
            {
                Envelope at = delivery.Envelope;
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{at.Arrival.Value,12} {at.Source,-10} -> {at.Target,-10} {Names.Describe(at.Message)}"));
            }
            return ExitCode.Success;
        });
        return command;
    }

    private static Command Export()
    {
        Argument<string> file = FileArgument();
        Argument<string> format = new("FORMAT") { Description = "perfetto, mermaid or jsonl" };
        Option<string> output = new("--out", "-o") { Description = "file to write; standard output if absent" };
        TraceFilterFlags filter = new();
        Command command = new("export", "write deliveries in the format of another tool") { file, format, output };
        filter.AddTo(command);
        command.SetAction(parsed =>
        {
            using TraceReader trace = TraceReader.Open(parsed.GetValue(file)!);
            IEnumerable<RecordedDelivery> deliveries = filter.Apply(parsed, trace, Names);
            using Stream stream = parsed.GetValue(output) is { } path ? Create(path) : Console.OpenStandardOutput();
            Export(trace.Header, deliveries, parsed.GetValue(format)!, stream);
            return ExitCode.Success;
        });
        return command;
    }

    private static void Export(
        TraceHeader header, IEnumerable<RecordedDelivery> deliveries, string format, Stream stream)
    {
        using StreamWriter writer = new(stream, leaveOpen: true);
        switch (format)
        {
            case "perfetto":
                long clockHz = Settings.Load(null, null, header.Settings).Whole("board.clock-hz", 1, long.MaxValue);
                Perfetto.Write(header, deliveries, Names, clockHz, stream);
                break;
            case "mermaid":
                Mermaid.Write(deliveries, Names, writer);
                break;
            case "jsonl":
                JsonLines.Write(deliveries, Names, writer);
                break;
            default:
                throw new UserError($"There is no export '{format}'; the formats are perfetto, mermaid and jsonl.");
        }
    }

    private static FileStream Create(string path)
    {
        try
        {
            return File.Create(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"'{path}' cannot be written: {e.Message}");
        }
    }
}
