using System.CommandLine;
using Disco.Actors.Cli.Configuration;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Tracing.Analysis;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Exports;
using Disco.Actors.Tracing.Recording;
using Disco.Actors.Vmm.Boards;

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

    /// <summary>Repeats the run and captures the virtual subnet, or the cable of a bare machine, on the way.</summary>
    private static Func<Stream, int> CaptureOf(TraceReader trace, bool anyBuild, (long From, long Until) cycles)
    {
        Experiment experiment = RecordedRuns.ExperimentOf(trace.Header, anyBuild);
        BuiltMachine machine = experiment.Build();
        Address[] ends =
            [.. machine.World.Actors.Select(actor => actor.Address).Where(address => address.Role == Role.Nic)];
        if (machine.Disco is null && ends.Length == 0)
        {
            throw new UserError("The recorded machine has no virtual network: its guest had the machine to itself. "
                + "Record a run of virtual machines (disco run --vm ... --record FILE).");
        }
        return to =>
        {
            using Interruption interruption = new();
            DeterministicEngine engine = new(machine.World, experiment.Options);
            Func<long> packets = machine.Disco is { } disco
                ? CaptureSubnet(disco, engine, to, cycles)
                : CaptureCable(ends, machine.Hardware.Config.ClockHz, engine, to, cycles);
            ReplayVerdict verdict = new Replayer(engine, trace).Run(() => interruption.Requested);
            if (verdict.Divergence is { } at)
            {
                throw new UserError($"The repeated run is not the recorded one from {at.Cycle} on ({at.What}); "
                    + "disco replay says more.");
            }
            Console.Error.WriteLine($"{packets()} frames captured");
            return interruption.Requested ? ExitCode.Interrupted : ExitCode.Success;
        };
    }

    private static Func<long> CaptureSubnet(
        DiscoMachine machine, Engine engine, Stream to, (long From, long Until) cycles)
    {
        SubnetCapture capture = new(machine, engine, to, cycles);
        return () => capture.Packets;
    }

    private static Func<long> CaptureCable(
        Address[] ends, long clockHz, DeterministicEngine engine, Stream to, (long From, long Until) cycles)
    {
        CableCapture capture = new(ends, clockHz, to, cycles);
        engine.Observers.Add(capture);
        return () => capture.Packets;
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
