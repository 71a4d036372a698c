using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Disco.Actors.Machine.Mips.Interpreter;

/// <summary>Sizes that the port's granules fix, as constants for the compiler.</summary>
internal interface IGranule
{
    static abstract int DataShift { get; }

    static abstract int DataEntries { get; }

    static abstract int CodeShift { get; }

    static abstract int FetchEntries { get; }
}

/// <summary>Lines: 32 bytes of data, 64 of instructions (coherent fidelity).</summary>
internal readonly struct LineGranule : IGranule
{
    public static int DataShift => 5;

    public static int DataEntries => 2048;

    public static int CodeShift => 6;

    public static int FetchEntries => 2048;
}

/// <summary>Pages: 4 KB of data, 1 KB of instructions (fast fidelity).</summary>
internal readonly struct PageGranule : IGranule
{
    public static int DataShift => 12;

    public static int DataEntries => 512;

    public static int CodeShift => 10;

    public static int FetchEntries => 1024;
}

/// <summary>How values lie in memory. Bytes in memory are in the guest's order.</summary>
internal unsafe interface IByteOrder
{
    static abstract bool Big { get; }
}

internal readonly struct LittleEndian : IByteOrder
{
    public static bool Big => false;
}

internal readonly struct BigEndian : IByteOrder
{
    public static bool Big => true;
}

internal static unsafe class Bytes
{
    /// <summary>Reads 1, 2, 4 or 8 bytes, zero extended.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Read<TOrder>(byte* from, int sizeBytes)
        where TOrder : struct, IByteOrder => sizeBytes switch
        {
            1 => *from,
            2 => TOrder.Big ? BinaryPrimitives.ReverseEndianness(*(ushort*)from) : *(ushort*)from,
            4 => TOrder.Big ? BinaryPrimitives.ReverseEndianness(*(uint*)from) : *(uint*)from,
            _ => TOrder.Big ? BinaryPrimitives.ReverseEndianness(*(ulong*)from) : *(ulong*)from,
        };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write<TOrder>(byte* to, int sizeBytes, ulong value)
        where TOrder : struct, IByteOrder
    {
        switch (sizeBytes)
        {
            case 1:
                *to = (byte)value;
                break;
            case 2:
                *(ushort*)to = TOrder.Big ? BinaryPrimitives.ReverseEndianness((ushort)value) : (ushort)value;
                break;
            case 4:
                *(uint*)to = TOrder.Big ? BinaryPrimitives.ReverseEndianness((uint)value) : (uint)value;
                break;
            default:
                *(ulong*)to = TOrder.Big ? BinaryPrimitives.ReverseEndianness(value) : value;
                break;
        }
    }
}
