using System.Net;
using System.Net.Sockets;
using Disco.Actors.Cli.Configuration;
using Disco.Actors.Cli.Reports;
using Disco.Actors.Core;
using Disco.Actors.Debugging;
using Disco.Actors.Debugging.Gdb;
using Disco.Actors.Debugging.Interactive;
using Disco.Actors.Debugging.Machines;
using Disco.Actors.Debugging.Timelines;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Cli.Commands;

/// <summary>A run under a debugger: waits for a GDB, serves it, and finishes the run when it has gone.</summary>
internal static class DebuggedRun
{
    /// <summary>The run happens for the first time; it can be gone back in all the same.</summary>
    public static RunResult Live(
        Experiment experiment, BuiltMachine machine, DeterministicEngine engine, Cycle until, OutputListener output,
        Interruption interruption)
    {
        LiveTimeline timeline = new(engine, until, output);
        Debugger debugger = new(MachineOf(experiment, machine, engine), timeline);
        GdbLeave leave = Serve(debugger, experiment.GdbAt!, interruption);
        if (leave == GdbLeave.Detached)
        {
            debugger.Finish(() => interruption.Requested);
        }
        return timeline.Ending ?? engine.Run(until, () => true);
    }

    /// <summary>A recording, for a GDB or for commands from standard input; the exit code.</summary>
    public static int Recorded(DebugRequest request)
    {
        using TraceReader trace = TraceReader.Open(request.Replay.File);
        Experiment experiment = RecordedRuns.ExperimentOf(trace.Header, request.Replay.AnyBuild);
        BuiltMachine machine = experiment.Build();
        DeterministicEngine engine = new(machine.World, experiment.Options);
        using Interruption interruption = new();
        using Stream output = Console.OpenStandardOutput();
        GuestConsoles consoles = new(machine, output);
        RecordedTimeline timeline = new(engine, trace, consoles.Print);
        Debugger debugger = new(MachineOf(experiment, machine, engine), timeline);
        timeline.SeekTo(request.Replay.From ?? Cycle.Zero);
        timeline.ShowOutput();
        if (request.GdbAt is { } end)
        {
            Serve(debugger, end, interruption);
        }
        else
        {
            Talk(debugger, interruption);
        }
        if (timeline.Divergence is not { } difference)
        {
            return ExitCode.Success;
        }
        Console.Error.WriteLine($"The run is not the recorded one: {difference}");
        return ExitCode.RunFailed;
    }

    private static void Talk(Debugger debugger, Interruption interruption)
    {
        bool isTyped = !Console.IsInputRedirected;
        CommandInterpreter interpreter = new(debugger, Console.Out, interruption.Take);
        if (isTyped)
        {
            Console.WriteLine("help shows the commands");
        }
        interpreter.Run(Console.In, isTyped ? "(disco) " : "", echo: !isTyped);
    }

    private static DebugMachine MachineOf(Experiment experiment, BuiltMachine machine, DeterministicEngine engine) =>
        new(machine.Hardware, machine.Disco, experiment.Bare?.Image.Symbols ?? new ElfSymbols([]), engine);

    /// <summary>Errors: UserError when the port cannot be had.</summary>
    private static GdbLeave Serve(Debugger debugger, IPEndPoint end, Interruption interruption)
    {
        using GdbServer server = Listen(end);
        Console.Error.WriteLine($"waiting for gdb: target remote {server.End}");
        if (server.Accept(() => interruption.Requested) is not { } socket)
        {
            return GdbLeave.Ended;
        }
        using GdbSession session = new(debugger, socket, () => interruption.Requested);
        return session.Serve();
    }

    private static GdbServer Listen(IPEndPoint end)
    {
        try
        {
            return new GdbServer(end);
        }
        catch (SocketException e)
        {
            throw new UserError($"No GDB can be waited for at {end}: {e.Message.TrimEnd('.')}.");
        }
    }
}
