using System.CommandLine;
using Disco.Actors.Cli.Configuration;
using Disco.Actors.Engines;
using Disco.Actors.Verification.Observers;

namespace Disco.Actors.Cli.Commands;

/// <summary>
/// <c>--check</c>: the rules that caches, pages and shootdowns keep are watched while the machine runs.
/// </summary>
internal sealed class CheckFlag
{
    private readonly Option<bool> _check = new("--check")
    {
        Description = "watch that caches, pages and shootdowns keep their rules; a broken one ends the run",
    };

    public void AddTo(Command command) => command.Options.Add(_check);

    /// <summary>Errors: UserError where nobody can watch.</summary>
    public bool Read(ParseResult parsed, Experiment experiment)
    {
        bool isAsked = parsed.GetValue(_check);
        return isAsked && experiment.Engine != EngineKind.Deterministic
            ? throw new UserError("--check watches all nodes from one thread: use it with --engine deterministic.")
            : isAsked;
    }

    /// <summary>The watchers of a machine at power-on or at a checkpoint. Errors: UserError.</summary>
    public static RunChecks Begin(BuiltMachine machine, Engine engine) =>
        machine.Disco is { } disco && disco.Vms.Any(vm => !vm.Monitor.IsAtRest)
            ? throw new UserError(
                "--check sees shootdowns from their beginning, and the checkpoint was taken in the middle of one: "
                + "take it a little later.")
            : new RunChecks((DeterministicEngine)engine, machine.Hardware, machine.Disco);

    /// <summary>The result, or the fault that it is when something is wrong at the end.</summary>
    public static RunResult End(RunChecks? checks, RunResult result) =>
        result.Outcome == Outcome.Stopped && checks?.CheckEnd() is { } broken
            ? result with { Outcome = Outcome.Faulted, Reason = broken }
            : result;
}
