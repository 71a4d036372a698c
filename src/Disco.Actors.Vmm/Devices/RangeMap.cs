using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Devices;

/// <summary>A range of positions and what it stands for.</summary>
public readonly record struct MappedRange<T>(long Start, long End, T Value)
{
    public long Length => End - Start;
}

/// <summary>
/// Ranges that do not overlap, each with a value, in a balanced tree (AVL): what the paper's B-trees of sectors do.
/// [Disco 4.2.5] Setting a range replaces whatever lay there, and cuts what lies there in part.
/// </summary>
/// <param name="cut">The value of the part of a range that begins this far behind its start.</param>
public sealed class RangeMap<T>(Func<T, long, T> cut)
{
    private Node? _root;

    /// <summary>How many ranges there are.</summary>
    public int Count { get; private set; }

    /// <summary>Of all ranges together.</summary>
    public long Covered { get; private set; }

    /// <summary>In order of position.</summary>
    public IEnumerable<MappedRange<T>> All => Overlapping(long.MinValue, long.MaxValue);

    public void Clear()
    {
        _root = null;
        Count = 0;
        Covered = 0;
    }

    /// <summary>Maps [start, end), which is not empty.</summary>
    public void Set(long start, long end, T value)
    {
        Remove(start, end);
        Insert(new MappedRange<T>(start, end, value));
    }

    /// <summary>Unmaps [start, end), which is not empty; ranges that stick out keep the rest.</summary>
    public void Remove(long start, long end)
    {
        Invariant.Holds(start < end);
        while (FindFirst(start, end) is { } range)
        {
            Delete(range);
            if (range.Start < start)
            {
                Insert(range with { End = start });
            }
            if (range.End > end)
            {
                Insert(new MappedRange<T>(end, range.End, cut(range.Value, end - range.Start)));
            }
        }
    }

    /// <summary>The range that holds a position.</summary>
    public MappedRange<T>? Find(long position) => FindFirst(position, position + 1);

    public bool Overlaps(long start, long end) => FindFirst(start, end) is not null;

    /// <summary>True when every position of [start, end) is mapped.</summary>
    public bool Covers(long start, long end)
    {
        while (start < end)
        {
            if (Find(start) is not { } range)
            {
                return false;
            }
            start = range.End;
        }
        return true;
    }

    /// <summary>The ranges that have a position in [start, end), whole, in order.</summary>
    public IEnumerable<MappedRange<T>> Overlapping(long start, long end)
    {
        while (start < end && FindFirst(start, end) is { } range)
        {
            yield return range;
            start = range.End;
        }
    }

    /// <summary>Throws unless the tree is ordered, balanced and counts right.</summary>
    internal void Check()
    {
        int count = 0;
        long covered = 0;
        long end = long.MinValue;
        foreach (MappedRange<T> range in All)
        {
            Invariant.Holds(range.Start < range.End);
            Invariant.Holds(range.Start >= end);
            end = range.End;
            covered += range.Length;
            count++;
        }
        Invariant.Holds(count == Count);
        Invariant.Holds(covered == Covered);
        CheckBalance(_root);
    }

    private static int CheckBalance(Node? node)
    {
        if (node is null)
        {
            return 0;
        }
        int left = CheckBalance(node.Left);
        int right = CheckBalance(node.Right);
        Invariant.Holds(Math.Abs(left - right) <= 1);
        Invariant.Holds(node.Height == 1 + Math.Max(left, right));
        return node.Height;
    }

    // The first range that ends behind start, unless it begins at end or later.
    private MappedRange<T>? FindFirst(long start, long end)
    {
        Node? best = null;
        for (Node? node = _root; node is not null;)
        {
            if (node.Range.End > start)
            {
                best = node;
                node = node.Left;
            }
            else
            {
                node = node.Right;
            }
        }
        return best is not null && best.Range.Start < end ? best.Range : null;
    }

    private void Insert(in MappedRange<T> range)
    {
        _root = Insert(_root, range);
        Count++;
        Covered += range.Length;
    }

    private void Delete(in MappedRange<T> range)
    {
        _root = Delete(_root!, range.Start);
        Count--;
        Covered -= range.Length;
    }

    private static Node Insert(Node? node, in MappedRange<T> range)
    {
        if (node is null)
        {
            return new Node(range);
        }
        if (range.Start < node.Range.Start)
        {
            node.Left = Insert(node.Left, range);
        }
        else
        {
            node.Right = Insert(node.Right, range);
        }
        return Balance(node);
    }

    private static Node? Delete(Node node, long start)
    {
        if (start < node.Range.Start)
        {
            node.Left = Delete(node.Left!, start);
        }
        else if (start > node.Range.Start)
        {
            node.Right = Delete(node.Right!, start);
        }
        else if (node.Left is null || node.Right is null)
        {
            return node.Left ?? node.Right;
        }
        else
        {
            Node next = node.Right;
            while (next.Left is not null)
            {
                next = next.Left;
            }
            node.Range = next.Range;
            node.Right = Delete(node.Right, next.Range.Start);
        }
        return Balance(node);
    }

    private static Node Balance(Node node)
    {
        node.Measure();
        int lean = HeightOf(node.Left) - HeightOf(node.Right);
        if (lean > 1)
        {
            if (HeightOf(node.Left!.Left) < HeightOf(node.Left.Right))
            {
                node.Left = RotateLeft(node.Left);
            }
            return RotateRight(node);
        }
        if (lean < -1)
        {
            if (HeightOf(node.Right!.Right) < HeightOf(node.Right.Left))
            {
                node.Right = RotateRight(node.Right);
            }
            return RotateLeft(node);
        }
        return node;
    }

    private static Node RotateLeft(Node node)
    {
        Node top = node.Right!;
        node.Right = top.Left;
        top.Left = node;
        node.Measure();
        top.Measure();
        return top;
    }

    private static Node RotateRight(Node node)
    {
        Node top = node.Left!;
        node.Left = top.Right;
        top.Right = node;
        node.Measure();
        top.Measure();
        return top;
    }

    private static int HeightOf(Node? node) => node is null ? 0 : node.Height;

    private sealed class Node(MappedRange<T> range)
    {
        public MappedRange<T> Range = range;
        public Node? Left;
        public Node? Right;
        public int Height = 1;

        public void Measure() => Height = 1 + Math.Max(HeightOf(Left), HeightOf(Right));
    }
}
