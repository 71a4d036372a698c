using Disco.Actors.Cli.Configuration;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Devices.Operator;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Cli.Checkpoints;

/// <summary>
/// Takes checkpoints of runs and lets runs go on from them. The machine must be the same one; engine, threads, seed and
/// the length of the run may differ, and a checkpoint of the fast fidelity may go on in the coherent one.
/// </summary>
internal static class Checkpoint
{
    private const string FidelityKey = "engine.fidelity";

    // The keys that make a machine.
    private static readonly string[] MachineKeys =
        ["board.", "cache.", "latency.", "occupancy.", "monitor.", "vm.", "guest.bootargs"];

    /// <returns>Bytes written.</returns>
    public static long Save(string path, Settings settings, Experiment experiment, Engine engine)
    {
        Snapshot state = new();
        engine.Save(state);
        return new CheckpointFile(FactsOf(settings, experiment), state).Write(path);
    }

    /// <summary>Puts a machine that has not run, and its engine, where the checkpoint was taken.</summary>
    /// <remarks>Errors: UserError when the file is no sound checkpoint, or is of another machine.</remarks>
    public static void Load(
        string path, Settings settings, Experiment experiment, Multiprocessor machine, Engine engine)
    {
        CheckpointFile file = CheckpointFile.Read(path);
        string fidelity = Refuse(path, file, FactsOf(settings, experiment));
        try
        {
            if (fidelity == settings.Text(FidelityKey))
            {
                engine.Load(file.State.Read());
                return;
            }
            BoardConfig board = experiment.Board with { Fidelity = Fidelity.Fast };
            Multiprocessor fast = (experiment with { Board = board }).Build().Hardware;
            DeterministicEngine positioned = new(fast.World, experiment.Options);
            positioned.Load(file.State.Read());
            FidelityChange.TakeOver(fast, machine);
            engine.TakeOver(positioned);
        }
        catch (InvariantBroken)
        {
            // The file is whole, so another build of the program wrote it, whose states have other fields.
            throw new UserError($"The checkpoint '{path}' is of another build of this program: save it again.");
        }
    }

    /// <summary>Scripts are no part of the machine: whoever has another one begins with it.</summary>
    public static void BeginScripts(World world, Engine engine)
    {
        foreach (ConsoleOperator each in world.Actors.OfType<ConsoleOperator>().Where(each => !each.HasBegun))
        {
            engine.Post(new Address(Role.Outside, 0), each.Address, ConsoleOperator.Begin, engine.Now);
        }
    }

    /// <summary>The fidelity of a checkpoint that fits; throws when it does not.</summary>
    private static string Refuse(string path, CheckpointFile file, SortedDictionary<string, string> facts)
    {
        foreach (string key in file.Facts.Keys.Concat(facts.Keys).Where(key => key != FidelityKey))
        {
            string then = file.Facts.GetValueOrDefault(key, "nothing");
            string now = facts.GetValueOrDefault(key, "nothing");
            if (then != now)
            {
                throw new UserError(
                    $"The checkpoint '{path}' was taken with {key} = {then} and this run has {now}: "
                    + "only the same machine and guest go on.");
            }
        }
        string fidelity = file.Facts[FidelityKey];
        if (fidelity != facts[FidelityKey] && fidelity != "fast")
        {
            throw new UserError(
                $"The checkpoint '{path}' was taken in the {fidelity} fidelity and goes on only there: "
                + $"use --fidelity {fidelity}.");
        }
        if (fidelity != facts[FidelityKey] && facts.Keys.Any(key => key.StartsWith("vm.", StringComparison.Ordinal)))
        {
            throw new UserError(
                $"The checkpoint '{path}' has virtual machines, which go on only in the fidelity they began in: "
                + $"use --fidelity {fidelity}.");
        }
        return fidelity;
    }

    private static SortedDictionary<string, string> FactsOf(Settings settings, Experiment experiment)
    {
        SortedDictionary<string, string> facts = new(StringComparer.Ordinal);
        HashSet<string> scripts = [];
        foreach (Setting setting in settings.All)
        {
            string key = setting.Key;
            if (key.EndsWith(".script", StringComparison.Ordinal))
            {
                scripts.Add(setting.Value);
            }
            else if (key == FidelityKey || MachineKeys.Any(start => key.StartsWith(start, StringComparison.Ordinal)))
            {
                facts[key] = setting.Value;
            }
        }
        foreach ((TraceInput input, int number) in experiment.Inputs
            .Where(input => !scripts.Contains(input.Name)).Select((input, number) => (input, number)))
        {
            facts[$"the SHA-256 of input {number + 1}"] = $"{input.Sha256[..16]} ({Path.GetFileName(input.Name)})";
        }
        return facts;
    }
}
