using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Disco.Actors.Core;

namespace Disco.Actors.Machine.Caches;

/// <summary>
/// A first-level cache as far as time is concerned: which lines it holds. The bytes live once, in the second level that
/// includes it. Lines are replaced in the order they were filled, so that a hit changes nothing and a CPU's fast path
/// needs no call.
/// </summary>
internal sealed unsafe class L1Tags
{
    private const ulong Free = ulong.MaxValue;

    private readonly int _ways;
    private readonly int _lineShift;
    private readonly ulong _setMask;
    private readonly ulong[] _allLines;
    private readonly ulong* _lines;
    private readonly byte[] _allNextWays;
    private readonly byte* _nextWay;

    public L1Tags(CacheShape shape)
    {
        shape.Check();
        _ways = shape.Ways;
        _lineShift = BitOperations.Log2((uint)shape.LineBytes);
        _setMask = (ulong)(shape.Sets - 1);
        _allLines = GC.AllocateUninitializedArray<ulong>(shape.Frames, pinned: true);
        _lines = (ulong*)Marshal.UnsafeAddrOfPinnedArrayElement(_allLines, 0);
        _allNextWays = GC.AllocateArray<byte>(shape.Sets, pinned: true);
        _nextWay = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(_allNextWays, 0);
        Array.Fill(_allLines, Free);
    }

    public int LineBytes => 1 << _lineShift;

    /// <summary>The frame that holds the line of the address, or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Find(ulong address)
    {
        ulong line = address >> _lineShift;
        int first = (int)(line & _setMask) * _ways;
        if (_ways == 2)
        {
            // Which of the two it is cannot be foretold, so it is computed instead of branched on.
            int either = first + (_lines[first + 1] == line ? 1 : 0);
            return _lines[either] == line ? either : -1;
        }
        for (int frame = first; frame < first + _ways; frame++)
        {
            if (_lines[frame] == line)
            {
                return frame;
            }
        }
        return -1;
    }

    /// <summary>
    /// Puts in the line of the address; says which line had to go, or that a free frame was there.
    /// </summary>
    /// <returns>The frame.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Fill(ulong address, out ulong dropped, out bool wasFree)
    {
        ulong line = address >> _lineShift;
        int set = (int)(line & _setMask);
        int way = _nextWay[set];
        // Round and round, without a branch: the mask is 0 behind the last way.
        int next = way + 1;
        _nextWay[set] = (byte)(next & ((next - _ways) >> 31));
        int frame = (set * _ways) + way;
        ulong old = _lines[frame];
        _lines[frame] = line;
        dropped = old << _lineShift;
        wasFree = old == Free;
        return frame;
    }

    /// <summary>Takes out the line in a frame.</summary>
    public void Drop(int frame) => _lines[frame] = Free;

    public void Save(StateWriter writer)
    {
        writer.Write("lines", MemoryMarshal.AsBytes(_allLines.AsSpan()));
        writer.Write("nextWay", _allNextWays);
    }

    public void Load(StateReader reader)
    {
        reader.ReadBytes("lines", MemoryMarshal.AsBytes(_allLines.AsSpan()));
        reader.ReadBytes("nextWay", _allNextWays);
    }
}
