namespace Disco.Actors.Machine.Mips.Isa;

/// <summary>
/// Finds the row of a word: a small tree over the manual's subfields (opcode, function, rs, rt, sa), built from the
/// table at start-up, whose leaves name the few rows that remain. No allocation per call.
/// </summary>
public static class Decoder
{
    // The subfields that the manual's opcode tables are indexed by.
    private static readonly BitField[] IndexFields = [new(26, 6), new(0, 6), new(21, 5), new(16, 5), new(6, 5)];

    // A node is [shift, mask, child 0, child 1, ...]; a leaf is [rows, index of row, ...]. Child c is a node at c when
    // c >= 0 and a leaf at ~c when negative; both live in Tree.
    private static readonly int[] Tree;
    private static readonly int Root;
    private static readonly uint[] Masks;
    private static readonly uint[] Values;

    static Decoder()
    {
        InstructionRow[] rows = [.. InstructionTable.Rows];
        Masks = Array.ConvertAll(rows, row => row.Mask);
        Values = Array.ConvertAll(rows, row => row.Value);
        List<int> tree = [];

        // A special case has more fixed bits than the row around it, so the stricter row is tried first.
        int[] all = [.. Enumerable.Range(0, rows.Length).OrderByDescending(i => rows[i].FixedBitCount).ThenBy(i => i)];
        Root = Grow(tree, all, 0);
        Tree = [.. tree];
    }

    /// <summary>The instruction a word encodes, or <see cref="Op.Reserved"/> when no row matches.</summary>
    public static Op Decode(uint word)
    {
        int[] tree = Tree;
        int at = Root;
        while (at >= 0)
        {
            at = tree[at + 2 + (int)((word >> tree[at]) & (uint)tree[at + 1])];
        }

        at = ~at;
        for (int last = at + tree[at]; at < last;)
        {
            int row = tree[++at];
            if ((word & Masks[row]) == Values[row])
            {
                // Op is the row's number in the table plus one (Reserved is 0).
                return (Op)(row + 1);
            }
        }

        return Op.Reserved;
    }

    /// <summary>Facts about the instruction a word encodes.</summary>
    public static OpInfo Info(uint word) => OpInfo.Of(Decode(word));

    // Splits the rows by the subfield whose fullest bucket is the smallest; stops when a leaf is cheap to search or
    // no subfield separates. 'used' has one bit per index field.
    private static int Grow(List<int> tree, int[] rows, int used)
    {
        int best = rows.Length <= 2 ? -1 : BestSplit(rows, used);
        if (best < 0)
        {
            int leaf = tree.Count;
            tree.Add(rows.Length);
            tree.AddRange(rows);
            return ~leaf;
        }

        BitField field = IndexFields[best];
        int node = tree.Count;
        int branches = 1 << field.Width;
        tree.Add(field.Shift);
        tree.Add((int)field.Mask);
        tree.AddRange(new int[branches]);
        for (uint value = 0; value < branches; value++)
        {
            // The list may move while it grows, so the child is computed before its slot is written.
            int child = Grow(tree, Compatible(rows, field, value), used | (1 << best));
            tree[node + 2 + (int)value] = child;
        }

        return node;
    }

    private static int BestSplit(int[] rows, int used)
    {
        int best = -1;
        int bestSize = rows.Length;
        for (int i = 0; i < IndexFields.Length; i++)
        {
            if ((used >> i & 1) != 0)
            {
                continue;
            }

            int fullest = 0;
            for (uint value = 0; value <= IndexFields[i].Mask; value++)
            {
                fullest = Math.Max(fullest, Compatible(rows, IndexFields[i], value).Length);
            }

            if (fullest < bestSize)
            {
                best = i;
                bestSize = fullest;
            }
        }

        return best;
    }

    private static int[] Compatible(int[] rows, BitField field, uint value)
    {
        uint mask = field.Place(field.Mask);
        uint bits = field.Place(value);
        return Array.FindAll(rows, row => ((bits ^ Values[row]) & Masks[row] & mask) == 0);
    }
}
