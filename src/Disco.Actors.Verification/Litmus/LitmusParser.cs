using System.Globalization;

namespace Disco.Actors.Verification.Litmus;

/// <summary>
/// Reads the text of a litmus test.
/// <code>
/// # What it is about.
/// initial   x=0 y=0            words x, y, z, w; 0 unless said
/// outcome   0:v0 1:v0 x        registers v0 and v1 of CPUs, and words at the end
/// forbidden 0:v0=0 1:v0=0      all of these at once; may be absent or repeated
/// ---
/// li t0,1      | li t0,1       a column of instructions for each CPU; a0 to a3 point to x, y, z, w
/// sd t0,0(a0)  | sd t0,0(a1)
/// ---
/// shootdown pages=1            perhaps: the same for protocols, see LitmusScenario
/// cpu/0: read 0, read 0
/// vm/0: invalidate 0
/// </code>
/// Errors: FormatException with one sentence that begins with the name and the line.
/// </summary>
public sealed class LitmusParser
{
    private const string Rule = "---";

    private readonly string _name;
    private readonly ulong[] _initial = new ulong[LitmusRegisters.Words];
    private readonly List<LitmusCondition[]> _forbidden = [];
    private string[] _observed = [];
    private int _line;

    private LitmusParser(string name) => _name = name;

    /// <param name="name">For messages.</param>
    /// <param name="text">The whole file.</param>
    public static LitmusTest Parse(string name, string text) => new LitmusParser(name).Parse(text);

    private LitmusTest Parse(string text)
    {
        string[] lines = [.. text.Split('\n').Select(line => line.TrimEnd())];
        int code = Array.IndexOf(lines, Rule);
        if (code < 0)
        {
            throw Error(lines.Length, $"the line '{Rule}' before the instructions is missing");
        }
        int scenario = Array.IndexOf(lines, Rule, code + 1);
        for (int i = 0; i < code; i++)
        {
            _line = i + 1;
            ReadHeader(lines[i]);
        }
        int codeEnd = scenario < 0 ? lines.Length : scenario;
        LitmusThreadReader[] readers = ReadColumns(lines, code + 1, codeEnd);
        LitmusTest test = new()
        {
            Name = _name,
            Initial = _initial,
            Observed = _observed,
            Forbidden = _forbidden,
            Threads = [.. readers.Select(reader => reader.Finish())],
            Scenario = scenario < 0 ? null : LitmusScenario.Parse(_name, lines, scenario + 1),
        };
        if (!test.HasCode && test.Scenario is null)
        {
            throw Error(code + 1, "there are no instructions");
        }
        if (test.HasCode && _observed.Length == 0)
        {
            throw Error(1, "the line 'outcome' with the registers and words to look at is missing");
        }
        CheckPlaces(test);
        return test;
    }

    private void ReadHeader(string line)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0 || words[0].StartsWith('#'))
        {
            return;
        }
        switch (words[0])
        {
            case "initial":
                foreach (LitmusCondition one in words[1..].Select(Condition))
                {
                    int word = Array.IndexOf(LitmusRegisters.WordNames, one.Place);
                    if (word < 0)
                    {
                        throw Error(_line, $"'{one.Place}' has no first value; only x, y, z and w have");
                    }
                    _initial[word] = one.Value;
                }
                break;
            case "outcome":
                _observed = words[1..];
                break;
            case "forbidden":
                _forbidden.Add([.. words[1..].Select(Condition)]);
                break;
            default:
                throw Error(_line, $"'{words[0]}' is none of initial, outcome, forbidden");
        }
    }

    private LitmusThreadReader[] ReadColumns(string[] lines, int from, int to)
    {
        LitmusThreadReader[] readers = [];
        for (int i = from; i < to; i++)
        {
            if (lines[i].Length == 0 || lines[i].StartsWith('#'))
            {
                continue;
            }
            string[] cells = lines[i].Split('|');
            if (readers.Length == 0)
            {
                readers = [.. cells.Select(_ => new LitmusThreadReader(_name))];
            }
            if (cells.Length != readers.Length || cells.Length > LitmusScenario.CpusMax)
            {
                throw Error(
                    i + 1, $"there are {cells.Length} columns; write {readers.Length}, and at most "
                    + $"{LitmusScenario.CpusMax}, separated by '|'");
            }
            for (int cpu = 0; cpu < cells.Length; cpu++)
            {
                readers[cpu].Read(cells[cpu].Trim(), i + 1);
            }
        }
        return readers;
    }

    private void CheckPlaces(LitmusTest test)
    {
        foreach (string place in _observed.Concat(_forbidden.SelectMany(all => all.Select(one => one.Place))))
        {
            string[] parts = place.Split(':');
            bool isWord = parts.Length == 1 && LitmusRegisters.WordNames.Contains(place);
            bool isRegister = parts.Length == 2 && int.TryParse(parts[0], out int cpu) && cpu >= 0 && cpu < test.Cpus
                && parts[1] is "v0" or "v1";
            if (!isWord && !(parts.Length == 2 && isRegister))
            {
                throw Error(1, $"'{place}' is no place: write CPU:v0, CPU:v1, x, y, z or w");
            }
        }
    }

    private LitmusCondition Condition(string word)
    {
        string[] parts = word.Split('=');
        ulong value = 0;
        bool valid = parts.Length == 2 && ulong.TryParse(parts[1], CultureInfo.InvariantCulture, out value);
        return valid ? new LitmusCondition(parts[0], value) : throw Error(_line, $"'{word}' is not PLACE=NUMBER");
    }

    private FormatException Error(int line, string what) => LitmusError.At(_name, line, what);
}

/// <summary>The one sentence about a wrong litmus text.</summary>
internal static class LitmusError
{
    public static FormatException At(string name, int line, string what) => new($"{name}, line {line}: {what}");
}
