using System.CommandLine;
using Disco.Actors.Cli.Checkpoints;
using Disco.Actors.Cli.Configuration;
using Disco.Actors.Engines;

namespace Disco.Actors.Cli.Commands;

/// <summary>What the user wants of checkpoints; null for nothing.</summary>
internal sealed record CheckpointRequest(string? From, string? To, Settings Settings)
{
    /// <summary>Puts the machine where the run is to go on from, when it does not start at power-on.</summary>
    public void Begin(Experiment experiment, BuiltMachine machine, Engine engine)
    {
        if (From is not null)
        {
            Checkpoint.Load(From, Settings, experiment, machine, engine);
            Checkpoint.BeginScripts(machine.World, engine);
        }
    }

    /// <summary>Saves a run that could go on; says so on standard error.</summary>
    public void End(Experiment experiment, Engine engine, RunResult result)
    {
        if (To is null)
        {
            return;
        }
        if (result.Outcome is not (Outcome.ReachedLimit or Outcome.Cancelled))
        {
            Console.Error.WriteLine($"no checkpoint saved: the run has ended and nothing goes on after {result.Cycle}");
            return;
        }
        long bytes = Checkpoint.Save(To, Settings, experiment, engine);
        Console.Error.WriteLine($"checkpoint of {result.Cycle} saved in {To}: {bytes:N0} bytes");
    }
}

/// <summary><c>--checkpoint-save FILE</c> and <c>--checkpoint-load FILE</c>.</summary>
internal sealed class CheckpointFlags
{
    private readonly Option<string> _from = new("--checkpoint-load")
    {
        Description = "go on from a checkpoint of the same machine instead of from power-on; --for counts from there, "
            + "and a script other than the checkpoint's begins",
        HelpName = "FILE",
    };

    private readonly Option<string> _to = new("--checkpoint-save")
    {
        Description = "at the end of --for, or at Ctrl-C, save the state of the whole run",
        HelpName = "FILE",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_to);
        command.Options.Add(_from);
    }

    public CheckpointRequest Read(ParseResult parsed, Settings settings) =>
        new(parsed.GetValue(_from), parsed.GetValue(_to), settings);
}
