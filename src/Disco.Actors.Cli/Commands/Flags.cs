using System.CommandLine;
using System.Globalization;
using Disco.Actors.Cli.Configuration;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Vmm.Boards;

namespace Disco.Actors.Cli.Commands;

/// <summary>
/// The options that say which machine runs what. Each that is given sets one key of the configuration, so that a flag,
/// a file and an environment variable mean the same.
/// </summary>
internal sealed class Flags
{
    /// <summary>Without a guest, a virtual machine or a file of the user's, the default experiment runs.</summary>
    private const string DefaultExperiment = "default";

    private readonly Option<string> _board = new("--board", "-b")
    {
        Description = "a board by name (disco machines) or a .conf file",
        HelpName = "BOARD",
    };

    private readonly Option<string> _config = new("--config", "-c")
    {
        Description = $"an experiment by name ({string.Join(", ", Embedded.Names(Settings.Experiments))}), or a "
            + "configuration file that overrides the board's",
        HelpName = "EXPERIMENT",
    };

    private readonly Option<string[]> _set = new("--set", "-s")
    {
        Description = "set any key, e.g. --set latency.transit='600 ns'; may be repeated",
        HelpName = "KEY=VALUE",
    };

    private readonly Option<string[]> _machines = new("--vm")
    {
        Description = "a virtual machine under the monitor, e.g. --vm web=hello,vcpus=2,memory=8MiB,nodes=0-1; "
            + "a value with commas stands in double quotes; may be repeated",
        HelpName = "NAME[=GUEST][,KEY=VALUE...]",
    };

    private readonly List<(Option<string> Option, string Key)> _keys =
    [
        (Named("--guest", "a guest by name (disco guests), or the path of a MIPS ELF file or a guest.conf", "GUEST"),
            "guest.image"),
        (Named("--bootargs", "words the guest finds in its device tree, e.g. keys=4096", "WORDS"), "guest.bootargs"),
        (Named("--disk", "a raw disk image for the block device; never written", "FILE"), "guest.disk"),
        (Named("--script", "what is typed at the console, and what is expected there", "FILE"), "guest.script"),
        (Named("--cpus", "physical CPUs; nodes follow, with as many CPUs each as on the board", "N"), "board.cpus"),
        (Named("--nodes", "NUMA nodes", "N"), "board.nodes"),
        (Named("--memory", "machine memory, e.g. 64MiB", "SIZE"), "board.memory"),
        (Named("--engine", "deterministic, parallel or, where built in, akka", "ENGINE"), "engine.kind"),
        (Named("--threads", "host threads of the parallel and the Akka engine", "N"), "engine.threads"),
        (Named("--window", "exact, or a number of cycles", "N"), "engine.window"),
        (Named("--fidelity", "coherent or fast", "FIDELITY"), "engine.fidelity"),
        (Named("--seed", "decides the order of concurrent messages", "N"), "engine.seed"),
        (Named("--keys", "type this at the keyboard (^M is return); Ctrl-A n, ^An, goes to the next machine", "TEXT"),
            "run.keys"),
        (Named("--lose", "lose these nodes after so many cycles or so much time (2-3@1500000, 2-3@2ms)", "NODES@TIME"),
            "run.lose"),
        (Named("--for", "stop after this much virtual time (2ms) or cycles (800000)", "TIME"), "run.for"),
    ];

    private readonly Option<string[]> _forwards = new("--forward")
    {
        Description = "a port of this computer's loopback interface that leads to a virtual machine with virtio "
            + "devices, which has the address 10.0.0.1 for the first, and so on; may be repeated",
        HelpName = "[127.0.0.1:]PORT=VM:PORT",
    };

