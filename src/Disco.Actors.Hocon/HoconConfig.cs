using System.Globalization;

namespace Disco.Actors.Hocon;

/// <summary>
/// A resolved configuration. Paths are dotted (`machine.nodes`), with quotes where a key needs them. Getters throw
/// HoconException, at the value's origin when it has the wrong form, at the start of the text when it is missing.
/// </summary>
public sealed class HoconConfig
{
    private readonly string _name;

    private HoconConfig(HoconObject root, string name)
    {
        Root = root;
        _name = name;
    }

    public HoconObject Root { get; }

    /// <summary>
    /// Reads a text; <paramref name="name"/> is what positions call it. With a fallback, its values serve
    /// substitutions and `+=` that this text does not define, and the result is this text over the fallback.
    /// Errors: HoconException.
    /// </summary>
    public static HoconConfig Parse(
        string text, string name, HoconIncludeResolver? includeResolver = null, HoconConfig? fallback = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(name);
        var root = HoconParser.Parse(text, name, includeResolver);
        var config = new HoconConfig(new HoconResolver(root, fallback?.Root).Resolve(), name);
        return fallback is null ? config : config.WithFallback(fallback);
    }

    /// <summary>This configuration where it has a value, the fallback elsewhere; objects merge key by key.</summary>
    public HoconConfig WithFallback(HoconConfig fallback)
    {
        ArgumentNullException.ThrowIfNull(fallback);
        return new HoconConfig((HoconObject)HoconObject.Merge(fallback.Root, Root), _name);
    }

    public HoconValue? Find(string path) => HoconObject.Find(Root, HoconStrings.ParsePath(path));

    public bool Has(string path) => Find(path) is not null;

    /// <summary>File and line of a value. Errors: missing.</summary>
    public HoconOrigin GetOrigin(string path) => Get(path).Origin;

    public string GetString(string path) => GetText(path).Text;

    public int GetInt(string path)
    {
        var value = GetLong(path);
        return value is >= int.MinValue and <= int.MaxValue
            ? (int)value : throw Wrong(path, "a whole number of 32 bits");
    }

    /// <summary>Decimal, or hexadecimal with 0x.</summary>
    public long GetLong(string path) =>
        HoconUnits.Integer(GetString(path)) ?? throw Wrong(path, "a whole number");

    public double GetDouble(string path) =>
        double.TryParse(GetString(path), NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
        && double.IsFinite(value) ? value : throw Wrong(path, "a number");

    public bool GetBool(string path) => GetString(path) switch
    {
        "true" or "yes" or "on" => true,
        "false" or "no" or "off" => false,
        _ => throw Wrong(path, "true or false"),
    };

    /// <summary>Whole nanoseconds. Units: ns us ms s m h.</summary>
    public long GetDuration(string path) =>
        HoconUnits.Whole(HoconUnits.Duration(GetString(path)))
        ?? throw Wrong(path, "a duration of whole nanoseconds such as 300 ns, 10 us, 4 ms, 2 s or 1 m");

    /// <summary>Nanoseconds, fractions allowed (`2.5 ns`).</summary>
    public double GetFractionalDuration(string path) =>
        (double)(HoconUnits.Duration(GetString(path))
        ?? throw Wrong(path, "a duration such as 2.5 ns, 10 us, 4 ms, 2 s or 1 m"));

    /// <summary>Bytes. Units: B, K KiB M MiB G GiB T TiB (powers of 1024), kB MB GB TB (powers of 1000).</summary>
    public long GetSize(string path) =>
        HoconUnits.Whole(HoconUnits.Size(GetString(path))) is >= 0 and { } bytes
            ? bytes : throw Wrong(path, "a size such as 512, 32 KiB, 64 MiB or 1 GiB");

    public IReadOnlyList<HoconValue> GetList(string path) =>
        Get(path) is HoconList list ? list.Items : throw Wrong(path, "a list");

    public IReadOnlyList<string> GetStringList(string path) =>
        [.. GetList(path).Select(item => (item as HoconText)?.Text
            ?? throw new HoconException(item.Origin, $"an item of {path} must be text, not {item.Noun}."))];

    /// <summary>Keys of an object in the order first written.</summary>
    public IReadOnlyList<string> GetObjectKeys(string path) =>
        Get(path) is HoconObject node ? [.. node.Members.Select(m => m.Key)] : throw Wrong(path, "an object");

    /// <summary>The object at a path as a configuration of its own.</summary>
    public HoconConfig GetConfig(string path) =>
        Get(path) is HoconObject node ? new HoconConfig(node, _name) : throw Wrong(path, "an object");

    /// <summary>
    /// Throws at the first key that the reference does not have, with the nearest known key. Below an empty
    /// object of the reference any key is allowed.
    /// </summary>
    public void RejectUnknownKeys(HoconConfig reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        RejectUnknownKeys(Root, reference.Root, "");
    }

    /// <summary>Canonical text: one `key = value` or `key { ... }` a line. Parsing it gives the same values.</summary>
    public string Render() => HoconRenderer.Render(Root);

    private static void RejectUnknownKeys(HoconObject node, HoconObject reference, string prefix)
    {
        foreach (var member in node.Members)
        {
            if (!reference.TryGet(member.Key, out var known))
            {
                var nearest = HoconKeys.Suggest(member.Key, reference.Members.Select(m => m.Key));
                var hint = nearest is null ? "" : $"; did you mean {prefix}{HoconStrings.ShowKey(nearest)}?";
                var key = prefix + HoconStrings.ShowKey(member.Key);
                throw new HoconException(member.KeyOrigin, $"the key {key} is unknown{(hint.Length > 0 ? hint : ".")}");
            }

            if (member.Value is HoconObject inner && known is HoconObject { Members.Count: > 0 } innerReference)
            {
                RejectUnknownKeys(inner, innerReference, prefix + HoconStrings.ShowKey(member.Key) + ".");
            }
        }
    }

    private HoconValue Get(string path) =>
        Find(path) ?? throw new HoconException(new HoconOrigin(_name, 1, 1), $"the key {path} is missing.");

    private HoconText GetText(string path) => Get(path) as HoconText ?? throw Wrong(path, "text");

    private HoconException Wrong(string path, string expected)
    {
        var value = Get(path);
        var shown = value is HoconText text ? $"'{text.Text}'" : value.Noun;
        return new HoconException(value.Origin, $"{path} must be {expected}, not {shown}.");
    }
}
