using System.Globalization;

namespace Disco.Actors.Machine.Mips.Isa;

/// <summary>
/// Reads names, registers and expressions from the operand part of a line.
/// <code>
/// expression = ["-" | "~"] term { ("+" | "-") term }
/// term       = number | 'character' | label | 1b | 1f | "." | function "(" expression ")"
/// function   = %lo %hi %higher %highest    16-bit pieces of an address, carries included
/// </code>
/// </summary>
internal sealed class OperandReader(string text, AssemblyPass pass)
{
    internal int Position { get; set; }

    internal bool AtEnd
    {
        get
        {
            SkipBlanks();
            return Position == text.Length;
        }
    }

    internal string Rest => text[Position..].Trim();

    internal char Peek()
    {
        SkipBlanks();
        return Position < text.Length ? text[Position] : '\0';
    }

    internal bool TryTake(char wanted)
    {
        if (Peek() != wanted)
        {
            return false;
        }

        Position++;
        return true;
    }

    /// <summary>A run of letters, digits and the characters of names and registers; may be empty.</summary>
    internal string Name()
    {
        SkipBlanks();
        int start = Position;
        while (Position < text.Length
            && (char.IsAsciiLetterOrDigit(text[Position]) || text[Position] is '_' or '.' or '$'))
        {
            Position++;
        }

        return text[start..Position];
    }

    /// <summary>Value of an expression, or null when the first pass does not know a label in it yet.</summary>
    internal long? Expression()
    {
        long? sum = Term();
        while (Peek() is '+' or '-')
        {
            bool minus = TryTake('-');
            Position += minus ? 0 : 1;
            long? term = Term();
            sum = minus ? sum - term : sum + term;
        }

        return sum;
    }

    /// <summary>An expression that sizes or places something, so every name in it stands above this line.</summary>
    internal long Constant() =>
        Expression() ?? throw new FormatException("the value must be known at this line (la loads an address)");

    private long? Term()
    {
        switch (Peek())
        {
            case '-':
                Position++;
                return -Term();
            case '~':
                Position++;
                return ~Term();
            case '%':
                Position++;
                return Piece(Name());
            case '\'' when Position + 2 < text.Length && text[Position + 2] == '\'':
                Position += 3;
                return text[Position - 2];
        }

        string name = Name();
        if (name.Length == 0)
        {
            throw new FormatException($"expected a number or label at '{Rest}'");
        }

        if (name == ".")
        {
            return (long)pass.Address;
        }

        return char.IsAsciiDigit(name[0]) ? Number(name) : (long?)pass.Resolve(name);
    }

    private long? Number(string name)
    {
        if (name[^1] is 'b' or 'f'
            && int.TryParse(name[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out int label))
        {
            return (long?)pass.ResolveNumbered(label, name[^1] == 'f');
        }

        (string digits, NumberStyles style) = name.Length > 2 && name[0] == '0'
            ? name[1] switch
            {
                'x' or 'X' => (name[2..], NumberStyles.AllowHexSpecifier),
                'b' or 'B' => (name[2..], NumberStyles.AllowBinarySpecifier),
                _ => (name, NumberStyles.None),
            }
            : (name, NumberStyles.None);
        return ulong.TryParse(digits, style, CultureInfo.InvariantCulture, out ulong value)
            ? (long)value
            : throw new FormatException($"'{name}' is not a number");
    }

    private long? Piece(string function)
    {
        if (!TryTake('('))
        {
            throw new FormatException($"expected '(' after %{function}");
        }

        long? value = Expression();
        if (!TryTake(')'))
        {
            throw new FormatException($"expected ')' at '{Rest}'");
        }

        return function switch
        {
            "lo" => (short?)value,
            "hi" => ((value + 0x8000) >> 16) & 0xFFFF,
            "higher" => ((value + 0x8000_8000) >> 32) & 0xFFFF,
            "highest" => ((value + 0x8000_8000_8000) >> 48) & 0xFFFF,
            _ => throw new FormatException($"%{function} is none of %lo, %hi, %higher, %highest"),
        };
    }

    private void SkipBlanks()
    {
        while (Position < text.Length && text[Position] is ' ' or '\t')
        {
            Position++;
        }
    }
}