    private readonly Option<bool> _serialise = new("--serialise-messages")
    {
        Description = "hand every message over as bytes, as between hosts; the result is the same",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_board);
        command.Options.Add(_config);
        foreach ((Option<string> option, _) in _keys)
        {
            command.Options.Add(option);
        }
        command.Options.Add(_serialise);
        command.Options.Add(_machines);
        command.Options.Add(_forwards);
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
        if (parsed.GetValue(_serialise))
        {
            values["engine.serialise-messages"] = "on";
        }
        foreach (string machine in parsed.GetValue(_machines) ?? [])
        {
            AddMachine(machine, values);
        }
        if (parsed.GetValue(_forwards) is { Length: > 0 } forwards)
        {
            values["gateway.forward"] = string.Join(';', forwards);
        }
        AddPairs(parsed.GetValue(_set) ?? [], values);
        string? board = parsed.GetValue(_board);
        string? config = parsed.GetValue(_config);
        bool names = values.ContainsKey("guest.image")
            || values.Keys.Any(key => key.StartsWith("vm.", StringComparison.Ordinal));
        if (config is null && !names && (board is null || Embedded.Text($"{Settings.Boards}{board}.conf") is not null))
        {
            config = DefaultExperiment;
        }
        if (values.ContainsKey("board.cpus") && !values.ContainsKey("board.nodes"))
        {
            values["board.nodes"] = NodesFor(board, config, values);
        }
        AddMemory(board, config, values);
        AddMemoryOfMachines(board, config, values);
        return Settings.Load(board, config, values);
    }

    /// <summary>A guest with a description gets the memory it needs, when nobody says otherwise.</summary>
    private static void AddMemory(string? board, string? config, Dictionary<string, string> values)
    {
        if (values.ContainsKey("board.memory")
            || !values.TryGetValue("guest.image", out string? guest)
            || GuestDescription.Find(guest) is not { } description)
        {
            return;
        }
        if (Settings.Load(board, config, values).Bytes("board.memory") < description.MemoryBytes)
        {
            values["board.memory"] = description.MemoryBytes.ToString(CultureInfo.InvariantCulture);
        }
    }

    /// <summary>
    /// The same for virtual machines that the user names; a machine that would then have less memory than all of them
    /// gets as much, when nobody says otherwise.
    /// </summary>
    private static void AddMemoryOfMachines(string? board, string? config, Dictionary<string, string> values)
    {
        const long stepBytes = 64 << 20;
        string[] guests = [.. values.Keys.Where(key => key.StartsWith("vm.", StringComparison.Ordinal)
            && key.EndsWith(".guest", StringComparison.Ordinal))];
        bool anyDescribed = false;
        foreach (string key in guests)
        {
            string memory = key[..^"guest".Length] + "memory";
            if (GuestDescription.Find(values[key]) is { } description)
            {
                anyDescribed = true;
                values.TryAdd(memory, description.MemoryBytes.ToString(CultureInfo.InvariantCulture));
            }
        }
        if (!anyDescribed || values.ContainsKey("board.memory"))
        {
            return;
        }
        Settings settings = Settings.Load(board, config, values);
        long wanted = settings.VirtualMachines.Sum(machine =>
            settings.Bytes($"vm.{machine}.memory") * settings.Whole($"vm.{machine}.count", 1, DiscoConfig.VmsMax));
        long bytes = Math.Min((wanted / stepBytes + 1) * stepBytes, (long)BoardAddresses.MemoryEnd);
        if (settings.Bytes("board.memory") < bytes)
        {
            values["board.memory"] = bytes.ToString(CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Takes in what <c>--set</c> says. Errors: <see cref="UserError"/>.</summary>
    public static void AddPairs(IEnumerable<string> pairs, Dictionary<string, string> values)
    {
        foreach (string pair in pairs)
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw new UserError($"--set {pair}: write KEY=VALUE, for example --set board.nodes=4.");
            }
            values[pair[..equals].Trim()] = Unquoted(pair[(equals + 1)..].Trim());
        }
    }

    // As in a .conf file a value may stand in double quotes.
    private static string Unquoted(string value) =>
        value.Length >= 2 && value[0] == '"' && value[^1] == '"' ? value[1..^1] : value;

    /// <summary>NAME alone runs the guest of that name; after the commas come keys below <c>vm.NAME</c>.</summary>
    private static void AddMachine(string machine, Dictionary<string, string> values)
    {
        string[] parts = PartsOf(machine);
        string[] first = parts[0].Split('=', 2, StringSplitOptions.TrimEntries);
        string name = first[0];
        if (name.Length == 0 || !name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
        {
            throw new UserError($"--vm {machine}: a virtual machine's name is lower-case letters, digits and dashes.");
        }
        values[$"vm.{name}.guest"] = first.Length > 1 ? first[1] : name;
        foreach (string part in parts.Skip(1))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw new UserError($"--vm {machine}: '{part}' is not KEY=VALUE, for example vcpus=2.");
            }
            values[$"vm.{name}.{part[..equals].Trim()}"] = part[(equals + 1)..].Trim();
        }
    }

    /// <summary>Commas separate but within double quotes, which are left out.</summary>
    private static string[] PartsOf(string machine)
    {
        List<string> parts = [""];
        bool isQuoted = false;
        foreach (char sign in machine)
        {
            if (sign == '"')
            {
                isQuoted = !isQuoted;
            }
            else if (sign == ',' && !isQuoted)
            {
                parts.Add("");
            }
            else
            {
                parts[^1] += sign;
            }
        }
        return isQuoted
            ? throw new UserError($"--vm {machine}: a double quote has no second one.")
            : [.. parts.Select(part => part.Trim())];
    }

    /// <summary>
    /// One flag is enough for another machine size: <c>--cpus</c> alone keeps the board's CPUs per node.
    /// </summary>
    public static string NodesFor(string? boardName, string? config, Dictionary<string, string> values)
    {
        Dictionary<string, string> others = new(values);
        others.Remove("board.cpus");
        Settings board = Settings.Load(boardName, config, others);
        long nodes = board.Whole("board.nodes", 1, 64);
        long perNode = Math.Max(1, board.Whole("board.cpus", 1, 64) / nodes);
        bool valid = long.TryParse(values["board.cpus"], out long cpus) && cpus >= perNode && cpus % perNode == 0;
        return (valid && board.Text("board.topology") != "uma" ? cpus / perNode : nodes)
            .ToString(CultureInfo.InvariantCulture);
    }

    private static Option<string> Named(string name, string description, string value) =>
        new(name) { Description = description, HelpName = value };
}
