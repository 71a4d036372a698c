using System.Buffers.Binary;
using System.Text;

namespace Disco.Actors.Machine.Boards;

/// <summary>Fields of an ELF file in its own byte order and word size, each read checked against its length.</summary>
internal readonly ref struct ElfReader(ReadOnlySpan<byte> file, string name, bool is64, bool isLittleEndian)
{
    private readonly ReadOnlySpan<byte> _file = file;

    public bool Is64 => is64;

    /// <summary>A part of the file. Errors: ElfException naming <paramref name="what"/> when it is cut off.</summary>
    public ReadOnlySpan<byte> Slice(ulong offset, ulong bytes, string what)
    {
        var length = (ulong)_file.Length;
        if (offset > length || bytes > length - offset)
        {
            throw new ElfException(
                name,
                $"truncated: {what} takes 0x{bytes:x} bytes at offset 0x{offset:x}, and the file has 0x{length:x}.");
        }

        return _file.Slice((int)offset, (int)bytes);
    }

    public ushort Half(ulong offset, string what)
    {
        var bytes = Slice(offset, 2, what);
        return isLittleEndian
            ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);
    }

    public uint Word(ulong offset, string what)
    {
        var bytes = Slice(offset, 4, what);
        return isLittleEndian
            ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
    }

    public ulong Double(ulong offset, string what)
    {
        var bytes = Slice(offset, 8, what);
        return isLittleEndian
            ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }

    /// <summary>An offset or a size: 8 bytes in ELF64, 4 in ELF32.</summary>
    public ulong Size(ulong offset, string what) => is64 ? Double(offset, what) : Word(offset, what);

    /// <summary>An address: a 32-bit one is sign-extended, so that KSEG0 is KSEG0 (MIPS64 vol. III 4.3).</summary>
    public ulong Address(ulong offset, string what) => is64 ? Double(offset, what) : (ulong)(int)Word(offset, what);

    public static string Text(ReadOnlySpan<byte> table, uint offset)
    {
        if (offset >= table.Length)
        {
            return "";
        }

        var tail = table[(int)offset..];
        var end = tail.IndexOf((byte)0);
        return Encoding.ASCII.GetString(end < 0 ? tail : tail[..end]);
    }
}
