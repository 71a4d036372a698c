using System.CommandLine;
using System.CommandLine.Parsing;
using Disco.Actors.Cli;
using Disco.Actors.Cli.Commands;
using Disco.Actors.Cli.Stress;
using Disco.Actors.Hocon;
using Disco.Actors.Tracing.Container;

RootCommand root = new(
    "Disco.Actors: a ccNUMA multiprocessor and its virtual machine monitor as actors. 'disco' alone runs the default.")
{
    RunCommand.Create(),
    ScaleCommand.Create(),
    NodeCommand.Create(),
    ReplayCommand.Create(),
    TraceCommand.Create(),
    StressCommand.Create(),
    MachinesCommand.Create(),
    GuestsCommand.Create(),
    ConfigCommand.Create(),
};

ParseResult parsed = root.Parse(args.Length == 0 ? ["run"] : args);
if (parsed.Errors.Count > 0)
{
    foreach (ParseError error in parsed.Errors)
    {
        Console.Error.WriteLine($"disco: {error.Message}");
    }
    string command = parsed.CommandResult.Command == root ? "" : parsed.CommandResult.Command.Name + " ";
    Console.Error.WriteLine($"disco: 'disco {command}--help' lists the options.");
    return ExitCode.BadInput;
}

try
{
    return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (Exception e) when (e is UserError or HoconException or TraceException)
{
    Console.Error.WriteLine($"disco: {e.Message}");
    return ExitCode.BadInput;
}
catch (Exception e)
{
    // Left to the runtime, it would abort the process, and the terminal would stay as a guest had it.
    Console.Error.WriteLine($"disco: a mistake of this program: {e}");
    return ExitCode.RunFailed;
}
