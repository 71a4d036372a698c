using System.Reflection;

namespace Disco.Actors.Cli;

/// <summary>The files that travel inside the program: configuration texts and guest images.</summary>
public static class Embedded
{
    private static readonly Assembly Home = typeof(Embedded).Assembly;

    /// <summary>The files below a folder such as <c>guests/</c>, without folder and extension, in order.</summary>
    public static IEnumerable<string> Names(string folder) =>
        Home.GetManifestResourceNames()
            .Where(name => name.StartsWith(folder, StringComparison.Ordinal))
            .Select(name => Path.GetFileNameWithoutExtension(name[folder.Length..]))
            .Order(StringComparer.Ordinal);

    /// <summary>A file's bytes; null when there is none of that name.</summary>
    public static byte[]? Bytes(string path)
    {
        using Stream? stream = Home.GetManifestResourceStream(path);
        if (stream is null)
        {
            return null;
        }
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    public static string? Text(string path) =>
        Bytes(path) is { } bytes ? System.Text.Encoding.UTF8.GetString(bytes) : null;
}
