using System.Text;
using System.Text.RegularExpressions;
using Disco.Actors.Core;
using Disco.Actors.Engines;

namespace Disco.Actors.Cli.Scaling;

/// <summary>
/// What the guests of a run print, console by console. Results do not depend on the order of concurrent messages;
/// ticks, stolen tiles and the torture test's marks do (guests/README.md), and are left out of a comparison.
/// </summary>
internal sealed partial class GuestText
{
    private readonly SortedDictionary<Address, StringBuilder> _consoles = [];

    public GuestText(Engine engine) => engine.OnOutput = Add;

    /// <summary>All consoles' text, with a word in the place of figures that depend on time.</summary>
    public string Results => string.Concat(_consoles.Values.Select(text => ResultsOf(text.ToString())));

    /// <summary>A text with a word in the place of figures that depend on time.</summary>
    public static string ResultsOf(string text) => Timed().Replace(text, "(some) ");

    /// <summary>The first line of one that is not the other's; null when there is none.</summary>
    public static string? FirstDifference(string first, string other)
    {
        string[] lines = first.Split('\n');
        string[] others = other.Split('\n');
        for (int i = 0; i < Math.Max(lines.Length, others.Length); i++)
        {
            string line = i < lines.Length ? lines[i] : "";
            string otherLine = i < others.Length ? others[i] : "";
            if (line != otherLine)
            {
                return $"'{line.Trim()}' and '{otherLine.Trim()}'";
            }
        }
        return null;
    }

    [GeneratedRegex("[0-9]+ (?=ticks|tiles stolen|marks made)")]
    private static partial Regex Timed();

    // One char a byte: consoles are compared, not shown.
    private void Add(Address console, Cycle cycle, ReadOnlySpan<byte> bytes)
    {
        if (!_consoles.TryGetValue(console, out StringBuilder? text))
        {
            _consoles[console] = text = new StringBuilder();
        }
        text.Append(Encoding.Latin1.GetString(bytes));
    }
}
