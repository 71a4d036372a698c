using System.Collections;
using Microsoft.Extensions.Configuration;

namespace Disco.Actors.Cli.Configuration;

/// <summary>Keys set by flags, given without the leading <c>disco.</c>.</summary>
internal sealed class FlagLayer : ConfigurationProvider
{
    public FlagLayer(IReadOnlyDictionary<string, string> flags)
    {
        foreach ((string key, string value) in flags)
        {
            string dotted = key.StartsWith("disco.", StringComparison.Ordinal) ? key["disco.".Length..] : key;
            Set("disco:" + dotted.Replace('.', ':'), value);
        }
    }
}

/// <summary>
/// Keys set by environment variables: <c>DISCO__BOARD__NODES</c> is <c>disco.board.nodes</c>; a dash in a key is a
/// single underscore there.
/// </summary>
internal sealed class EnvironmentLayer : ConfigurationProvider
{
    public EnvironmentLayer(IDictionary variables)
    {
        foreach (DictionaryEntry variable in variables)
        {
            string name = (string)variable.Key;
            if (name.StartsWith(Settings.EnvironmentPrefix, StringComparison.Ordinal))
            {
#pragma warning disable CA1308 // Keys are written in lower case.
                string key = name.Replace("__", ":", StringComparison.Ordinal).Replace('_', '-').ToLowerInvariant();
#pragma warning restore CA1308
                Set(key, (string?)variable.Value);
            }
        }
    }
}
