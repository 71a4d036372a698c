using System.Text.RegularExpressions;
using Xunit;

namespace Disco.Actors.Tidy.Tests;

/// <summary>A function fits a page. Blocks are found by their indentation, which the formatter keeps.</summary>
public sealed partial class FunctionTests
{
    private const int FunctionLinesMax = 70;

    [Fact]
    public void Functions_fit_a_page()
    {
        IEnumerable<string> big = from file in SourceTree.Files("*.cs")
                                  from function in FunctionsOf(File.ReadAllLines(file))
                                  where function.Lines > FunctionLinesMax
                                  select $"{SourceTree.Relative(file)}:{function.At}: {function.Lines} lines";

        Assert.Empty(big);
    }

    /// <summary>The search finds functions, and does not take a class for one.</summary>
    [Fact]
    public void Bodies_are_measured_between_their_braces()
    {
        string[] text =
        [
            "public sealed class Subject",
            "{",
            "    public int Two(",
            "        int first, int second)",
            "    {",
            "        if (first > second)",
            "        {",
            "            return 1;",
            "        }",
            "        return 2;",
            "    }",
            "",
            "    private readonly struct Inner",
            "    {",
            "        public int One()",
            "        {",
            "            return 1;",
            "        }",
            "    }",
            "}",
        ];

        Assert.Equal([(5, 5), (7, 1), (16, 1)], FunctionsOf(text));
    }

    /// <summary>Line of the brace, from 1, and lines inside; blocks within a function are found, too, and shorter.
    /// </summary>
    private static IEnumerable<(int At, int Lines)> FunctionsOf(string[] text)
    {
        for (int open = 0; open < text.Length; open++)
        {
            string indentation = text[open][..^text[open].TrimStart().Length];
            if (text[open].Trim() != "{" || Declaration().IsMatch(HeaderOf(text, open)))
            {
                continue;
            }
            int close = Array.FindIndex(
                text, open, line => line.StartsWith(indentation + "}", StringComparison.Ordinal));
            yield return (open + 1, close - open - 1);
        }
    }

    // What stands before the brace, up to the statement or comment before.
    private static string HeaderOf(string[] text, int open)
    {
        int first = open;
        while (first > 0 && text[first - 1].Trim() is not ("" or [.., ';' or '}' or '{'] or ['/' or '[', ..]))
        {
            first--;
        }
        return string.Join(' ', text[first..open]);
    }

    [GeneratedRegex(@"\b(class|struct|enum|interface|record|namespace)\b")]
    private static partial Regex Declaration();
}
