using Disco.Actors.Cli.Configuration;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Devices.Operator;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Cli.Checkpoints;

/// <summary>
/// Takes checkpoints of runs and lets runs go on from them. The machine must be the same one; engine, threads, seed and
/// the length of the run may differ, and a checkpoint of the fast fidelity may go on in the coherent one. A monitor
/// whose pages stayed where they were and whose shootdowns left nothing behind may go on with any other way of both.
/// </summary>
internal static class Checkpoint
{
    private const string FidelityKey = "engine.fidelity";

    // The keys that make a machine.
    private static readonly string[] MachineKeys =
        ["board.", "cache.", "latency.", "occupancy.", "monitor.", "vm.", "guest.bootargs"];

    // What a monitor may do otherwise from a checkpoint on, and what it must have done until then.
    private const string ShootdownKey = "monitor.shootdown";
    private const string PlacementKeys = "monitor.placement.";
    private const string PolicyKey = "monitor.placement.policy";

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
        string path, Settings settings, Experiment experiment, BuiltMachine built, Engine engine)
    {
        Multiprocessor machine = built.Hardware;
        CheckpointFile file = CheckpointFile.Read(path);
        SortedDictionary<string, string> facts = FactsOf(settings, experiment);
        string fidelity = Refuse(path, file, facts);
        try
        {
            if (fidelity == settings.Text(FidelityKey))
            {
                engine.Load(file.State.Read());
                RefuseUnderWay(path, file, facts, built);
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

    /// <summary>Another protocol or policy does not understand what this one has begun.</summary>
    private static void RefuseUnderWay(
        string path, CheckpointFile file, SortedDictionary<string, string> facts, BuiltMachine built)
    {
        bool differs = facts.Any(fact => IsMonitorsWay(fact.Key) && file.Facts[fact.Key] != fact.Value);
        if (differs && built.Disco is { } disco && disco.Vms.Any(vm => !vm.Monitor.IsAtRest))
        {
            throw new UserError(
                $"The checkpoint '{path}' was taken in the middle of a change of pages, so it goes on only with its "
                + $"own {ShootdownKey} and {PlacementKeys}*: take it a little later.");
        }
    }

    private static bool IsMonitorsWay(string key) =>
        key == ShootdownKey || key.StartsWith(PlacementKeys, StringComparison.Ordinal);

    /// <summary>Of a checkpoint that any protocol and policy can go on from.</summary>
    private static bool IsOpen(CheckpointFile file) =>
        file.Facts.GetValueOrDefault(ShootdownKey) is "targeted" or "broadcast"
        && file.Facts.GetValueOrDefault(PolicyKey) == "off";

    /// <summary>The fidelity of a checkpoint that fits; throws when it does not.</summary>
    private static string Refuse(string path, CheckpointFile file, SortedDictionary<string, string> facts)
    {
        foreach (string key in file.Facts.Keys.Concat(facts.Keys).Where(key => key != FidelityKey))
        {
            string then = file.Facts.GetValueOrDefault(key, "nothing");
            string now = facts.GetValueOrDefault(key, "nothing");
            if (then != now && !(IsMonitorsWay(key) && IsOpen(file)))
            {
                throw new UserError(
                    $"The checkpoint '{path}' was taken with {key} = {then} and this run has {now}: "
                    + "only the same machine and guest go on"
                    + (IsMonitorsWay(key)
                        ? $" (any {ShootdownKey} and {PlacementKeys}* from {ShootdownKey} = targeted, "
                            + $"{PolicyKey} = off)."
                        : "."));
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
