using System.CommandLine;
using Disco.Actors.Cli.Configuration;
using Disco.Actors.Engines;
using Disco.Actors.Tracing.Analysis;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Exports;
using Disco.Actors.Tracing.Recording;

namespace Disco.Actors.Cli.Commands;

/// <summary><c>disco trace export</c>: deliveries in the format of another tool.</summary>
internal static class TraceExportCommand
{
    private const string Formats = "perfetto, chrome, pcapng, mermaid and jsonl";

    public static Command Create()
    {
        Argument<string> file = TraceCommand.FileArgument();
        Argument<string> format = new("FORMAT") { Description = $"one of {Formats}" };
        Option<string> output = new("--out", "-o") { Description = "file to write; standard output if absent" };
        Option<bool> anyBuild = new("--any-build")
        {
            Description = "pcapng repeats the run: also that of a recording of another build",
        };
        TraceFilterFlags filter = new();
        Command command = new("export", "write deliveries in the format of another tool")
        {
            file, format, output, anyBuild,
        };
        filter.AddTo(command);
        command.SetAction(parsed =>
        {
            using TraceReader trace = TraceReader.Open(parsed.GetValue(file)!);
            string name = parsed.GetValue(format)!;
            Func<Stream, int> export = name == "pcapng"
                ? CaptureOf(trace, parsed.GetValue(anyBuild), filter.TimeAlone(parsed, trace))
                : Succeeding(ExportOf(trace.Header, filter.Apply(parsed, trace), name));
            using Stream stream = parsed.GetValue(output) is { } path
                ? OpenNew(path)
                : Console.OpenStandardOutput();
            return export(stream);
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
                + UserError.DidYouMean(format, ["perfetto", "chrome", "pcapng", "mermaid", "jsonl"])),
        };
    }

    /// <summary>Repeats the run and captures the virtual subnet on the way.</summary>
    private static Func<Stream, int> CaptureOf(TraceReader trace, bool anyBuild, (long From, long Until) cycles)
    {
        Experiment experiment = RecordedRuns.ExperimentOf(trace.Header, anyBuild);
        if (experiment.Monitor is null)
        {
            throw new UserError("The recorded machine has no virtual network: its guest had the machine to itself. "
                + "Record a run of virtual machines (disco run --vm ... --record FILE).");
        }
        BuiltMachine machine = experiment.Build();
        return to =>
        {
            using Interruption interruption = new();
            DeterministicEngine engine = new(machine.World, experiment.Options);
            SubnetCapture capture = new(machine.Disco!, engine, to, cycles);
            ReplayVerdict verdict = new Replayer(engine, trace).Run(() => interruption.Requested);
            if (verdict.Divergence is { } at)
            {
                throw new UserError($"The repeated run is not the recorded one from {at.Cycle} on ({at.What}); "
                    + "disco replay says more.");
            }
            Console.Error.WriteLine($"{capture.Packets} frames captured");
            return interruption.Requested ? ExitCode.Interrupted : ExitCode.Success;
        };
    }

    private static Func<Stream, int> Succeeding(Action<Stream> write) => to =>
    {
        write(to);
        return ExitCode.Success;
    };

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
