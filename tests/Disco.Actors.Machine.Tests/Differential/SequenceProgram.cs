using System.Buffers.Binary;
using Disco.Actors.Machine.Mips.Isa;

namespace Disco.Actors.Machine.Tests.Differential;

/// <summary>
/// One program out of many sequences: before each, all registers are loaded from a block of the data segment; after it
/// they are stored to another. The last act writes all result blocks to standard output, or spins.
/// </summary>
internal sealed class SequenceProgram
{
    public const uint TextStart = 0x0010_0000;
    public const uint DataStart = 0x0080_0000;

    /// <summary>r1..r31 and HI, LO, then f0..f31, FCSR, and the memory block.</summary>
    public const int BlockBytes = (34 + 32 + 2) * 8 + SequenceGenerator.DataBytes;

    private const int HiAt = 32 * 8;
    private const int LoAt = 33 * 8;
    private const int FloatAt = 34 * 8;
    private const int FcsrAt = 66 * 8;
    private const int MemoryAt = 68 * 8;

    private readonly List<uint> _text = [];
    private readonly List<byte> _data = [];
    private readonly List<IReadOnlyList<uint>> _sequences = [];
    private int _tailAt;

    public int Sequences => _sequences.Count;

    public byte[] Data => [.. _data];

    /// <summary>One register block; the same place receives the results.</summary>
    public void Add(SequenceGenerator generator, int length, bool floating)
    {
        uint block = DataStart + (uint)(Sequences * BlockBytes);
        WriteInputs(generator);
        LoadAddress(29, block);
        LoadAddress(30, block + MemoryAt);
        Emit(Load(8, HiAt), 0x0100_0011, Load(8, LoAt), 0x0100_0013);
        Emit(Load(8, FcsrAt), 0x44c8_f800);
        for (int i = 0; i < 32; i++)
        {
            Emit(0xd400_0000 | (29u << 21) | ((uint)i << 16) | (uint)(FloatAt + (i * 8)));
        }
        for (int i = 1; i < 32; i++)
        {
            if (i is not (29 or 30))
            {
                Emit(Load(i, i * 8));
            }
        }
        List<uint> sequence = generator.Next(length, floating);
        _sequences.Add(sequence);
        foreach (uint word in sequence)
        {
            Emit(word);
        }
        for (int i = 1; i < 32; i++)
        {
            Emit(Store(i, i * 8));
        }
        Emit(0x0000_4010, Store(8, HiAt), 0x0000_4012, Store(8, LoAt));
        Emit(0x4448_f800, Store(8, FcsrAt));
        for (int i = 0; i < 32; i++)
        {
            Emit(0xf400_0000 | (29u << 21) | ((uint)i << 16) | (uint)(FloatAt + (i * 8)));
        }
    }

    /// <summary>The words, ending in write(1, data) and exit(0), or in a loop to itself.</summary>
    public uint[] Text(bool system)
    {
        _tailAt = _text.Count;
        List<uint> words = [.. _text];
        if (system)
        {
            uint bytes = (uint)(Sequences * BlockBytes);
            Constant(words, 2, 5001);
            Constant(words, 4, 1);
            Constant(words, 5, DataStart);
            Constant(words, 6, bytes);
            words.Add(0x0000_000c);
            Constant(words, 2, 5058);
            Constant(words, 4, 0);
            words.Add(0x0000_000c);
        }
        words.AddRange([0x1000_ffff, 0]);
        return [.. words];
    }

    public uint EndAddress => TextStart + (uint)(_tailAt * 4);

    public static byte[] Bytes(uint[] words)
    {
        byte[] bytes = new byte[words.Length * 4];
        for (int i = 0; i < words.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i * 4), words[i]);
        }
        return bytes;
    }

    /// <summary>The instructions of a sequence as text, for the report of a difference.</summary>
    public string Listing(int sequence) =>
        string.Join("; ", _sequences[sequence].Select(word => Disassembler.Format(word, 0)));

    /// <summary>A name for an offset in a block, for the report of a difference.</summary>
    public static string NameOf(int offset) => offset switch
    {
        < HiAt => $"r{offset / 8}",
        < LoAt => "hi",
        < FloatAt => "lo",
        < FcsrAt => $"f{(offset - FloatAt) / 8}",
        < MemoryAt => "fcsr",
        _ => $"memory+{offset - MemoryAt}",
    };

    private void WriteInputs(SequenceGenerator generator)
    {
        Span<byte> block = stackalloc byte[BlockBytes];
        for (int i = 0; i < 34; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(block[(i * 8)..], generator.Value());
        }
        for (int i = 0; i < 32; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(block[(FloatAt + (i * 8))..], generator.FloatingValue());
        }
        BinaryPrimitives.WriteUInt64LittleEndian(block[FcsrAt..], generator.RoundingMode());
        for (int i = 0; i < SequenceGenerator.DataBytes; i += 8)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(block[(MemoryAt + i)..], generator.Value());
        }
        _data.AddRange(block);
    }

    private static uint Load(int register, int offset) =>
        0xdc00_0000 | (29u << 21) | ((uint)register << 16) | (uint)offset;

    private static uint Store(int register, int offset) =>
        0xfc00_0000 | (29u << 21) | ((uint)register << 16) | (uint)offset;

    private void LoadAddress(uint register, uint address) => Constant(_text, register, address);

    private static void Constant(List<uint> words, uint register, uint value)
    {
        words.Add(0x3c00_0000 | (register << 16) | (value >> 16));
        words.Add(0x3400_0000 | (register << 21) | (register << 16) | (value & 0xffff));
    }

    private void Emit(params ReadOnlySpan<uint> words) => _text.AddRange(words);
}
