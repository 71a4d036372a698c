using System.Numerics;

namespace Disco.Actors.Core;

/// <summary>A set of NUMA nodes, 0 to 63. Enumerates in ascending order.</summary>
public readonly record struct NodeSet(ulong Bits)
{
    public const int NodesMax = 64;

    public static readonly NodeSet None = new(0);

    public int Count => BitOperations.PopCount(Bits);

    public bool IsEmpty => Bits == 0;

    /// <summary>The lowest number in the set, which must not be empty.</summary>
    public int First => BitOperations.TrailingZeroCount(Bits);

    /// <summary>Nodes 0 to <paramref name="count"/> - 1.</summary>
    public static NodeSet Below(int count) => new(count >= NodesMax ? ulong.MaxValue : (1UL << count) - 1);

    public static NodeSet operator |(NodeSet left, NodeSet right) => new(left.Bits | right.Bits);

    public static NodeSet operator &(NodeSet left, NodeSet right) => new(left.Bits & right.Bits);

    public bool Contains(int node) => node < NodesMax && (Bits & (1UL << node)) != 0;

    public NodeSet With(int node) => new(Bits | (1UL << node));

    public NodeSet Except(NodeSet others) => new(Bits & ~others.Bits);

    public BitEnumerator GetEnumerator() => new(Bits);

    /// <summary>As a user writes it: <c>0-2,5</c>.</summary>
    public override string ToString()
    {
        List<string> ranges = [];
        for (int node = 0; node < NodesMax; node++)
        {
            int first = node;
            while (Contains(node))
            {
                node++;
            }
            if (node > first)
            {
                ranges.Add(node == first + 1 ? $"{first}" : $"{first}-{node - 1}");
            }
        }
        return string.Join(',', ranges);
    }

    /// <summary>Reads <c>0-2,5</c> back, with commas or semicolons; false when the text is no such list.</summary>
    public static bool TryParse(string text, out NodeSet nodes)
    {
        nodes = None;
        foreach (string range in text.Split(',', ';'))
        {
            string[] ends = range.Split('-');
            if (ends.Length > 2 || !TryParse(ends[0], out int first) || !TryParse(ends[^1], out int last)
                || last < first)
            {
                return false;
            }
            nodes |= new NodeSet(Below(last + 1).Bits & ~Below(first).Bits);
        }
        return true;
    }

    private static bool TryParse(string text, out int node) =>
        int.TryParse(text.Trim(), System.Globalization.NumberStyles.None, null, out node) && node < NodesMax;
}
