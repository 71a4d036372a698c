using System.CommandLine;
using Disco.Actors.Cli.Configuration;

namespace Disco.Actors.Cli.Commands;

/// <summary>
/// The options that say which machine runs what. Each that is given sets one key of the configuration, so that a flag,
/// a file and an environment variable mean the same.
/// </summary>
internal sealed class Flags
{
    private readonly Option<string> _board = new("--board", "-b")
    {
        Description = "a board by name (disco machines) or a .conf file",
        HelpName = "BOARD",
    };

    private readonly Option<string> _config = new("--config", "-c")
    {
        Description = "a configuration file that overrides the board's",
        HelpName = "FILE",
    };

    private readonly Option<string[]> _set = new("--set", "-s")
    {
        Description = "set any key, e.g. --set latency.transit='600 ns'; may be repeated",
        HelpName = "KEY=VALUE",
    };

    private readonly List<(Option<string> Option, string Key)> _keys =
    [
        (Named("--guest", "a guest by name (disco guests) or the path of a MIPS ELF file", "GUEST"), "guest.image"),
        (Named("--bootargs", "words the guest finds in its device tree, e.g. keys=4096", "WORDS"), "guest.bootargs"),
        (Named("--cpus", "physical CPUs; a board with fewer nodes' worth keeps its nodes", "N"), "board.cpus"),
        (Named("--nodes", "NUMA nodes", "N"), "board.nodes"),
        (Named("--memory", "machine memory, e.g. 64MiB", "SIZE"), "board.memory"),
        (Named("--engine", "deterministic or parallel", "ENGINE"), "engine.kind"),
        (Named("--threads", "host threads of the parallel engine", "N"), "engine.threads"),
        (Named("--window", "exact, or a number of cycles", "N"), "engine.window"),
        (Named("--fidelity", "coherent or fast", "FIDELITY"), "engine.fidelity"),
        (Named("--seed", "decides the order of concurrent messages", "N"), "engine.seed"),
        (Named("--for", "stop after this much virtual time (2ms) or cycles (800000)", "TIME"), "run.for"),
    ];

    public void AddTo(Command command)
    {
        command.Options.Add(_board);
        command.Options.Add(_config);
        foreach ((Option<string> option, _) in _keys)
        {
            command.Options.Add(option);
        }
        command.Options.Add(_set);
    }

    public Settings Load(ParseResult parsed)
    {
        Dictionary<string, string> values = [];
        foreach ((Option<string> option, string key) in _keys)
        {
            if (parsed.GetValue(option) is { } value)
            {
                values[key] = value;
            }
        }
        foreach (string pair in parsed.GetValue(_set) ?? [])
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw new UserError($"--set {pair}: write KEY=VALUE, for example --set board.nodes=4.");
            }
            values[pair[..equals].Trim()] = pair[(equals + 1)..].Trim();
        }
        // More CPUs than the board has nodes for: one flag should be enough, so nodes follow unless they are set too.
        if (values.TryGetValue("board.cpus", out string? cpus) && !values.ContainsKey("board.nodes"))
        {
            Settings board = Settings.Load(parsed.GetValue(_board), parsed.GetValue(_config), values);
            if (int.TryParse(cpus, out int count) && count is > 0 and <= 64)
            {
                values["board.nodes"] = NodesFor(count, board).ToString(System.Globalization.CultureInfo.InvariantCulture);
            }
        }
        return Settings.Load(parsed.GetValue(_board), parsed.GetValue(_config), values);
    }

    /// <summary>
    /// Keeps the board's CPUs per node where they divide the new count, else one CPU per node.
    /// </summary>
    private static long NodesFor(int cpus, Settings board)
    {
        long nodes = board.Whole("board.nodes", 1, 64);
        if (board.Text("board.topology") == "uma")
        {
            return nodes;
        }
        return cpus % nodes == 0 && cpus > nodes && board.Text("board.name") != "flash-8x1" ? nodes : cpus;
    }

    private static Option<string> Named(string name, string description, string value) =>
        new(name) { Description = description, HelpName = value };
}
