using System.Buffers.Binary;
using System.Text;

namespace Disco.Actors.Machine.Tests.Boards;

/// <summary>Builds small ELF files for tests: header, program headers, bytes, then optional symbols.</summary>
internal sealed class ElfWriter(bool is64 = true, bool isLittleEndian = true)
{
    private readonly List<byte> _bytes = [];

    public ushort Type { get; set; } = 2;

    public ushort Machine { get; set; } = 8;

    public ulong Entry { get; set; } = 0xffff_ffff_8010_0000;

    public List<(ulong Address, byte[] Bytes, ulong MemoryBytes)> Segments { get; } = [];

    public List<(string Name, ulong Address, ulong Bytes, byte Kind)> Symbols { get; } = [];

    public byte[] Build()
    {
        var headerBytes = is64 ? 64 : 52;
        var programBytes = is64 ? 56 : 32;
        var sectionBytes = is64 ? 64 : 40;
        var symbolBytes = is64 ? 24 : 16;
        var data = headerBytes + (programBytes * Segments.Count);
        var symbolsAt = data + Segments.Sum(s => s.Bytes.Length);
        var names = "\0" + string.Concat(Symbols.Select(s => s.Name + "\0"));
        var namesAt = symbolsAt + (symbolBytes * Symbols.Count);
        var sectionsAt = namesAt + names.Length;

        _bytes.Clear();
        _bytes.AddRange([0x7f, (byte)'E', (byte)'L', (byte)'F']);
        _bytes.AddRange([(byte)(is64 ? 2 : 1), (byte)(isLittleEndian ? 1 : 2), 1]);
        _bytes.AddRange(new byte[9]);
        Put(2, Type, Machine);
        Put(4, 1);
        PutSizes(Entry, (ulong)headerBytes, Symbols.Count > 0 ? (ulong)sectionsAt : 0);
        Put(4, 0x80000000);
        Put(2, (ulong)headerBytes, (ulong)programBytes, (ulong)Segments.Count);
        Put(2, (ulong)sectionBytes, Symbols.Count > 0 ? 2u : 0u, 0);
        PutProgramHeaders(data);
        Segments.ForEach(s => _bytes.AddRange(s.Bytes));
        if (Symbols.Count > 0)
        {
            PutSymbols(names);
            PutSection(2, symbolsAt, symbolBytes * Symbols.Count, link: 1);
            PutSection(3, namesAt, names.Length, link: 0);
        }

        return [.. _bytes];
    }

    private void PutProgramHeaders(int offset)
    {
        foreach (var (address, bytes, memoryBytes) in Segments)
        {
            Put(4, 1);
            if (is64)
            {
                Put(4, 5);
            }

            PutSizes((ulong)offset, address, 0, (ulong)bytes.Length, memoryBytes);
            if (!is64)
            {
                Put(4, 5);
            }

            PutSizes(0x1000);
            offset += bytes.Length;
        }
    }

    private void PutSymbols(string names)
    {
        var nameAt = 1u;
        foreach (var (name, address, bytes, kind) in Symbols)
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
        foreach (var value in values)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(word, value);
            var field = word[..width];
            if (!isLittleEndian)
            {
                field.Reverse();
            }

            _bytes.AddRange(field);
        }
    }
}
