using Disco.Actors.Cli.Configuration;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Cli.Tests;

/// <summary>reference.conf is the manual: a key that nothing reads, or that nobody explains, misleads.</summary>
public sealed class ReferenceKeyTests
{
    private static readonly Settings Defaults = Settings.Load(null, null, new Dictionary<string, string>());

    [Fact]
    public void Every_key_is_read_by_the_program()
    {
        string code = string.Concat(Directory
            .EnumerateFiles(Repository.PathOf("src", "Disco.Actors.Cli"), "*.cs", SearchOption.AllDirectories)
            .Select(File.ReadAllText));

        IEnumerable<string> unread = Defaults.All.Select(setting => setting.Key).Where(key => !IsRead(key, code));

        Assert.Empty(unread);
    }

    /// <summary>
    /// Boards and experiments are read as a user's file is, unknown keys refused. What hocon/engines says is Akka's.
    /// </summary>
    [Fact]
    public void Every_file_of_the_project_has_known_keys_only()
    {
        string[] files =
        [
            .. Directory.GetFiles(Repository.PathOf("hocon"), "*.conf", SearchOption.AllDirectories)
                .Where(file => Path.GetFileName(Path.GetDirectoryName(file)) != "engines"),
        ];

        Assert.True(files.Length > 5);
        Assert.All(files, file => Settings.Load(null, file, new Dictionary<string, string>()));
    }

    /// <summary>A comment on the line above, or above the block for the geometry of one cache.</summary>
    [Fact]
    public void Every_key_is_explained_where_it_is_set()
    {
        string[] lines = File.ReadAllLines(Repository.PathOf("hocon", "reference.conf"));

        IEnumerable<string> silent =
            from index in Enumerable.Range(1, lines.Length - 1)
            where lines[index].Contains('=') && !lines[index].TrimStart().StartsWith('#')
            where !lines[index].Contains('{') && !lines[index - 1].TrimStart().StartsWith('#')
            select $"line {index + 1}: {lines[index].Trim()}";

        Assert.Empty(silent);
    }

    // A cache's shape is read by its parts: Shape(settings, "cache.l2") reads ".size", ".ways" and ".line".
    // A virtual machine's keys are read behind its name: key + "guest".
    private static bool IsRead(string key, string code)
    {
        int dot = key.LastIndexOf('.');
        if (key.StartsWith("vm-defaults.", StringComparison.Ordinal))
        {
            return code.Contains($"\"{key[(dot + 1)..]}\"", StringComparison.Ordinal)
                || code.Contains($".{key[(dot + 1)..]}\"", StringComparison.Ordinal);
        }
        return code.Contains($"\"{key}\"", StringComparison.Ordinal)
            || (code.Contains($"\"{key[..dot]}\"", StringComparison.Ordinal)
                && code.Contains($"\"{key[dot..]}\"", StringComparison.Ordinal));
    }
}
