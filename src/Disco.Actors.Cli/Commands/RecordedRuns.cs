using Disco.Actors.Cli.Configuration;
using Disco.Actors.Cli.Stress;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Vmm.Boards;

namespace Disco.Actors.Cli.Commands;

/// <summary>Recordings as files of the user: opened, checked, and their machine built once more.</summary>
internal static class RecordedRuns
{
    /// <summary>Changes with every change of a program's part that can change a run.</summary>
    public static string Build { get; } = string.Join('-', new[]
    {
        typeof(Actor), typeof(Engine), typeof(MachineBuilder), typeof(Vmm.Frame),
    }.Select(type => type.Module.ModuleVersionId.ToString("N")[..8]));

    /// <summary>The recorded run's machine, guest and engine. Errors: UserError when an input is another.</summary>
    /// <param name="header">Of the recording.</param>
    /// <param name="anyBuild">True when a recording of another build may be repeated.</param>
    public static Experiment ExperimentOf(TraceHeader header, bool anyBuild)
    {
        StressTrace.Refuse(header);
        if (header.Build != Build && !anyBuild)
        {
            throw new UserError(
                $"The recording was made by build {header.Build} of disco, this is {Build}: the run may differ. "
                + "Add --any-build to repeat it all the same.");
        }
        Experiment experiment = Experiment.Of(Settings.Load(null, null, header.Settings));
        foreach ((TraceInput was, TraceInput now) in header.Inputs.Zip(experiment.Inputs))
        {
            if (was != now)
            {
                throw new UserError(
                    $"'{now.Name}' is not the file of the recording: it has {now.Bytes} bytes and SHA-256 "
                    + $"{now.Sha256[..12]}, recorded were {was.Bytes} and {was.Sha256[..12]}.");
            }
        }
        return experiment;
    }

    /// <summary>One actor of the recorded machine, without the others and without state. Errors: UserError.</summary>
    public static Actor ActorOf(Experiment experiment, string name)
    {
        if (!Address.TryParse(name, out Address address))
        {
            throw new UserError($"--actor {name}: an actor is written as in cpu/3 or dir/0.");
        }
        if (experiment.Board.Fidelity == Fidelity.Fast)
        {
            throw new UserError("In the fast fidelity CPUs share memory, so none can be repeated alone.");
        }
        Actor? actor = experiment.Monitor is { } monitor
            ? DiscoBuilder.BuildAlone(monitor, address)
            : MachineBuilder.BuildAlone(experiment.Board, experiment.Bare!, address);
        return actor ?? throw new UserError($"--actor {name}: the recorded machine has no such actor.");
    }
}
