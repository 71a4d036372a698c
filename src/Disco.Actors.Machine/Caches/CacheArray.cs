using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Machine.Caches;

/// <summary>
/// Tags, states, order of use and bytes of a set-associative cache. The bytes of all frames lie in one native arena,
/// so that a pointer to a line stays valid as long as the cache holds the line.
/// </summary>
internal sealed unsafe class CacheArray
{
    public const int None = -1;

    private readonly int _ways;
    private readonly int _lineShift;
    private readonly ulong _setMask;
    private readonly ulong[] _lines;
    private readonly CacheState[] _states;

    // Place of each frame in its set's order of use: 0 for the latest. Small numbers, not time stamps, so that equal
    // contents are equal states.
    private readonly byte[] _ages;

    public CacheArray(CacheShape shape)
    {
        shape.Check();
        _ways = shape.Ways;
        _lineShift = BitOperations.Log2((uint)shape.LineBytes);
        _setMask = (ulong)(shape.Sets - 1);
        _lines = new ulong[shape.Frames];
        _states = new CacheState[shape.Frames];
        _ages = new byte[shape.Frames];
        for (int frame = 0; frame < shape.Frames; frame++)
        {
            _ages[frame] = (byte)(frame % _ways);
        }
        Arena = (byte*)NativeMemory.AllocZeroed((nuint)shape.Bytes);
    }

    ~CacheArray() => NativeMemory.Free(Arena);

    public byte* Arena { get; }

    public int Frames => _lines.Length;

    public int LineBytes => 1 << _lineShift;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* BytesOf(int frame) => Arena + ((nint)frame << _lineShift);

    public LineAddress LineOf(int frame) => new(_lines[frame]);

    public CacheState StateOf(int frame) => _states[frame];

    /// <summary>The frame that holds the line in any state but I, or <see cref="None"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Find(LineAddress line)
    {
        int first = FirstOf(line);
        for (int frame = first; frame < first + _ways; frame++)
        {
            if (_lines[frame] == line.Value && _states[frame] != CacheState.I)
            {
                return frame;
            }
        }
        return None;
    }

    /// <summary>The frame a new line would take: a free one, else the one used longest ago.</summary>
    public int VictimFor(LineAddress line)
    {
        int first = FirstOf(line);
        int oldest = first;
        for (int frame = first; frame < first + _ways; frame++)
        {
            if (_states[frame] == CacheState.I)
            {
                return frame;
            }
            if (_ages[frame] > _ages[oldest])
            {
                oldest = frame;
            }
        }
        return oldest;
    }

    public void Assign(int frame, LineAddress line)
    {
        Invariant.Holds(_states[frame] == CacheState.I);
        _lines[frame] = line.Value;
    }

    /// <summary>Sets the state; a frame that becomes free forgets its line.</summary>
    public void Set(int frame, CacheState state)
    {
        _states[frame] = state;
        if (state == CacheState.I)
        {
            _lines[frame] = 0;
        }
    }

    /// <summary>Makes the frame the latest used of its set.</summary>
    public void Touch(int frame)
    {
        byte age = _ages[frame];
        if (age == 0)
        {
            return;
        }
        int first = _ways == 2 ? frame & ~1 : frame - (frame % _ways);
        for (int other = first; other < first + _ways; other++)
        {
            if (_ages[other] < age)
            {
                _ages[other]++;
            }
        }
        _ages[frame] = 0;
    }

    /// <summary>Frames in use with their bytes, and the order of use of all.</summary>
    public void Save(StateWriter writer)
    {
        writer.Write("ages", _ages);
        writer.Write("states", MemoryMarshal.AsBytes(_states.AsSpan()));
        for (int frame = 0; frame < Frames; frame++)
        {
            if (_states[frame] == CacheState.I)
            {
                continue;
            }
            writer.Write("line", _lines[frame]);
            if (HasBytes(_states[frame]))
            {
                writer.Write("bytes", new ReadOnlySpan<byte>(BytesOf(frame), LineBytes));
            }
        }
    }

    public void Load(StateReader reader)
    {
        reader.ReadBytes("ages", _ages);
        reader.ReadBytes("states", MemoryMarshal.AsBytes(_states.AsSpan()));
        for (int frame = 0; frame < Frames; frame++)
        {
            _lines[frame] = _states[frame] == CacheState.I ? 0 : reader.ReadUInt64("line");
            if (HasBytes(_states[frame]))
            {
                reader.ReadBytes("bytes", new Span<byte>(BytesOf(frame), LineBytes));
            }
        }
    }

    /// <summary>True when the state means that the frame's bytes are worth something.</summary>
    public static bool HasBytes(CacheState state) => state
        is CacheState.S or CacheState.E or CacheState.M
        or CacheState.SM or CacheState.SMPause
        or CacheState.SPending or CacheState.EPending or CacheState.MPending or CacheState.Once;

    private int FirstOf(LineAddress line) => (int)((line.Value >> _lineShift) & _setMask) * _ways;
}
