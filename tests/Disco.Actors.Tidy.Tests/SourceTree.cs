using Disco.Actors.TestKit;

namespace Disco.Actors.Tidy.Tests;

/// <summary>The repository's text files, but not what a build leaves there.</summary>
internal static class SourceTree
{
    private static readonly string[] Skipped = ["bin", "obj", ".git", "TestResults", "BenchmarkDotNet.Artifacts"];

    public static string Root => Repository.Root;

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
}
