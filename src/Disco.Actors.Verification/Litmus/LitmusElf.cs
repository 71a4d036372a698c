using System.Buffers.Binary;
using Disco.Actors.Machine.Boards;

namespace Disco.Actors.Verification.Litmus;

/// <summary>A program of one segment as a 64-bit little-endian executable. (System V ABI, chapters 4 and 5)</summary>
internal static class LitmusElf
{
    private const int HeaderBytes = 64;
    private const int SegmentBytes = 56;
    private const ushort Executable = 2;
    private const ushort Mips = 8;

    // EF_MIPS_ARCH_64R2; no ABI flag means n64.
    private const uint Release2 = 0x8000_0000;
    private const uint AllRights = 7;

    public static ElfImage Of(byte[] program, ulong address, string name)
    {
        byte[] file = new byte[HeaderBytes + SegmentBytes + program.Length];
        Span<byte> header = file;
        ReadOnlySpan<byte> magic = [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        magic.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header[0x10..], Executable);
        BinaryPrimitives.WriteUInt16LittleEndian(header[0x12..], Mips);
        BinaryPrimitives.WriteUInt32LittleEndian(header[0x14..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(header[0x18..], address);
        BinaryPrimitives.WriteUInt64LittleEndian(header[0x20..], HeaderBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(header[0x30..], Release2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[0x34..], HeaderBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(header[0x36..], SegmentBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(header[0x38..], 1);
        Span<byte> segment = header[HeaderBytes..];
        BinaryPrimitives.WriteUInt32LittleEndian(segment, 1);
        BinaryPrimitives.WriteUInt32LittleEndian(segment[0x04..], AllRights);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[0x08..], HeaderBytes + SegmentBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[0x10..], address);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[0x18..], address);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[0x20..], (ulong)program.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[0x28..], (ulong)program.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[0x30..], 1);
        program.CopyTo(file, HeaderBytes + SegmentBytes);
        return ElfImage.Parse(file, name);
    }
}
