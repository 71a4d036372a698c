using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Disco.Actors.Tracing.Container;

/// <summary>Bytes that grow, with numbers in as few bytes as they need (LEB128; signed ones zigzag).</summary>
internal sealed class ByteBuffer
{
    private byte[] _bytes = new byte[1024];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    /// <summary>What was written from a place on, to be changed.</summary>
    public Span<byte> From(int start) => _bytes.AsSpan(start, Length - start);

    /// <summary>Room for so many bytes behind what is written; <see cref="Taken"/> says how many were.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref byte Room(int bytes)
    {
        if (Length + bytes > _bytes.Length)
        {
            Reserve(bytes);
        }
        return ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_bytes), Length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Taken(int bytes) => Length += bytes;

    public void Byte(byte value)
    {
        Reserve(1);
        _bytes[Length++] = value;
    }

    public void Unsigned(ulong value)
    {
        Reserve(10);
        while (value >= 0x80)
        {
            _bytes[Length++] = (byte)(value | 0x80);
            value >>= 7;
        }
        _bytes[Length++] = (byte)value;
    }

    public void Signed(long value) => Unsigned((ulong)((value << 1) ^ (value >> 63)));

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(Length));
        Length += bytes.Length;
    }

    public void Text(string text)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text);
        Unsigned((ulong)bytes.Length);
        Bytes(bytes);
    }

    private void Reserve(int bytes)
    {
        if (Length + bytes > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + bytes));
        }
    }
}

/// <summary>Reads what a <see cref="ByteBuffer"/> wrote. Errors: TraceException when the bytes end too early.</summary>
internal ref struct ByteCursor(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at;

    public readonly int At => _at;

    public readonly bool AtEnd => _at == _bytes.Length;

    public byte Byte() => Bytes(1)[0];

    public ulong Unsigned()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = Byte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
        throw new TraceException("a number in the recording has more than 64 bits");
    }

    public long Signed()
    {
        ulong value = Unsigned();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public ReadOnlySpan<byte> Bytes(int count)
    {
        if (count < 0 || count > _bytes.Length - _at)
        {
            throw new TraceException("a block of the recording ends in the middle of an entry");
        }
        _at += count;
        return _bytes.Slice(_at - count, count);
    }

    public string Text()
    {
        ulong length = Unsigned();
        return System.Text.Encoding.UTF8.GetString(Bytes(length > int.MaxValue ? -1 : (int)length));
    }
}
