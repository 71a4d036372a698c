namespace Disco.Actors.Machine.Mips.Isa;

/// <summary>What the assembler makes of other instructions: spellings, constants, addresses.</summary>
internal static class PseudoInstructions
{
    // {0}, {1}: the operands as written.
    private static readonly Dictionary<string, (int Operands, string Mnemonic, string Text)> Spellings = new()
    {
        ["move"] = (2, "or", "{0},{1},zero"),
        ["not"] = (2, "nor", "{0},{1},zero"),
        ["negu"] = (2, "subu", "{0},zero,{1}"),
        ["dnegu"] = (2, "dsubu", "{0},zero,{1}"),
        ["b"] = (1, "beq", "zero,zero,{0}"),
        ["bal"] = (1, "bgezal", "zero,{0}"),
        ["beqz"] = (2, "beq", "{0},zero,{1}"),
        ["bnez"] = (2, "bne", "{0},zero,{1}"),
        ["beqzl"] = (2, "beql", "{0},zero,{1}"),
        ["bnezl"] = (2, "bnel", "{0},zero,{1}"),
    };

    /// <summary>Emits a pseudo-instruction; false when the mnemonic is none.</summary>
    internal static bool TryEmit(string mnemonic, string operands, AssemblyPass pass)
    {
        if (Spellings.TryGetValue(mnemonic, out (int Operands, string Mnemonic, string Text) spelling))
        {
            string[] written = operands.Split(',', StringSplitOptions.TrimEntries);
            if (written.Length != spelling.Operands)
            {
                throw new FormatException($"{mnemonic}: needs {spelling.Operands} operands, has '{operands}'");
            }

            string text = spelling.Text.Replace("{0}", written[0], StringComparison.Ordinal)
                .Replace("{1}", written[^1], StringComparison.Ordinal);
            pass.EmitWord(InstructionEncoder.Encode(spelling.Mnemonic, text, pass));
            return true;
        }

        if (mnemonic is not ("li" or "dli" or "la" or "dla"))
        {
            return false;
        }

        OperandReader reader = new(operands, pass);
        int register = RegisterNames.ParseGeneral(reader.Name());
        if (register < 0 || !reader.TryTake(','))
        {
            throw new FormatException($"{mnemonic}: needs a general register, a comma and a value, has '{operands}'");
        }

        if (mnemonic is "li" or "dli")
        {
            LoadConstant((uint)register, reader.Constant(), pass);
        }
        else
        {
            LoadAddress((uint)register, reader.Expression() ?? 0, pass);
        }

        return reader.AtEnd ? true : throw new FormatException($"{mnemonic}: too many operands: '{reader.Rest}'");
    }

    // The shortest of: one instruction for 16 bits of either sign, LUI and ORI for 32, then 16 bits at a time.
    private static void LoadConstant(uint register, long value, AssemblyPass pass)
    {
        if (value == (short)value)
        {
            Emit(Op.Addiu, 0, register, (uint)value, pass);
        }
        else if (value == (ushort)value)
        {
            Emit(Op.Ori, 0, register, (uint)value, pass);
        }
        else if (value == (int)value)
        {
            Emit(Op.Lui, 0, register, (uint)(value >> 16), pass);
            OrLow(register, value, pass);
        }
        else
        {
            LoadConstant(register, value >> 16, pass);
            ShiftLeft16(register, pass);
            OrLow(register, value, pass);
        }
    }

    // The length must not depend on the value: labels ahead are not known when sizes are fixed.
    private static void LoadAddress(uint register, long address, AssemblyPass pass)
    {
        if (pass.HasShortAddresses)
        {
            if (address != (int)address)
            {
                throw new FormatException($"address 0x{address:x} is not a sign-extended 32-bit address; use dli");
            }

            Emit(Op.Lui, 0, register, (uint)((address + 0x8000) >> 16), pass);
            Emit(Op.Daddiu, register, register, (uint)address, pass);
            return;
        }

        Emit(Op.Lui, 0, register, (uint)(address >> 48), pass);
        Emit(Op.Ori, register, register, (uint)(address >> 32), pass);
        ShiftLeft16(register, pass);
        Emit(Op.Ori, register, register, (uint)(address >> 16), pass);
        ShiftLeft16(register, pass);
        Emit(Op.Ori, register, register, (uint)address, pass);
    }

    private static void OrLow(uint register, long value, AssemblyPass pass)
    {
        if ((ushort)value != 0)
        {
            Emit(Op.Ori, register, register, (uint)value, pass);
        }
    }

    private static void ShiftLeft16(uint register, AssemblyPass pass)
    {
        InstructionRow row = OpInfo.Of(Op.Dsll).Row!;
        pass.EmitWord(
            row.Value | row.Fields['t'].Place(register) | row.Fields['d'].Place(register) | row.Fields['a'].Place(16));
    }

    private static void Emit(Op op, uint source, uint target, uint immediate, AssemblyPass pass)
    {
        InstructionRow row = OpInfo.Of(op).Row!;
        uint word = row.Value | row.Fields['t'].Place(target) | row.Fields['i'].Place(immediate);
        pass.EmitWord(op == Op.Lui ? word : word | row.Fields['s'].Place(source));
    }
}
