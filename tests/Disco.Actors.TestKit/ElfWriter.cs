using System.Buffers.Binary;
using System.Text;

namespace Disco.Actors.TestKit;

/// <summary>
/// Builds small ELF files for tests: header, program headers, bytes, then optional symbols; right ones, and those a
/// loader must refuse. (System V ABI, chapters 4 and 5.)
/// </summary>
public sealed class ElfWriter(bool is64 = true, bool isLittleEndian = true)
{
    public const ushort Mips = 8;

    public const ushort Amd64 = 62;

    public const ushort Executable = 2;

    // EF_MIPS_ARCH_64R2; no ABI flag means n64.
    private const uint Release2 = 0x8000_0000;

    // Readable, writable and executable.
    private const uint AllRights = 7;

    private readonly List<byte> _bytes = [];

    public ushort Type { get; set; } = Executable;

    public ushort Machine { get; set; } = Mips;

    public ulong Entry { get; set; } = 0xffff_ffff_8010_0000;

    /// <summary>
    /// Offsets in the file equal addresses modulo this, which an operating system that maps pages wants; 1 for a loader
    /// that copies.
    /// </summary>
    public int PageBytes { get; set; } = 1;

    public List<(ulong Address, byte[] Bytes, ulong MemoryBytes)> Segments { get; } = [];

    public List<(string Name, ulong Address, ulong Bytes, byte Kind)> Symbols { get; } = [];

    public byte[] Build()
    {
        int headerBytes = is64 ? 64 : 52;
        int programBytes = is64 ? 56 : 32;
        int sectionBytes = is64 ? 64 : 40;
        int symbolBytes = is64 ? 24 : 16;
        int data = headerBytes + (programBytes * Segments.Count);
        int[] offsets = PlaceSegments(data);
        int symbolsAt = offsets[^1];
        string names = "\0" + string.Concat(Symbols.Select(s => s.Name + "\0"));
        int namesAt = symbolsAt + (symbolBytes * Symbols.Count);
        int sectionsAt = namesAt + names.Length;

        _bytes.Clear();
        _bytes.AddRange([0x7f, (byte)'E', (byte)'L', (byte)'F']);
        _bytes.AddRange([(byte)(is64 ? 2 : 1), (byte)(isLittleEndian ? 1 : 2), 1]);
        _bytes.AddRange(new byte[9]);
        Put(2, Type, Machine);
        Put(4, 1);
        PutSizes(Entry, (ulong)headerBytes, Symbols.Count > 0 ? (ulong)sectionsAt : 0);
        Put(4, Release2);
        Put(2, (ulong)headerBytes, (ulong)programBytes, (ulong)Segments.Count);
        Put(2, (ulong)sectionBytes, Symbols.Count > 0 ? 2u : 0u, 0);
        PutProgramHeaders(offsets);
        for (int i = 0; i < Segments.Count; i++)
        {
            _bytes.AddRange(new byte[offsets[i] - _bytes.Count]);
            _bytes.AddRange(Segments[i].Bytes);
        }
        if (Symbols.Count > 0)
        {
            PutSymbols(names);
            PutSection(2, symbolsAt, symbolBytes * Symbols.Count, link: 1);
            PutSection(3, namesAt, names.Length, link: 0);
        }
        return [.. _bytes];
    }

    // Where each segment's bytes go, and where they end.
    private int[] PlaceSegments(int offset)
    {
        int[] offsets = new int[Segments.Count + 1];
        for (int i = 0; i < Segments.Count; i++)
        {
            offset += (int)((Segments[i].Address - (ulong)offset) % (ulong)PageBytes);
            offsets[i] = offset;
            offset += Segments[i].Bytes.Length;
        }
        offsets[^1] = offset;
        return offsets;
    }

    private void PutProgramHeaders(int[] offsets)
    {
        for (int i = 0; i < Segments.Count; i++)
        {
            (ulong address, byte[] bytes, ulong memoryBytes) = Segments[i];
            Put(4, 1);
            if (is64)
            {
                Put(4, AllRights);
            }
            PutSizes((ulong)offsets[i], address, address, (ulong)bytes.Length, memoryBytes);
            if (!is64)
            {
                Put(4, AllRights);
            }
            PutSizes(0x1000);
        }
    }

    private void PutSymbols(string names)
    {
        uint nameAt = 1;
        foreach ((string name, ulong address, ulong bytes, byte kind) in Symbols)
        {
            Put(4, nameAt);
            nameAt += (uint)name.Length + 1;
            if (!is64)
            {
                PutSizes(address, bytes);
            }
            Put(1, kind, 0);
            Put(2, 1);
            if (is64)
            {
                PutSizes(address, bytes);
            }
        }
        _bytes.AddRange(Encoding.ASCII.GetBytes(names));
    }

    private void PutSection(uint type, int offset, int bytes, uint link)
    {
        Put(4, 0, type);
        PutSizes(0, 0, (ulong)offset, (ulong)bytes);
        Put(4, link, 0);
        PutSizes(0, 0);
    }

    private void PutSizes(params ReadOnlySpan<ulong> values) => Put(is64 ? 8 : 4, values);

    private void Put(int width, params ReadOnlySpan<ulong> values)
    {
        Span<byte> word = stackalloc byte[8];
        foreach (ulong value in values)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(word, value);
            Span<byte> field = word[..width];
            if (!isLittleEndian)
            {
                field.Reverse();
            }
            _bytes.AddRange(field);
        }
    }
}
