using System.Buffers.Binary;

namespace Disco.Actors.Machine.Tests.Differential;

/// <summary>Writes a static n64 user program: one segment of text, one of data, no sections.</summary>
internal static class UserElf
{
    private const int HeaderBytes = 64;
    private const int SegmentBytes = 56;

    public static byte[] Build(ulong textAt, byte[] text, ulong dataAt, byte[] data)
    {
        int textOffset = 0x1000;
        int dataOffset = (textOffset + text.Length + 0xfff) & ~0xfff;
        byte[] file = new byte[dataOffset + data.Length];
        Span<byte> header = file;
        ReadOnlySpan<byte> ident = [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        ident.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header[16..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[18..], 8);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], textAt);
        BinaryPrimitives.WriteUInt64LittleEndian(header[32..], HeaderBytes);
        // EF_MIPS_ARCH_64R2; no ABI flag means n64.
        BinaryPrimitives.WriteUInt32LittleEndian(header[48..], 0x8000_0000);
        BinaryPrimitives.WriteUInt16LittleEndian(header[52..], HeaderBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(header[54..], SegmentBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(header[56..], 2);
        Segment(header[HeaderBytes..], 5, textOffset, textAt, text.Length);
        Segment(header[(HeaderBytes + SegmentBytes)..], 6, dataOffset, dataAt, data.Length);
        text.CopyTo(file, textOffset);
        data.CopyTo(file, dataOffset);
        return file;
    }

    private static void Segment(Span<byte> at, uint flags, int offset, ulong address, int length)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(at, 1);
        BinaryPrimitives.WriteUInt32LittleEndian(at[4..], flags);
        BinaryPrimitives.WriteUInt64LittleEndian(at[8..], (ulong)offset);
        BinaryPrimitives.WriteUInt64LittleEndian(at[16..], address);
        BinaryPrimitives.WriteUInt64LittleEndian(at[24..], address);
        BinaryPrimitives.WriteUInt64LittleEndian(at[32..], (ulong)length);
        BinaryPrimitives.WriteUInt64LittleEndian(at[40..], (ulong)length);
        BinaryPrimitives.WriteUInt64LittleEndian(at[48..], 0x1000);
    }
}
