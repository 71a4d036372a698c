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
internal sealed class L1Tags
{
    private const ulong Free = ulong.MaxValue;

    private readonly int _ways;
    private readonly int _lineShift;
    private readonly ulong _setMask;
    private readonly ulong[] _lines;
    private readonly byte[] _nextWay;

    public L1Tags(CacheShape shape)
    {
        shape.Check();
        _ways = shape.Ways;
        _lineShift = BitOperations.Log2((uint)shape.LineBytes);
        _setMask = (ulong)(shape.Sets - 1);
        _lines = new ulong[shape.Frames];
        _nextWay = new byte[shape.Sets];
        Array.Fill(_lines, Free);
    }

    public int LineBytes => 1 << _lineShift;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Holds(ulong address) => Find(address >> _lineShift) >= 0;

    /// <summary>Puts in the line of the address; says which line had to go.</summary>
    /// <returns>False when a free frame was there.</returns>
    public bool Fill(ulong address, out ulong dropped)
    {
        ulong line = address >> _lineShift;
        int set = (int)(line & _setMask);
        int way = _nextWay[set];
        _nextWay[set] = (byte)(way + 1 == _ways ? 0 : way + 1);
        ref ulong place = ref _lines[(set * _ways) + way];
        ulong old = place;
        dropped = old << _lineShift;
        place = line;
        return old != Free;
    }

    /// <summary>Takes out the line of the address; false when it was not there.</summary>
    public bool Drop(ulong address)
    {
        int frame = Find(address >> _lineShift);
        if (frame < 0)
        {
            return false;
        }
        _lines[frame] = Free;
        return true;
    }

    public void Save(StateWriter writer)
    {
        writer.Write("lines", MemoryMarshal.AsBytes(_lines.AsSpan()));
        writer.Write("nextWay", _nextWay);
    }

    public void Load(StateReader reader)
    {
        reader.ReadBytes("lines", MemoryMarshal.AsBytes(_lines.AsSpan()));
        reader.ReadBytes("nextWay", _nextWay);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Find(ulong line)
    {
        int first = (int)(line & _setMask) * _ways;
        for (int frame = first; frame < first + _ways; frame++)
        {
            if (_lines[frame] == line)
            {
                return frame;
            }
        }
        return -1;
    }
}
