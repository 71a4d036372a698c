namespace Disco.Actors.Hocon;

/// <summary>A text and the name that its errors and origins carry.</summary>
public sealed record HoconSource(string Name, string Text);

/// <summary>
/// Finds the text of `include "included"` written in the source named <paramref name="includingName"/>;
/// null when there is none, which is an error at the include.
/// </summary>
public delegate HoconSource? HoconIncludeResolver(string included, string includingName);

/// <summary>Includes from the file system, relative to the including file.</summary>
public static class HoconFiles
{
    /// <summary>Errors: HoconException when the file cannot be read or does not parse.</summary>
    public static HoconConfig Load(string path, HoconConfig? fallback = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        var source = Read(path)
            ?? throw new HoconException(new HoconOrigin(path, 1, 1), "the file cannot be read; check its name.");
        return HoconConfig.Parse(source.Text, source.Name, Include, fallback);
    }

    public static HoconSource? Include(string included, string includingName)
    {
        var folder = Path.GetDirectoryName(includingName) ?? "";
        return Read(Path.Combine(folder, included));
    }

    private static HoconSource? Read(string path)
    {
        try
        {
            return new HoconSource(path, File.ReadAllText(path));
        }
        catch (Exception e) when (
            e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }
}
