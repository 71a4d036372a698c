using System.Text;

namespace Disco.Actors.Machine.Mips.Isa;

/// <summary>
/// Assembles the disassembler's syntax, as tests of the processor are written in it. What is written is what is
/// emitted: no reordering, delay slots are the author's.
/// <code>
/// loop:   daddiu a0,a0,-1     # comment; ';' separates statements
///         bne    a0,zero,loop
///         nop
/// </code>
/// Labels are names, or numbers used as 1b and 1f. Registers are a0 or $a0 or $4; $f4, $fcc1; CP0 registers $12 or
/// $12,1. Pseudo-instructions: li dli (any 64-bit constant), la dla (any label), move, not, negu, dnegu, b, bal,
/// beqz, bnez, beqzl, bnezl. Directives: .byte .half .word .dword (lists), .ascii .asciiz "text", .space n,
/// .align n (to 2^n bytes), .org n (from the start of the text), .equ name,value.
/// </summary>
public static class Assembler
{
    /// <summary>
    /// The bytes of a text that starts at baseAddress, in the byte order asked for.
    /// Throws <see cref="FormatException"/> "line 3: ..." at the first line that cannot be assembled.
    /// </summary>
    public static AssembledProgram Assemble(string text, ulong baseAddress = 0, bool bigEndian = false)
    {
        string[] lines = text.ReplaceLineEndings("\n").Split('\n');
        AssemblyPass sizes = new(baseAddress, bigEndian, null);
        Run(lines, sizes);
        AssemblyPass final = new(baseAddress, bigEndian, sizes);
        Run(lines, final);
        return new AssembledProgram(baseAddress, [.. final.Bytes], final.Symbols);
    }

    private static void Run(string[] lines, AssemblyPass pass)
    {
        for (int number = 1; number <= lines.Length; number++)
        {
            try
            {
                foreach (string statement in Statements(lines[number - 1]))
                {
                    Statement(statement, pass);
                }
            }
            catch (FormatException error)
            {
                throw new FormatException($"line {number}: {error.Message}", error);
            }
        }
    }

    // Splits at ';', ends at '#', neither inside quotes.
    private static List<string> Statements(string line)
    {
        List<string> statements = [];
        StringBuilder statement = new();
        char quote = '\0';
        for (int at = 0; at < line.Length; at++)
        {
            char c = line[at];
            if (quote == '\0' && c == '#')
            {
                break;
            }

            if (quote == '\0' && c == ';')
            {
                statements.Add(statement.ToString());
                statement.Clear();
                continue;
            }

            statement.Append(c);
            if (quote != '\0' && c == '\\' && at + 1 < line.Length)
            {
                statement.Append(line[++at]);
            }
            else if (c is '"' or '\'' && (quote == '\0' || quote == c))
            {
                quote = quote == '\0' ? c : '\0';
            }
        }

        statements.Add(statement.ToString());
        return statements;
    }

    private static void Statement(string statement, AssemblyPass pass)
    {
        string rest = statement.Trim();
        for (int colon = LabelLength(rest); colon > 0; colon = LabelLength(rest))
        {
            pass.Define(rest[..colon], pass.Address);
            rest = rest[(colon + 1)..].TrimStart();
        }

        if (rest.Length == 0)
        {
            return;
        }

        int end = rest.IndexOfAny([' ', '\t']);
        string mnemonic = (end < 0 ? rest : rest[..end]).ToLowerInvariant();
        string operands = end < 0 ? "" : rest[end..].Trim();
        if (mnemonic[0] == '.')
        {
            Directives.Emit(mnemonic, operands, pass);
            return;
        }

        if ((pass.Address & 3) != 0)
        {
            throw new FormatException($"instruction at 0x{pass.Address:x}, not a multiple of 4; use .align 2");
        }

        if (InstructionEncoder.Knows(mnemonic))
        {
            pass.EmitWord(InstructionEncoder.Encode(mnemonic, operands, pass));
        }
        else if (!PseudoInstructions.TryEmit(mnemonic, operands, pass))
        {
            throw new FormatException($"unknown instruction '{mnemonic}'");
        }
    }

    // Characters before the ':' when the statement starts with a label, otherwise 0.
    private static int LabelLength(string statement)
    {
        int length = 0;
        while (length < statement.Length
            && (char.IsAsciiLetterOrDigit(statement[length]) || statement[length] is '_' or '.'))
        {
            length++;
        }

        return length < statement.Length && statement[length] == ':' ? length : 0;
    }
}
