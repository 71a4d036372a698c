namespace Disco.Actors.Machine.Mips.Isa;

/// <summary>Turns a mnemonic and its operands into a word, by the rows of the decode table.</summary>
internal static class InstructionEncoder
{
    private static readonly Dictionary<string, List<(InstructionRow Row, uint Fixed)>> ByName = Index();

    internal static bool Knows(string mnemonic) => ByName.ContainsKey(mnemonic);

    /// <summary>The word; FormatException with the objection to the reading that got furthest.</summary>
    internal static uint Encode(string mnemonic, string operands, AssemblyPass pass)
    {
        string objection = "";
        int furthest = -1;
        foreach ((InstructionRow row, uint bits) in ByName[mnemonic])
        {
            foreach (string syntax in Variants(Forms.Syntax(row.Form)))
            {
                OperandReader reader = new(operands, pass);
                try
                {
                    return Match(row, bits, syntax, reader, pass);
                }
                catch (FormatException error)
                {
                    if (reader.Position > furthest)
                    {
                        furthest = reader.Position;
                        objection = error.Message;
                    }
                }
            }
        }

        throw new FormatException($"{mnemonic}: {objection}");
    }

    private static Dictionary<string, List<(InstructionRow Row, uint Fixed)>> Index()
    {
        Dictionary<string, List<(InstructionRow Row, uint Fixed)>> index = [];
        foreach (InstructionRow row in InstructionTable.Rows)
        {
            if (row.Fields.TryGetValue('n', out BitField field))
            {
                for (int condition = 0; condition < 16; condition++)
                {
                    string name = row.Name.Replace("*", RegisterNames.Condition(condition), StringComparison.Ordinal);
                    index[name] = [(row, row.Value | field.Place((uint)condition))];
                }

                continue;
            }

            index[row.Name] = [(row, row.Value)];
        }

        // GNU lets dext and dins stand for their families, and knows the rotates by the manual's names too.
        index["dext"].AddRange([.. index["dextm"], .. index["dextu"]]);
        index["dins"].AddRange([.. index["dinsm"], .. index["dinsu"]]);
        foreach (Op op in (Op[])[Op.Rotr, Op.Rotrv, Op.Drotr, Op.Drotrv, Op.Drotr32])
        {
            InstructionRow row = OpInfo.Of(op).Row!;
            index[op.ToString().ToLowerInvariant()] = [(row, row.Value)];
        }

        return index;
    }

    // With the bracketed operand and without it.
    private static string[] Variants(string syntax)
    {
        int open = syntax.IndexOf('[', StringComparison.Ordinal);
        if (open < 0)
        {
            return [syntax];
        }

        int close = syntax.IndexOf(']', StringComparison.Ordinal);
        return [syntax.Remove(close, 1).Remove(open, 1), syntax.Remove(open, close - open + 1)];
    }

    private static uint Match(InstructionRow row, uint word, string syntax, OperandReader reader, AssemblyPass pass)
    {
        // JALR without rd links through register 31. [Vol II, JALR]
        if (row.Form == Form.RdRs && !syntax.Contains('d', StringComparison.Ordinal))
        {
            word |= row.Fields['d'].Place(31);
        }

        long? position = null;
        foreach (char letter in syntax)
        {
            switch (letter)
            {
                case ',' or '(' or ')':
                    if (!reader.TryTake(letter))
                    {
                        throw new FormatException($"expected '{letter}' at '{reader.Rest}'");
                    }

                    break;
                case 'z':
                    Register(reader, letter, 1);
                    break;
                case '=':
                    uint register = (uint)Register(reader, letter, 32);
                    word |= row.Fields['d'].Place(register) | row.Fields['t'].Place(register);
                    break;
                case 's' or 't' or 'd' or 'S' or 'T' or 'D' or 'R' or '#' or 'c' or 'C':
                    BitField field = row.Fields[Forms.FieldOf(row, letter)];
                    word |= field.Place((uint)Register(reader, letter, 1 << field.Width));
                    break;
                case 'p':
                    position = reader.Constant();
                    break;
                case 'w':
                    word |= BitFieldOf(row, position!.Value, reader.Constant());
                    break;
                case 'K':
                    word |= BreakCode(row, reader);
                    break;
                default:
                    word |= Number(row, letter, reader, pass);
                    break;
            }
        }

        return reader.AtEnd ? word : throw new FormatException($"too many operands: '{reader.Rest}'");
    }

