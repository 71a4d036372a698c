using System.Globalization;
using System.Text;

namespace Disco.Actors.Machine.Mips.Isa;

/// <summary>
/// Writes instructions as GNU objdump does with -M no-aliases,gpr-names=64 and numeric coprocessor registers, except
/// that NOP, SSNOP and EHB keep their names and DEXTM, DEXTU, DINSM, DINSU are not all called dext and dins.
/// </summary>
public static class Disassembler
{
    /// <summary>
    /// One line without line end: mnemonic, a tab, operands; ".word" for a reserved word.
    /// pc is the word's own address, used for branch and jump targets.
    /// </summary>
    public static string Format(uint word, ulong pc)
    {
        InstructionRow? row = Decoder.Info(word).Row;
        if (row is null)
        {
            return Invariant($".word\t0x{word:x}");
        }

        string name = row.Fields.TryGetValue('n', out BitField condition)
            ? row.Name.Replace("*", RegisterNames.Condition((int)condition.Read(word)), StringComparison.Ordinal)
            : row.Name;
        string operands = Operands(row, word, pc);
        return operands.Length == 0 ? name : name + "\t" + operands;
    }

    private static string Operands(InstructionRow row, uint word, ulong pc)
    {
        StringBuilder text = new();
        string syntax = Forms.Syntax(row.Form);
        for (int at = 0; at < syntax.Length; at++)
        {
            switch (syntax[at])
            {
                case '[':
                    // The bracket holds one operand and perhaps a comma before or after it.
                    char operand = syntax[at + 1] == ',' ? syntax[at + 2] : syntax[at + 1];
                    at = IsDefault(row, operand, word) ? syntax.IndexOf(']', at) : at;
                    break;
                case ']':
                    break;
                case ',' or '(' or ')':
                    text.Append(syntax[at]);
                    break;
                default:
                    text.Append(Operand(row, syntax[at], word, pc));
                    break;
            }
        }

        return text.ToString();
    }

    private static bool IsDefault(InstructionRow row, char operand, uint word) => operand switch
    {
        'z' => false,
        'd' => row.Fields['d'].Read(word) == 31,
        _ => row.Fields[Forms.FieldOf(row, operand)].Read(word) == 0,
    };

    private static string Operand(InstructionRow row, char operand, uint word, ulong pc)
    {
        if (operand == 'z')
        {
            return "zero";
        }

        if (operand is 'p' or 'w')
        {
            Instruction instruction = new(word);
            (int position, int width) = BitFieldRange.Decode(row.Form, instruction.Lsb, instruction.Msb);
            return Invariant($"0x{(operand == 'p' ? position : width):x}");
        }

        uint value = row.Fields[Forms.FieldOf(row, operand)].Read(word);
        return operand switch
        {
            's' or 't' or 'd' or '=' => RegisterNames.General((int)value),
            'S' or 'T' or 'D' or 'R' => Invariant($"$f{value}"),
            '#' => Invariant($"${value}"),
            'c' => Invariant($"$fcc{value}"),
            'C' => Invariant($"$cc{value}"),
            'e' => Invariant($"{value}"),
            'i' or 'o' => Invariant($"{(short)value}"),
            'b' => Invariant($"0x{pc + 4 + ((ulong)(short)value << 2):x}"),
            'j' => Invariant($"0x{((pc + 4) & ~0x0FFF_FFFFul) | (value << 2):x}"),
            'K' => (value & 1023) == 0
                ? Invariant($"0x{value >> 10:x}")
                : Invariant($"0x{value >> 10:x},0x{value & 1023:x}"),
            _ => Invariant($"0x{value:x}"),
        };
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
