namespace Disco.Actors.Verification.Litmus;

/// <summary>The tests of the folder <c>litmus</c>, which travel with the program.</summary>
public static class LitmusLibrary
{
    private const string Prefix = "litmus/";

    /// <summary>Their names, sorted.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        .. typeof(LitmusLibrary).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(name => name[Prefix.Length..]).Order(StringComparer.Ordinal),
    ];

    /// <summary>The text of a test; null when there is none of the name.</summary>
    public static string? TextOf(string name)
    {
        using Stream? stream = typeof(LitmusLibrary).Assembly.GetManifestResourceStream(Prefix + name);
        if (stream is null)
        {
            return null;
        }
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }

    public static LitmusTest Read(string name) => LitmusParser.Parse(name, TextOf(name)!);
}