    private static int Register(OperandReader reader, char letter, int limit)
    {
        int start = reader.Position;
        string name = reader.Name();
        (string kind, int register) = letter switch
        {
            'S' or 'T' or 'D' or 'R' =>
                ("floating-point register", RegisterNames.ParseNumbered(name, "$f", limit)),
            '#' => ("register number such as $12", RegisterNames.ParseNumbered(name, "$", limit)),
            'c' => ("condition code such as $fcc0", RegisterNames.ParseNumbered(name, "$fcc", limit)),
            'C' => ("condition code such as $cc0", RegisterNames.ParseNumbered(name, "$cc", limit)),
            _ => ("general register", RegisterNames.ParseGeneral(name)),
        };
        if (register >= 0 && register < limit)
        {
            return register;
        }

        reader.Position = start;
        throw new FormatException($"expected a {kind} at '{reader.Rest}'");
    }

    private static uint BitFieldOf(InstructionRow row, long position, long width)
    {
        (uint Lsb, uint Msb) encoded = BitFieldRange.Encode(row, position, width)
            ?? throw new FormatException($"cannot address {width} bits at bit {position}");
        return row.Fields['a'].Place(encoded.Lsb) | row.Fields['m'].Place(encoded.Msb);
    }

    // BREAK's 20 bits are written as two numbers of 10 bits, the second left out when 0, as GNU does.
    private static uint BreakCode(InstructionRow row, OperandReader reader)
    {
        uint high = (uint)InRange(reader.Constant(), 0, 1023, "code");
        uint low = reader.TryTake(',') ? (uint)InRange(reader.Constant(), 0, 1023, "code") : 0;
        return row.Fields['k'].Place((high << 10) | low);
    }

    private static uint Number(InstructionRow row, char letter, OperandReader reader, AssemblyPass pass)
    {
        BitField field = row.Fields[Forms.FieldOf(row, letter)];
        if (letter == 'o' && reader.Peek() == '(')
        {
            return 0;
        }

        // A label the first pass has not met counts as an operand in range: the second pass judges it.
        long? known = reader.Expression();
        if (known is not { } value)
        {
            return 0;
        }

        long encoded = letter switch
        {
            'i' or 'o' => InRange(value, short.MinValue, short.MaxValue, "signed 16-bit value"),
            'b' => BranchOffset(value, (long)pass.Address + 4),
            'j' => JumpIndex(value, (long)pass.Address + 4),
            _ => InRange(value, 0, field.Mask, $"{field.Width}-bit value"),
        };
        return field.Place((uint)encoded);
    }

    private static long BranchOffset(long target, long delaySlot)
    {
        long distance = target - delaySlot;
        return (distance & 3) == 0 && distance >> 2 is >= short.MinValue and <= short.MaxValue
            ? distance >> 2
            : throw new FormatException($"branch target 0x{target:x} is unaligned or beyond 128 KiB");
    }

    private static long JumpIndex(long target, long delaySlot) =>
        (target & 3) == 0 && (target ^ delaySlot) >> 28 == 0
            ? target >> 2
            : throw new FormatException($"jump target 0x{target:x} is unaligned or in another 256 MiB region");

    private static long InRange(long value, long least, long most, string kind) =>
        value >= least && value <= most
            ? value
            : throw new FormatException($"{value} is not a {kind} ({least} to {most})");
}
