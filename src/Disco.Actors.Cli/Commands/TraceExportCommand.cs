using System.CommandLine;
using Disco.Actors.Tracing.Analysis;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Exports;

namespace Disco.Actors.Cli.Commands;

/// <summary><c>disco trace export</c>: deliveries in the format of another tool.</summary>
internal static class TraceExportCommand
{
    private const string Formats = "perfetto, chrome, mermaid and jsonl";

    public static Command Create()
    {
        Argument<string> file = TraceCommand.FileArgument();
        Argument<string> format = new("FORMAT") { Description = $"one of {Formats}" };
        Option<string> output = new("--out", "-o") { Description = "file to write; standard output if absent" };
        TraceFilterFlags filter = new();
        Command command = new("export", "write deliveries in the format of another tool") { file, format, output };
        filter.AddTo(command);
        command.SetAction(parsed =>
        {
            using TraceReader trace = TraceReader.Open(parsed.GetValue(file)!);
            IEnumerable<CausedDelivery> deliveries = filter.Apply(parsed, trace);
            Action<Stream> export = ExportOf(trace.Header, deliveries, parsed.GetValue(format)!);
            using Stream stream = parsed.GetValue(output) is { } path
                ? OpenNew(path)
                : Console.OpenStandardOutput();
            export(stream);
            return ExitCode.Success;
        });
        return command;
    }

    private static Action<Stream> ExportOf(TraceHeader header, IEnumerable<CausedDelivery> deliveries, string format)
    {
        long clockHz = RecordedMessages.Of(header).ClockHz;
        return format switch
        {
            "perfetto" => to => Perfetto.Write(header, deliveries, RecordedMessages.Names, clockHz, to),
            "chrome" => to => ChromeTrace.Write(header, deliveries, RecordedMessages.Names, clockHz, to),
            "mermaid" => AsText(Drawing(deliveries)),
            "jsonl" => to =>
            {
                using StreamWriter writer = new(to, leaveOpen: true);
                JsonLines.Write(deliveries, RecordedMessages.Names, writer);
            },
            _ => throw new UserError($"There is no export '{format}'; the formats are {Formats}."
                + UserError.DidYouMean(format, ["perfetto", "chrome", "mermaid", "jsonl"])),
        };
    }

    // Refused before a file is made for it.
    private static string Drawing(IEnumerable<CausedDelivery> deliveries)
    {
        using StringWriter writer = new();
        Mermaid.Write(deliveries, RecordedMessages.Names, writer);
        return writer.ToString();
    }

    private static Action<Stream> AsText(string text) => to => to.Write(System.Text.Encoding.UTF8.GetBytes(text));

    private static FileStream OpenNew(string path)
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
