using System.Runtime.InteropServices;
using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Machine.Caches;

/// <summary>Evicted lines whose writeback the home has not acknowledged, with their bytes.</summary>
internal sealed unsafe class WritebackBuffer
{
    public const int None = -1;

    private readonly int _lineBytes;
    private readonly ulong[] _lines;
    private readonly CacheState[] _states;
    private readonly byte* _arena;

    public WritebackBuffer(int slots, int lineBytes)
    {
        _lineBytes = lineBytes;
        _lines = new ulong[slots];
        _states = new CacheState[slots];
        _arena = (byte*)NativeMemory.AllocZeroed((nuint)(slots * lineBytes));
    }

    ~WritebackBuffer() => NativeMemory.Free(_arena);

    public int Find(LineAddress line)
    {
        for (int slot = 0; slot < _lines.Length; slot++)
        {
            if (_lines[slot] == line.Value && _states[slot] != CacheState.I)
            {
                return slot;
            }
        }
        return None;
    }

    /// <summary>The first free slot, or <see cref="None"/>.</summary>
    public int FindFree() => Array.IndexOf(_states, CacheState.I);

    public CacheState StateOf(int slot) => _states[slot];

    public LineAddress LineOf(int slot) => new(_lines[slot]);

    public int Slots => _lines.Length;

    public byte* BytesOf(int slot) => _arena + (slot * _lineBytes);

    public void Put(int slot, LineAddress line, CacheState state, byte* bytes)
    {
        Invariant.Holds(_states[slot] == CacheState.I);
        _lines[slot] = line.Value;
        _states[slot] = state;
        Buffer.MemoryCopy(bytes, BytesOf(slot), _lineBytes, _lineBytes);
    }

    public void Set(int slot, CacheState state)
    {
        _states[slot] = state;
        if (state == CacheState.I)
        {
            _lines[slot] = 0;
        }
    }

    public void Save(StateWriter writer)
    {
        writer.Write("writebackStates", MemoryMarshal.AsBytes(_states.AsSpan()));
        for (int slot = 0; slot < _lines.Length; slot++)
        {
            if (_states[slot] != CacheState.I)
            {
                writer.Write("writebackLine", _lines[slot]);
                writer.Write("writebackBytes", new ReadOnlySpan<byte>(BytesOf(slot), _lineBytes));
            }
        }
    }

    public void Load(StateReader reader)
    {
        reader.ReadBytes("writebackStates", MemoryMarshal.AsBytes(_states.AsSpan()));
        for (int slot = 0; slot < _lines.Length; slot++)
        {
            _lines[slot] = 0;
            if (_states[slot] != CacheState.I)
            {
                _lines[slot] = reader.ReadUInt64("writebackLine");
                reader.ReadBytes("writebackBytes", new Span<byte>(BytesOf(slot), _lineBytes));
            }
        }
    }
}
