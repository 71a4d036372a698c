using Xunit;

namespace Disco.Actors.Tidy.Tests;

/// <summary>The style that a compiler does not check.</summary>
public sealed class SourceTests
{
    private const int LineColumnsMax = 120;
    private const int FileLinesMax = 450;

    /// <summary>Files of tables, where a row is a line and a line may be long.</summary>
    private static readonly string[] Tables =
        ["InstructionTable.cs", "OpTable.cs", "Op.cs", "Handlers.cs", "MutantCatalogue.cs"];

    private static readonly (string Word, string Instead)[] Banned =
    [
        ("TO" + "DO", "finish it, or file an issue"),
        ("FIX" + "ME", "finish it, or file an issue"),
        ("HA" + "CK", "say why the code must be so"),
        ("#reg" + "ion", "split the file"),
        ("Thread.Sl" + "eep", "wait for an event"),
        ("Debug.Ass" + "ert(true", "assert something"),
    ];

    [Fact]
    public void Lines_fit_the_page()
    {
        IEnumerable<string> long_ = from file in CodeFiles()
                                    from line in File.ReadLines(file).Select((text, index) => (text, index))
                                    where line.text.Length > LineColumnsMax
                                    select $"{SourceTree.Relative(file)}:{line.index + 1}: {line.text.Length} columns";

        Assert.Empty(long_);
    }

    [Fact]
    public void Files_hold_one_concept()
    {
        IEnumerable<string> big = from file in CodeFiles()
                                  let lines = File.ReadLines(file).Count()
                                  where lines > FileLinesMax
                                  select $"{SourceTree.Relative(file)} has {lines} lines; split it by concept";

        Assert.Empty(big);
    }

    [Fact]
    public void Banned_words_do_not_occur()
    {
        IEnumerable<string> found = from file in CodeFiles()
                                    let text = File.ReadAllText(file)
                                    from ban in Banned
                                    where text.Contains(ban.Word, StringComparison.Ordinal)
                                    select $"{SourceTree.Relative(file)} says {ban.Word}: {ban.Instead}";

        Assert.Empty(found);
    }

    [Fact]
    public void Every_folder_of_code_has_a_reader_to_welcome_it()
    {
        IEnumerable<string> silent =
            from folder in SourceTree.Files("*.cs", "src").Select(file => Path.GetDirectoryName(file)!).Distinct()
            where !IsIntroduced(folder)
            select SourceTree.Relative(folder);

        Assert.Empty(silent);
    }

    [Fact]
    public void Folder_readmes_are_short()
    {
        IEnumerable<string> longOnes = from file in SourceTree.Files("README.md", "src")
                                       where File.ReadLines(file).Count() > 40
                                       select SourceTree.Relative(file);

        Assert.Empty(longOnes);
    }

    /// <summary>A machine's paths say nothing to a reader on another machine.</summary>
    [Fact]
    public void No_file_names_a_path_of_one_machine()
    {
        string[] marks = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/"];
        string[] patterns = ["*.cs", "*.md", "*.conf", "*.props", "*.c", "*.h", "*.S", "*.txt"];
        IEnumerable<string> found = from pattern in patterns
                                    from file in SourceTree.Files(pattern)
                                    let text = File.ReadAllText(file)
                                    from mark in marks
                                    where text.Contains(mark, StringComparison.Ordinal)
                                    select $"{SourceTree.Relative(file)} names {mark}";

        Assert.Empty(found);
    }

    /// <summary>By a readme of its own, or by its name in the readme of the folder above.</summary>
    private static bool IsIntroduced(string folder)
    {
        string above = Path.Combine(Path.GetDirectoryName(folder)!, "README.md");
        return File.Exists(Path.Combine(folder, "README.md"))
            || (File.Exists(above) && File.ReadAllText(above).Contains($"`{Path.GetFileName(folder)}`"));
    }

    private static IEnumerable<string> CodeFiles() =>
        SourceTree.Files("*.cs").Where(file => !Tables.Contains(Path.GetFileName(file)));
}
