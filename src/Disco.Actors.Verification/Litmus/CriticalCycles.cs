using System.Text;

namespace Disco.Actors.Verification.Litmus;

/// <summary>How the last access of one CPU is ordered before the first of the next, on one word.</summary>
public enum LitmusEdge : byte
{
    /// <summary>What is read was written there.</summary>
    Rfe,

    /// <summary>What is read is overwritten there.</summary>
    Fre,

    /// <summary>Both write, this one first.</summary>
    Coe,

    /// <summary>A third CPU writes: after the first reads and before the second does.</summary>
    FreRfe,
}

/// <summary>
/// Litmus tests made of critical cycles: CPUs with two accesses to different words, in program order or with SYNC
/// between them, and between the CPUs accesses to the same word. Each test asks whether the accesses can happen in a
/// circle, which no order of all accesses does. [Shasha, Snir, TOPLAS 1988; Alglave et al., TACAS 2011]
/// </summary>
public static class CriticalCycles
{
    private const int EdgeKinds = 4;
    private const int CpusMax = 4;

    /// <summary>Every cycle of two to <paramref name="cpusMax"/> CPUs, each once.</summary>
    public static IEnumerable<LitmusTest> All(int cpusMax = CpusMax)
    {
        for (int length = 2; length <= cpusMax; length++)
        {
            int[] links = new int[length];
            do
            {
                int thirds = links.Count(link => EdgeOf(link) == LitmusEdge.FreRfe);
                if (length + thirds <= cpusMax && IsFirstOfItsRotations(links))
                {
                    yield return Make(links);
                }
            }
            while (TryNext(links));
        }
    }

    // A link is a CPU's two accesses and the edge behind them: bit 0 for SYNC, the edge above.
    private static LitmusEdge EdgeOf(int link) => (LitmusEdge)(link >> 1);

    private static bool HasSync(int link) => (link & 1) != 0;

    private static bool TryNext(int[] links)
    {
        for (int i = links.Length - 1; i >= 0; i--)
        {
            if (++links[i] < 2 * EdgeKinds)
            {
                return true;
            }
            links[i] = 0;
        }
        return false;
    }

    private static bool IsFirstOfItsRotations(int[] links)
    {
        for (int by = 1; by < links.Length; by++)
        {
            for (int i = 0; i < links.Length; i++)
            {
                int difference = links[i] - links[(i + by) % links.Length];
                if (difference > 0)
                {
                    return false;
                }
                if (difference < 0)
                {
                    break;
                }
            }
        }
        return true;
    }

    private static LitmusTest Make(int[] links)
    {
        List<List<string>> columns = [];
        List<string> outcome = [];
        List<string> forbidden = [];
        List<string> name = [];
        void See(string place, int value)
        {
            outcome.Add(place);
            forbidden.Add($"{place}={value}");
        }
        for (int cpu = 0; cpu < links.Length; cpu++)
        {
            LitmusEdge before = EdgeOf(links[(cpu + links.Length - 1) % links.Length]);
            LitmusEdge after = EdgeOf(links[cpu]);
            int second = (cpu + 1) % links.Length;
            List<string> column = [];
            bool firstReads = before is LitmusEdge.Rfe or LitmusEdge.FreRfe;
            bool secondReads = after is LitmusEdge.Fre or LitmusEdge.FreRfe;
            Add(column, firstReads, "v0", cpu, before == LitmusEdge.Coe ? 2 : 1);
            column.AddRange(HasSync(links[cpu]) ? ["sync"] : []);
            Add(column, secondReads, "v1", second, 1);
            columns.Add(column);
            name.Add($"{(HasSync(links[cpu]) ? "Sync" : "Po")}d{(firstReads ? 'R' : 'W')}{(secondReads ? 'R' : 'W')}"
                + $"-{after}");
            if (firstReads)
            {
                See($"{cpu}:v0", 1);
            }
            if (secondReads)
            {
                See($"{cpu}:v1", 0);
            }
            if (before == LitmusEdge.Coe)
            {
                See(LitmusRegisters.WordNames[cpu], 2);
            }
        }
        for (int cpu = 0; cpu < links.Length; cpu++)
        {
            if (EdgeOf(links[cpu]) == LitmusEdge.FreRfe)
            {
                List<string> third = [];
                Add(third, false, "", (cpu + 1) % links.Length, 1);
                columns.Add(third);
            }
        }
        return LitmusParser.Parse(string.Join('-', name), Text(columns, outcome, forbidden));
    }

    private static void Add(List<string> column, bool reads, string register, int word, int value)
    {
        if (reads)
        {
            column.Add($"ld {register},0(a{word})");
            return;
        }
        column.Add($"li t{word},{value}");
        column.Add($"sd t{word},0(a{word})");
    }

    private static string Text(List<List<string>> columns, List<string> outcome, List<string> forbidden)
    {
        StringBuilder text = new();
        text.Append($"outcome {string.Join(' ', outcome)}\nforbidden {string.Join(' ', forbidden)}\n---\n");
        for (int line = 0; line < columns.Max(column => column.Count); line++)
        {
            text.Append(string.Join(" | ", columns.Select(column => column.ElementAtOrDefault(line) ?? "")))
                .Append('\n');
        }
        return text.ToString();
    }
}
