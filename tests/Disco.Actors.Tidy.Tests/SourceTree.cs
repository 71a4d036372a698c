using System.Runtime.CompilerServices;

namespace Disco.Actors.Tidy.Tests;

/// <summary>The repository's text files, found from this file's own place in it.</summary>
internal static class SourceTree
{
    private static readonly string[] Skipped = ["bin", "obj", ".git", "TestResults", "BenchmarkDotNet.Artifacts"];

    public static string Root { get; } = FindRoot();

    public static IEnumerable<string> Files(string pattern, params string[] under)
    {
        IEnumerable<string> starts = under.Length == 0 ? [Root] : under.Select(part => Path.Combine(Root, part));
        return starts.Where(Directory.Exists).SelectMany(start => Walk(start, pattern)).Order(StringComparer.Ordinal);
    }

    public static string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    private static IEnumerable<string> Walk(string folder, string pattern)
    {
        foreach (string file in Directory.EnumerateFiles(folder, pattern))
        {
            yield return file;
        }
        foreach (string child in Directory.EnumerateDirectories(folder))
        {
            if (!Skipped.Contains(Path.GetFileName(child)))
            {
                foreach (string file in Walk(child, pattern))
                {
                    yield return file;
                }
            }
        }
    }

    private static string FindRoot([CallerFilePath] string here = "")
    {
        DirectoryInfo? folder = new FileInfo(here).Directory;
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Disco.Actors.sln")))
        {
            folder = folder.Parent;
        }
        return folder?.FullName ?? throw new DirectoryNotFoundException("Disco.Actors.sln is in no parent folder.");
    }
}
