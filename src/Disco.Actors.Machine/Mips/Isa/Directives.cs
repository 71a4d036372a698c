using System.Text;

namespace Disco.Actors.Machine.Mips.Isa;

/// <summary>The assembler's directives; listed at <see cref="Assembler"/>.</summary>
internal static class Directives
{
    // A slip of the pen in .space or .org should be a message, not the host's memory.
    private const long SizeMax = 64 << 20;

    internal static void Emit(string directive, string operands, AssemblyPass pass)
    {
        OperandReader reader = new(operands, pass);
        switch (directive)
        {
            case ".byte":
                Values(reader, 1, pass);
                return;
            case ".half":
                Values(reader, 2, pass);
                return;
            case ".word":
                Values(reader, 4, pass);
                return;
            case ".dword":
                Values(reader, 8, pass);
                return;
            case ".ascii":
                pass.Bytes.AddRange(Text(operands));
                return;
            case ".asciiz":
                pass.Bytes.AddRange(Text(operands));
                pass.Bytes.Add(0);
                return;
            case ".space":
                Fill(directive, reader.Constant(), pass);
                break;
            case ".align":
                long power = reader.Constant();
                long boundary = power is >= 0 and <= 20
                    ? 1L << (int)power
                    : throw new FormatException($".align {power}: 2^n bytes with n from 0 to 20");
                Fill(directive, -(long)pass.Address & (boundary - 1), pass);
                break;
            case ".org":
                Fill(directive, reader.Constant() - pass.Bytes.Count, pass);
                break;
            case ".equ":
                string name = reader.Name();
                if (!reader.TryTake(','))
                {
                    throw new FormatException(".equ needs a name, a comma and a value");
                }

                pass.Define(name, (ulong)reader.Constant());
                break;
            default:
                throw new FormatException($"unknown directive '{directive}'");
        }

        if (!reader.AtEnd)
        {
            throw new FormatException($"{directive}: too many operands: '{reader.Rest}'");
        }
    }

    private static void Values(OperandReader reader, int bytes, AssemblyPass pass)
    {
        do
        {
            long value = reader.Expression() ?? 0;
            int bits = 8 * bytes;

            // Both readings of the top bit are welcome: -1 and 0xff are the same byte.
            if (bits < 64 && (value >> bits != 0) && (value >> (bits - 1) != -1))
            {
                throw new FormatException($"{value} does not fit {bits} bits");
            }

            pass.Emit((ulong)value, bytes);
        }
        while (reader.TryTake(','));

        if (!reader.AtEnd)
        {
            throw new FormatException($"expected ',' at '{reader.Rest}'");
        }
    }

    private static void Fill(string directive, long bytes, AssemblyPass pass)
    {
        if (bytes < 0)
        {
            throw new FormatException($"{directive}: would go back {-bytes} bytes");
        }

        if (bytes + pass.Bytes.Count > SizeMax)
        {
            throw new FormatException($"{directive}: the text would exceed {SizeMax} bytes");
        }

        pass.Bytes.AddRange(new byte[bytes]);
    }

    private static byte[] Text(string operand)
    {
        if (operand.Length < 2 || operand[0] != '"' || operand[^1] != '"')
        {
            throw new FormatException("expected a text in double quotes");
        }

        StringBuilder text = new();
        for (int at = 1; at < operand.Length - 1; at++)
        {
            char c = operand[at];
            if (c == '\\')
            {
                c = operand[++at] switch
                {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    '0' => '\0',
                    '\\' => '\\',
                    '"' => '"',
                    _ => throw new FormatException($"unknown escape '\\{operand[at]}'"),
                };
            }

            text.Append(c);
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
