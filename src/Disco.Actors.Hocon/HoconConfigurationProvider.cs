using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Disco.Actors.Hocon;

/// <summary>A HOCON configuration among the sources of Microsoft.Extensions.Configuration.</summary>
public sealed class HoconConfigurationSource(Func<HoconConfig> load) : IConfigurationSource
{
    public IConfigurationProvider Build(IConfigurationBuilder builder) => new HoconConfigurationProvider(load);
}

/// <summary>
/// Keys joined by ':', list items numbered from 0; empty lists and objects leave no key. That library folds case,
/// so keys that differ only in case are an error here, as is a ':' inside a key.
/// </summary>
public sealed class HoconConfigurationProvider(Func<HoconConfig> load) : ConfigurationProvider
{
    private readonly Dictionary<string, HoconOrigin> _originOfKey = new(StringComparer.OrdinalIgnoreCase);

    public override void Load()
    {
        _originOfKey.Clear();
        Data = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        Members(load().Root, "");
    }

    /// <summary>Where the value of a key (joined by ':') was written.</summary>
    public bool TryGetOrigin(string key, out HoconOrigin origin) => _originOfKey.TryGetValue(key, out origin);

    private void Members(HoconObject node, string prefix)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var member in node.Members)
        {
            if (member.Key.Contains(':', StringComparison.Ordinal) || !seen.Add(member.Key))
            {
                throw new HoconException(
                    member.KeyOrigin,
                    $"the key {HoconStrings.ShowKey(member.Key)} holds ':' or differs from another only in case.");
            }

            Put(member.Value, prefix + member.Key);
        }
    }

    private void Put(HoconValue value, string key)
    {
        switch (value)
        {
            case HoconText text:
                Data[key] = text.Text;
                _originOfKey[key] = text.Origin;
                break;
            case HoconObject node:
                Members(node, key + ":");
                break;
            case HoconList list:
                for (var index = 0; index < list.Items.Count; index++)
                {
                    Put(list.Items[index], key + ":" + index.ToString(CultureInfo.InvariantCulture));
                }

                break;
        }
    }
}

public static class HoconConfigurationExtensions
{
    /// <summary>Adds a file; includes are relative to the including file. Errors: HoconException on Build.</summary>
    public static IConfigurationBuilder AddHoconFile(this IConfigurationBuilder builder, string path)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new HoconConfigurationSource(() => HoconFiles.Load(path)));
    }

    public static IConfigurationBuilder AddHoconText(
        this IConfigurationBuilder builder, string text, string name, HoconIncludeResolver? includeResolver = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new HoconConfigurationSource(() => HoconConfig.Parse(text, name, includeResolver)));
    }
}
