using System.Numerics;

namespace Disco.Actors.Machine.Mips.Isa;

/// <summary>One parsed row of <see cref="InstructionTable"/>: a word matches iff (word &amp; Mask) == Value.</summary>
public sealed class InstructionRow
{
    private readonly Dictionary<char, BitField> _fields = [];

    /// <summary>Parses a row. FormatException for a row that is not 32 bits of known letters.</summary>
    internal InstructionRow(string encoding, string name, Form form, Op op, OpFlags flags, int bytes, Op inside)
    {
        Encoding = encoding.Replace(" ", "", StringComparison.Ordinal);
        Name = name;
        Form = form;
        Op = op;
        Inside = inside;
        AccessBytes = bytes;
        if (Encoding.Length != 32)
        {
            throw new FormatException($"row {name}: {Encoding.Length} bits, must be 32");
        }

        for (int column = 0; column < 32; column++)
        {
            Parse(Encoding[column], 31 - column);
        }

        Flags = flags | Coprocessor(Value >> 26, op);
        IsFormatted = name.Contains('.', StringComparison.Ordinal) && (Flags & OpFlags.Cop1) != 0;
    }

    /// <summary>The 32 characters of the row, bit 31 first.</summary>
    public string Encoding { get; }

    /// <summary>The mnemonic in GNU's spelling; '*' stands for the condition of C.cond.fmt.</summary>
    public string Name { get; }

    public Form Form { get; }

    public Op Op { get; }

    public OpFlags Flags { get; }

    /// <summary>Bytes of a load or store, 0 for others; the partial ones give the size of the whole datum.</summary>
    public int AccessBytes { get; }

    /// <summary>The general row that this one is a declared special case of (NOP inside SLL), or Reserved.</summary>
    public Op Inside { get; }

    public uint Mask { get; private set; }

    public uint Value { get; private set; }

    /// <summary>Bits that are ignored when decoding and assembled as zero.</summary>
    public uint Ignored { get; private set; }

    /// <summary>The name carries a floating-point format.</summary>
    public bool IsFormatted { get; }

    /// <summary>The letters that name fields, in no particular order of bits.</summary>
    internal IReadOnlyDictionary<char, BitField> Fields => _fields;

    public bool Matches(uint word) => (word & Mask) == Value;

    internal int FixedBitCount => BitOperations.PopCount(Mask);

    private void Parse(char letter, int bit)
    {
        switch (letter)
        {
            case '0' or '1':
                Mask |= 1u << bit;
                Value |= (letter == '1' ? 1u : 0u) << bit;
                break;
            case 'x':
                Ignored |= 1u << bit;
                break;
            case >= 'a' and <= 'z' or >= 'A' and <= 'Z':
                // Columns run downwards, so the last one seen is the field's lowest bit.
                int width = _fields.TryGetValue(letter, out BitField field) ? field.Width + 1 : 1;
                if (width > 1 && field.Shift != bit + 1)
                {
                    throw new FormatException($"row {Name}: field {letter} is in two pieces");
                }

                _fields[letter] = new BitField(bit, width);
                break;
            default:
                throw new FormatException($"row {Name}: letter {letter} has no meaning");
        }
    }

    // Every instruction of a coprocessor's opcode needs that coprocessor; CACHE needs CP0 and MOVF, MOVT (integer)
    // need the FPU, whose condition codes they read. [Vol II, CACHE, MOVF, MOVT]
    private static OpFlags Coprocessor(uint opcode, Op op) => (opcode, op) switch
    {
        (_, Op.Cache) or (0b010000, _) => OpFlags.Cop0,
        (_, Op.Movf or Op.Movt) or (0b010001 or 0b010011, _) => OpFlags.Cop1,
        (0b110001 or 0b110101 or 0b111001 or 0b111101, _) => OpFlags.Cop1,
        (0b010010 or 0b110010 or 0b110110 or 0b111010 or 0b111110, _) => OpFlags.Cop2,
        _ => OpFlags.None,
    };
}

/// <summary>A field of the instruction word.</summary>
internal readonly record struct BitField(int Shift, int Width)
{
    internal uint Mask => Width == 32 ? uint.MaxValue : (1u << Width) - 1;

    internal uint Read(uint word) => (word >> Shift) & Mask;

    internal uint Place(uint value) => (value & Mask) << Shift;
}
