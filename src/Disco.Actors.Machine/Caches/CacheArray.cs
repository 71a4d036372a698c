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

    // The line of a frame in state I: no line has this address, so that a search need not look at states.
    private const ulong Free = ulong.MaxValue;

    private readonly int _ways;
    private readonly int _lineShift;
    private readonly ulong _setMask;
    private readonly int _frames;
    private readonly ulong[] _allLines;
    private readonly CacheState[] _allStates;
    private readonly ulong* _lines;
    private readonly CacheState* _states;

    // Place of each frame in its set's order of use: 0 for the latest. Small numbers, not time stamps, so that equal
    // contents are equal states.
    private readonly byte[] _allAges;
    private readonly byte* _ages;

    public CacheArray(CacheShape shape)
    {
        shape.Check();
        _ways = shape.Ways;
        _lineShift = BitOperations.Log2((uint)shape.LineBytes);
        _setMask = (ulong)(shape.Sets - 1);
        _frames = shape.Frames;
        _allLines = GC.AllocateUninitializedArray<ulong>(shape.Frames, pinned: true);
        _allStates = GC.AllocateArray<CacheState>(shape.Frames, pinned: true);
        _allAges = GC.AllocateUninitializedArray<byte>(shape.Frames, pinned: true);
        _lines = (ulong*)Marshal.UnsafeAddrOfPinnedArrayElement(_allLines, 0);
        _states = (CacheState*)Marshal.UnsafeAddrOfPinnedArrayElement(_allStates, 0);
        _ages = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(_allAges, 0);
        Array.Fill(_allLines, Free);
        for (int frame = 0; frame < shape.Frames; frame++)
        {
            _ages[frame] = (byte)(frame % _ways);
        }
        Arena = (byte*)NativeMemory.AllocZeroed((nuint)shape.Bytes);
    }

    ~CacheArray() => NativeMemory.Free(Arena);

    public byte* Arena { get; }

    public int Frames => _frames;

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
        if (_ways == 2)
        {
            // Which of the two it is cannot be foretold, so it is computed instead of branched on.
            int either = first + (_lines[first + 1] == line.Value ? 1 : 0);
            return _lines[either] == line.Value ? either : None;
        }
        for (int frame = first; frame < first + _ways; frame++)
        {
            if (_lines[frame] == line.Value)
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
            _lines[frame] = Free;
        }
    }

    /// <summary>Makes the frame the latest used of its set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Touch(int frame)
    {
        if (_ways == 2)
        {
            _ages[frame] = 0;
            _ages[frame ^ 1] = 1;
            return;
        }
        TouchOfMany(frame);
    }

    /// <summary>Frames in use with their bytes, and the order of use of all.</summary>
    public void Save(StateWriter writer)
    {
        writer.Write("ages", _allAges);
        writer.Write("states", MemoryMarshal.AsBytes(_allStates.AsSpan()));
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
        reader.ReadBytes("ages", _allAges);
        reader.ReadBytes("states", MemoryMarshal.AsBytes(_allStates.AsSpan()));
        for (int frame = 0; frame < Frames; frame++)
        {
            _lines[frame] = _states[frame] == CacheState.I ? Free : reader.ReadUInt64("line");
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

    private void TouchOfMany(int frame)
    {
        byte age = _ages[frame];
        if (age == 0)
        {
            return;
        }
        int first = frame - (frame % _ways);
        for (int other = first; other < first + _ways; other++)
        {
            if (_ages[other] < age)
            {
                _ages[other]++;
            }
        }
        _ages[frame] = 0;
    }
}
