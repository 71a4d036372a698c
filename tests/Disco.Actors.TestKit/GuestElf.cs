using System.Buffers.Binary;
using Disco.Actors.Machine.Mips.Isa;

namespace Disco.Actors.TestKit;

/// <summary>Makes ELF64 executables of one segment from assembly text (System V ABI, chapters 4 and 5).</summary>
public static class GuestElf
{
    /// <summary>Where the text goes unless told otherwise: KSEG0, page aligned as a reset base must be.</summary>
    public const ulong Base = 0xffff_ffff_8010_0000;

    public const ushort Mips = 8;

    public const ushort Amd64 = 62;

    private const int HeaderBytes = 64;
    private const int SegmentHeaderBytes = 56;

    /// <summary>A little-endian executable that starts at the first instruction of the text.</summary>
    public static byte[] Assemble(string text, ulong address = Base) =>
        Of(Assembler.Assemble(text, address).Bytes, address);

    /// <summary>An executable with these bytes at this virtual address.</summary>
    public static byte[] Of(ReadOnlySpan<byte> bytes, ulong address = Base, ushort machine = Mips)
    {
        const int Data = HeaderBytes + SegmentHeaderBytes;
        byte[] file = new byte[Data + bytes.Length];
        // Magic; ELF64, little endian, version 1.
        byte[] identification = [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        identification.CopyTo(file, 0);
        Put(file, 0x10, 2, 2);
        Put(file, 0x12, machine, 2);
        Put(file, 0x14, 1, 4);
        Put(file, 0x18, address, 8);
        Put(file, 0x20, HeaderBytes, 8);
        Put(file, 0x34, HeaderBytes, 2);
        Put(file, 0x36, SegmentHeaderBytes, 2);
        Put(file, 0x38, 1, 2);
        // PT_LOAD, readable and executable.
        Put(file, HeaderBytes, 1, 4);
        Put(file, HeaderBytes + 0x04, 5, 4);
        Put(file, HeaderBytes + 0x08, Data, 8);
        Put(file, HeaderBytes + 0x10, address, 8);
        Put(file, HeaderBytes + 0x20, (ulong)bytes.Length, 8);
        Put(file, HeaderBytes + 0x28, (ulong)bytes.Length, 8);
        Put(file, HeaderBytes + 0x30, 0x1000, 8);
        bytes.CopyTo(file.AsSpan(Data));
        return file;
    }

    private static void Put(byte[] file, int at, ulong value, int bytes)
    {
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(word, value);
        word[..bytes].CopyTo(file.AsSpan(at));
    }
}
