using Disco.Actors.Hocon;
using Microsoft.Extensions.Configuration;

namespace Disco.Actors.Cli.Configuration;

/// <summary>One key of the effective configuration, its value, and who set it.</summary>
public sealed record Setting(string Key, string Value, string Origin);

/// <summary>
/// The effective configuration: reference.conf, then the board's file, then the user's file, then environment
/// variables, then flags; each overrides what comes before. Reads are typed, and a value that does not fit is a
/// sentence with the key, the value and where it was set.
/// </summary>
public sealed class Settings
{
    public const string Reference = "hocon/reference.conf";
    public const string Boards = "hocon/boards/";
    public const string Experiments = "hocon/experiments/";
    public const string EnvironmentPrefix = "DISCO__";

    private const string Machines = "vm.";
    private const string MachineDefaults = "vm-defaults.";

    private readonly IReadOnlyList<(string Origin, IConfigurationProvider Provider)> _layers;
    private readonly string[] _known;

    private Settings(IReadOnlyList<(string, IConfigurationProvider)> layers)
    {
        _layers = layers;
        _known = [.. KeysOf(layers[0].Item2).Order(StringComparer.Ordinal)];
        VirtualMachines = [.. layers.SelectMany(layer => KeysOf(layer.Item2)).Select(MachineOf).OfType<string>()
            .Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary>Every key in order; a virtual machine has all keys of <c>vm-defaults</c>.</summary>
    public IEnumerable<Setting> All => _known.Concat(VirtualMachines.SelectMany(KeysOfMachine)).Select(Find);

    /// <summary>The names that have keys below <c>vm</c>, in order.</summary>
    public IReadOnlyList<string> VirtualMachines { get; }

    /// <param name="board">An embedded board's name or a file's path; null for the default machine.</param>
    /// <param name="file">An embedded experiment's name or a further configuration file; null for none.</param>
    /// <param name="flags">Keys without the leading <c>disco.</c>, with values as written.</param>
    public static Settings Load(string? board, string? file, IReadOnlyDictionary<string, string> flags)
    {
        List<(string, IConfigurationProvider)> layers = [Hocon(Reference, Embedded.Text(Reference)!)];
        if (board is not null)
        {
            layers.Add(Board(board));
        }
        if (file is not null)
        {
            layers.Add(Configuration(file));
        }
        layers.Add(("environment", new EnvironmentLayer(Environment.GetEnvironmentVariables())));
        layers.Add(("command line", new FlagLayer(flags)));
        Settings settings = new(layers);
        settings.RefuseUnknownKeys();
        return settings;
    }

    /// <summary>A recorded configuration, and another board over it.</summary>
    /// <param name="recorded">Every key of it.</param>
    /// <param name="board">An embedded board's name or a file's path, which may set any key.</param>
    public static Settings LoadOver(IReadOnlyDictionary<string, string> recorded, string board)
    {
        Settings settings = new(
            [Hocon(Reference, Embedded.Text(Reference)!), ("recording", new FlagLayer(recorded)), Board(board)]);
        settings.RefuseUnknownKeys();
        return settings;
    }

    public string Text(string key) => Find(key).Value;

    /// <summary>A whole number within bounds.</summary>
    public long Whole(string key, long min, long max)
    {
        Setting setting = Find(key);
        string digits = setting.Value.Replace("_", "", StringComparison.Ordinal);
        return long.TryParse(digits, out long value) && value >= min && value <= max
            ? value
            : throw Misfit(setting, $"a whole number from {min} to {max}");
    }

    public double Nanoseconds(string key)
    {
        Setting setting = Find(key);
        return HoconUnits.Duration(setting.Value) is { } nanoseconds and >= 0
            ? (double)nanoseconds
            : throw Misfit(setting, "a length of time such as 300 ns or 2 ms");
    }

    /// <summary>A span of the host's time.</summary>
    public TimeSpan HostTime(string key) => TimeSpan.FromMilliseconds(Nanoseconds(key) / 1e6);

    /// <summary>A length of time as cycles of a clock, at least 1.</summary>
    public long Cycles(string key, long clockHz) => (long)Math.Max(1, Math.Round(Nanoseconds(key) * clockHz / 1e9));

    public long Bytes(string key)
    {
        Setting setting = Find(key);
        return HoconUnits.Whole(HoconUnits.Size(setting.Value)) is { } bytes and >= 0
            ? bytes
            : throw Misfit(setting, "a size such as 64 KiB or 1 MiB");
    }

    /// <summary>One of a few words.</summary>
    public string OneOf(string key, params string[] words)
    {
        Setting setting = Find(key);
        return words.Contains(setting.Value, StringComparer.Ordinal)
            ? setting.Value
            : throw Misfit(setting, $"one of {string.Join(", ", words)}");
    }

    public bool OnOrOff(string key) => OneOf(key, "on", "off") == "on";

    /// <summary>A member of an enum by its name, in lower case and with dashes between words.</summary>
    public T Word<T>(string key)
        where T : struct, Enum
    {
        string[] words = [.. Enum.GetNames<T>().Select(Dashed)];
        return Enum.GetValues<T>()[Array.IndexOf(words, OneOf(key, words))];
    }

    public UserError Misfit(string key, string wanted) => Misfit(Find(key), wanted);

    /// <summary>An embedded board by name, else a file.</summary>
    private static (string, IConfigurationProvider) Board(string board)
    {
        string embedded = $"{Boards}{board}.conf";
        if (Embedded.Text(embedded) is { } text)
        {
            return Hocon(embedded, text);
        }
        if (File.Exists(board))
        {
            return Hocon(board, ReadFile(board, "board"));
        }
        string hint = UserError.DidYouMean(board, Embedded.Names(Boards));
        throw new UserError($"There is no board '{board}' and no such file.{hint} 'disco machines' lists the boards.");
    }

    /// <summary>An embedded experiment by name, else a file.</summary>
    private static (string, IConfigurationProvider) Configuration(string file)
    {
        string embedded = $"{Experiments}{file}.conf";
        return Embedded.Text(embedded) is { } text
            ? Hocon(embedded, text)
            : Hocon(file, ReadFile(file, "configuration"));
    }

    private static (string, IConfigurationProvider) Hocon(string name, string text)
    {
        HoconConfigurationProvider provider = new(() => HoconConfig.Parse(text, name, Include));
        provider.Load();
        return (name, provider);
    }

    /// <summary>Includes are looked for beside the including file, then among the embedded ones.</summary>
    private static HoconSource? Include(string included, string includingName)
    {
        string path = Path.Combine(Path.GetDirectoryName(includingName) ?? "", included).Replace('\\', '/');
        return HoconFiles.Include(included, includingName)
            ?? (Embedded.Text(path) is { } text ? new HoconSource(path, text) : null);
    }

    private static string ReadFile(string path, string what)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"The {what} file '{path}' cannot be read: {e.Message}");
        }
    }

    private Setting Find(string key)
    {
        string path = PathOf(key);
        for (int i = _layers.Count - 1; i >= 0; i--)
        {
            (string origin, IConfigurationProvider provider) = _layers[i];
            if (provider.TryGet(path, out string? value))
            {
                return new Setting(key, value ?? "", Where(origin, provider, path));
            }
        }
        return MachineOf(key) is { } machine
            ? Find(MachineDefaults + key[(Machines.Length + machine.Length + 1)..]) with { Key = key }
            : throw new InvalidOperationException($"{Reference} lacks {key}");
    }

    /// <summary>The NAME of <c>vm.NAME.key</c>, null for other keys.</summary>
    private static string? MachineOf(string key)
    {
        int end = key.StartsWith(Machines, StringComparison.Ordinal)
            ? key.IndexOf('.', Machines.Length)
            : -1;
        return end > Machines.Length ? key[Machines.Length..end] : null;
    }

    private IEnumerable<string> KeysOfMachine(string machine) => _known
        .Where(key => key.StartsWith(MachineDefaults, StringComparison.Ordinal))
        .Select(key => $"{Machines}{machine}.{key[MachineDefaults.Length..]}");

    private static string Where(string origin, IConfigurationProvider provider, string path) =>
        provider is HoconConfigurationProvider hocon && hocon.TryGetOrigin(path, out HoconOrigin place)
            ? place.ToString()
            : origin;

    private void RefuseUnknownKeys()
    {
        foreach ((string origin, IConfigurationProvider provider) in _layers.Skip(1))
        {
            foreach (string key in KeysOf(provider))
            {
                string[] known = MachineOf(key) is { } machine ? [.. KeysOfMachine(machine)] : _known;
                if (!known.Contains(key, StringComparer.Ordinal))
                {
                    string where = Where(origin, provider, PathOf(key));
                    string hint = UserError.DidYouMean(key, known);
                    throw new UserError($"{where}: there is no key '{key}'.{hint} 'disco config' lists all keys.");
                }
            }
        }
    }

    private static string PathOf(string key) => "disco:" + key.Replace('.', ':');

    /// <summary>
    /// The dotted keys below <c>disco</c> that a layer sets; others are left as the layer wrote them.
    /// </summary>
    private static IEnumerable<string> KeysOf(IConfigurationProvider provider) =>
        Leaves(provider, null).Select(path =>
            (path.StartsWith("disco:", StringComparison.Ordinal) ? path["disco:".Length..] : path).Replace(':', '.'));

    private static IEnumerable<string> Leaves(IConfigurationProvider provider, string? parent)
    {
        foreach (string child in provider.GetChildKeys([], parent).Distinct(StringComparer.Ordinal))
        {
            string path = parent is null ? child : parent + ":" + child;
            bool any = false;
            foreach (string leaf in Leaves(provider, path))
            {
                any = true;
                yield return leaf;
            }
            if (!any)
            {
                yield return path;
            }
        }
    }

#pragma warning disable CA1308 // Keys and words of the configuration are lower case.
    private static string Dashed(string name) => string.Concat(
        name.Select((c, at) => at > 0 && char.IsUpper(c) ? "-" + c : c.ToString())).ToLowerInvariant();
#pragma warning restore CA1308

    private static UserError Misfit(Setting setting, string wanted) =>
        new($"{setting.Origin}: disco.{setting.Key} = '{setting.Value}' is not {wanted}.");
}
