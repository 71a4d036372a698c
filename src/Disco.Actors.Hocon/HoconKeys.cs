namespace Disco.Actors.Hocon;

/// <summary>'Did you mean': the known word nearest to an unknown one.</summary>
public static class HoconKeys
{
    /// <summary>
    /// The known word within a third of the unknown one's length in edits (insert, delete, replace, swap of
    /// neighbours), the first of the nearest; null when none is near.
    /// </summary>
    public static string? Suggest(string unknown, IEnumerable<string> known)
    {
        ArgumentNullException.ThrowIfNull(unknown);
        ArgumentNullException.ThrowIfNull(known);
        string? nearest = null;
        var limit = Math.Max(1, unknown.Length / 3) + 1;
        foreach (var word in known)
        {
            var edits = Distance(unknown.ToLowerInvariant(), word.ToLowerInvariant());
            if (edits < limit)
            {
                limit = edits;
                nearest = word;
            }
        }

        return nearest;
    }

    /// <summary>Optimal string alignment distance: three rows of the usual table.</summary>
    internal static int Distance(string a, string b)
    {
        var twoAbove = new int[b.Length + 1];
        var above = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var row = new int[b.Length + 1];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                row[j] = Math.Min(replaced, Math.Min(above[j], row[j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    row[j] = Math.Min(row[j], twoAbove[j - 2] + 1);
                }
            }

            (twoAbove, above) = (above, row);
        }

        return above[b.Length];
    }
}
