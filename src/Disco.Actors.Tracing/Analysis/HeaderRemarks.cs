using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Analysis;

/// <summary>What two recordings' headers have different.</summary>
internal static class HeaderRemarks
{
    public static IReadOnlyList<string> Of(TraceReader first, TraceReader second)
    {
        TraceHeader a = first.Header;
        TraceHeader b = second.Header;
        List<string> remarks = [];
        Add(remarks, "build", a.Build, b.Build);
        Add(remarks, "engine", a.Engine, b.Engine);
        Add(remarks, "level", a.Level.ToString(), b.Level.ToString());
        Add(remarks, "seed", $"{a.Seed}", $"{b.Seed}");
        Add(remarks, "actors", $"{a.Actors.Count}", $"{b.Actors.Count}");
        foreach (string key in a.Settings.Keys.Union(b.Settings.Keys).Order(StringComparer.Ordinal))
        {
            Add(remarks, key, a.Settings.GetValueOrDefault(key), b.Settings.GetValueOrDefault(key));
        }
        for (int i = 0; i < Math.Max(a.Inputs.Count, b.Inputs.Count); i++)
        {
            Add(remarks, $"input {i}", Text(a, i), Text(b, i));
        }
        return remarks;
    }

    private static string? Text(TraceHeader header, int input) => input < header.Inputs.Count
        ? $"{header.Inputs[input].Name} SHA-256 {header.Inputs[input].Sha256}"
        : null;

    private static void Add(List<string> remarks, string what, string? first, string? second)
    {
        if (first != second)
        {
            remarks.Add($"{what}: {first ?? "(absent)"} and {second ?? "(absent)"}");
        }
    }
}
