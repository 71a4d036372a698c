using System.Globalization;
using Disco.Actors.Cli.Commands;
using Disco.Actors.Cli.Configuration;

namespace Disco.Actors.Cli.Scaling;

/// <summary>What every cell of a scaling matrix runs, with the keys that differ from cell to cell left open.</summary>
/// <param name="Name">As the user wrote it.</param>
/// <param name="Board">A board's name or file; null for the default machine.</param>
/// <param name="Config">A configuration file; null for none.</param>
/// <param name="Keys">Set for every cell.</param>
/// <param name="Engine">Of the cells with host threads.</param>
internal sealed record ScaleWorkload(
    string Name, string? Board, string? Config, IReadOnlyDictionary<string, string> Keys, EngineKind Engine)
{
    /// <summary>The kernel guest's processors at most; larger machines run several such virtual machines.</summary>
    private const int KernelCpusMax = 8;

    private const string Jobs = "jobs";

    /// <param name="name">A guest, <c>jobs</c> (kernels with a mix of jobs under the monitor), a configuration file or
    /// a guest's ELF file.</param>
    /// <param name="board">As for <see cref="Settings.Load"/>.</param>
    /// <param name="keys">Set by the user.</param>
    /// <param name="engine">Of the cells with host threads.</param>
    public static ScaleWorkload Of(
        string name, string? board, Dictionary<string, string> keys, EngineKind engine)
    {
        bool isConfig = name.EndsWith(".conf", StringComparison.Ordinal)
            || Embedded.Text($"{Settings.Experiments}{name}.conf") is not null;
        if (!isConfig && name != Jobs)
        {
            keys["guest.image"] = name;
        }
        return new ScaleWorkload(name, board, isConfig ? name : null, keys, engine);
    }

    /// <summary>The experiment of one cell, built anew for every run. Errors: <see cref="UserError"/>.</summary>
    /// <param name="cpus">Of the machine.</param>
    /// <param name="threads">0 for the deterministic engine.</param>
    public Experiment Cell(int cpus, int threads)
    {
        Dictionary<string, string> keys = new(Keys)
        {
            ["board.cpus"] = cpus.ToString(CultureInfo.InvariantCulture),
            ["engine.kind"] = threads == 0 ? "deterministic" : Word(Engine),
            ["engine.threads"] = Math.Max(1, threads).ToString(CultureInfo.InvariantCulture),
        };
        if (Name == Jobs)
        {
            AddKernels(cpus, keys);
        }
        if (!keys.ContainsKey("board.nodes"))
        {
            keys["board.nodes"] = Flags.NodesFor(Board, Config, keys);
        }
        return Experiment.Of(Settings.Load(Board, Config, keys));
    }

    private static string Word(EngineKind engine) => engine == EngineKind.Akka ? "akka" : "parallel";

    /// <summary>As many kernels as it takes to use all CPUs; the jobs are the same for every machine.</summary>
    private static void AddKernels(int cpus, Dictionary<string, string> keys)
    {
        const int AllJobs = 64;
        int machines = (cpus + KernelCpusMax - 1) / KernelCpusMax;
        for (int machine = 0; machine < machines; machine++)
        {
            int vcpus = (cpus * (machine + 1) / machines) - (cpus * machine / machines);
            int jobs = (AllJobs * (machine + 1) / machines) - (AllJobs * machine / machines);
            string prefix = $"vm.jobs{machine}.";
            keys.TryAdd(prefix + "guest", "kernel");
            keys.TryAdd(prefix + "vcpus", vcpus.ToString(CultureInfo.InvariantCulture));
            keys.TryAdd(prefix + "bootargs", $"jobs={jobs} parallel={vcpus} size=16");
        }
    }
}
