using System.Text;

namespace Disco.Actors.Simulation.Tests.GuestLitmus;

/// <summary>
/// A litmus program as a file tells it: what x and y begin with, what is observed, what sequential consistency
/// forbids, and after the line of dashes one column of assembly per CPU.
/// <code>
/// # What it is about.
/// initial   x=0 y=0
/// outcome   0:v0 1:v0          registers of CPUs (v0, v1; 0 at the start) and words at the end (x, y)
/// forbidden 0:v0=0 1:v0=0      all of these at once; the line may be repeated
/// ---
/// sd t0,0(a0)  | sd t0,0(a1)   a0 points to x, a1 to y
/// </code>
/// </summary>
internal sealed class LitmusText
{
    private readonly List<(string Place, ulong Value)[]> _forbidden = [];

    private LitmusText(string name) => Name = name;

    public string Name { get; }

    /// <summary>First value of x and of y.</summary>
    public ulong[] Initial { get; } = new ulong[2];

    /// <summary>Places whose values at the end are the outcome: <c>1:v0</c> or <c>x</c>.</summary>
    public string[] Observed { get; private set; } = [];

    /// <summary>Assembly text of each CPU.</summary>
    public string[] Columns { get; private set; } = [];

    public int Cpus => Columns.Length;

    public static LitmusText Read(string path)
    {
        LitmusText litmus = new(Path.GetFileName(path).Split('.')[0]);
        string[] lines = File.ReadAllLines(path);
        int dashes = Array.IndexOf(lines, "---");
        foreach (string line in lines[..dashes].Where(line => !line.StartsWith('#')))
        {
            litmus.ReadHeader(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        }
        litmus.ReadColumns(lines[(dashes + 1)..]);
        return litmus;
    }

    /// <summary>The forbidden condition that holds, or null.</summary>
    public string? ForbiddenBy(Func<string, ulong> valueOf)
    {
        foreach ((string Place, ulong Value)[] condition in _forbidden)
        {
            if (Array.TrueForAll(condition, part => valueOf(part.Place) == part.Value))
            {
                return string.Join(' ', condition.Select(part => $"{part.Place}={part.Value}"));
            }
        }
        return null;
    }

    public string Outcome(Func<string, ulong> valueOf) =>
        string.Join(' ', Observed.Select(place => $"{place}={valueOf(place)}"));

    private void ReadHeader(string[] words)
    {
        switch (words[0])
        {
            case "initial":
                foreach ((string place, ulong value) in words[1..].Select(Condition))
                {
                    Initial[place[0] - 'x'] = value;
                }
                break;
            case "outcome":
                Observed = words[1..];
                break;
            case "forbidden":
                _forbidden.Add([.. words[1..].Select(Condition)]);
                break;
            default:
                throw new FormatException($"{Name}: '{words[0]}' is none of initial, outcome, forbidden");
        }
    }

    private void ReadColumns(string[] lines)
    {
        int cpus = lines[0].Split('|').Length;
        StringBuilder[] columns = [.. Enumerable.Range(0, cpus).Select(_ => new StringBuilder())];
        foreach (string line in lines)
        {
            string[] cells = line.Split('|');
            for (int cpu = 0; cpu < cells.Length; cpu++)
            {
                columns[cpu].Append(cells[cpu].Trim()).Append('\n');
            }
        }
        Columns = [.. columns.Select(column => column.ToString())];
    }

    private static (string Place, ulong Value) Condition(string word)
    {
        string[] parts = word.Split('=');
        return (parts[0], ulong.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture));
    }
}
