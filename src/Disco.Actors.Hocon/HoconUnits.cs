using System.Globalization;

namespace Disco.Actors.Hocon;

/// <summary>Numbers with units: durations in nanoseconds, sizes in bytes (HOCON, "Units format").</summary>
public static class HoconUnits
{
    private static readonly Dictionary<string, decimal> NanosecondsOfUnit = new(StringComparer.Ordinal)
    {
        ["ns"] = 1m,
        ["us"] = 1_000m,
        ["ms"] = 1_000_000m,
        ["s"] = 1_000_000_000m,
        ["m"] = 60_000_000_000m,
        ["h"] = 3_600_000_000_000m,
    };

    // Powers of two but for the kB, MB, GB, TB of the storage trade, as HOCON has it.
    private static readonly Dictionary<string, decimal> BytesOfUnit = new(StringComparer.Ordinal)
    {
        [""] = 1m,
        ["B"] = 1m,
        ["K"] = 1L << 10,
        ["k"] = 1L << 10,
        ["KiB"] = 1L << 10,
        ["kB"] = 1_000m,
        ["M"] = 1L << 20,
        ["MiB"] = 1L << 20,
        ["MB"] = 1_000_000m,
        ["G"] = 1L << 30,
        ["GiB"] = 1L << 30,
        ["GB"] = 1_000_000_000m,
        ["T"] = 1L << 40,
        ["TiB"] = 1L << 40,
        ["TB"] = 1_000_000_000_000m,
    };

    /// <summary>Null when the text is no duration. A bare number has no unit and is none, except 0.</summary>
    public static decimal? Duration(string text) => text.Trim() == "0" ? 0 : Scaled(text, NanosecondsOfUnit);

    public static decimal? Size(string text) => Scaled(text, BytesOfUnit);

    public static long? Whole(decimal? value) =>
        value is { } v && v == decimal.Truncate(v) && v is >= long.MinValue and <= long.MaxValue ? (long)v : null;

    /// <summary>Decimal or 0x hexadecimal; null when it is no whole number of 64 bits.</summary>
    public static long? Integer(string text)
    {
        text = text.Trim();
        return text.StartsWith("0x", StringComparison.Ordinal)
            ? long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex)
                ? hex : null
            : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
                ? value : null;
    }

    private static decimal? Scaled(string text, Dictionary<string, decimal> scaleOfUnit)
    {
        text = text.Trim();
        var digits = 0;
        while (digits < text.Length && (char.IsAsciiDigit(text[digits]) || text[digits] is '.' or '-' or '+'))
        {
            digits++;
        }

        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        if (!decimal.TryParse(text.AsSpan(0, digits), Style, CultureInfo.InvariantCulture, out var number)
            || !scaleOfUnit.TryGetValue(text[digits..].Trim(), out var scale)
            || Math.Abs(number) > 1_000_000_000_000_000m)
        {
            return null;
        }

        return number * scale;
    }
}
