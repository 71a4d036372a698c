namespace Disco.Actors.Machine.Mips.Isa;

/// <summary>
/// A 32-bit instruction word with the manual's field names.
/// <code>
///  31    26 25   21 20   16 15   11 10    6 5      0
/// | opcode |  rs   |  rt   |  rd   |  sa   | funct |   register
/// | opcode |  rs   |  rt   |      immediate        |   immediate
/// | opcode |            instr_index                |   jump
/// | opcode |  fmt  |  ft   |  fs   |  fd   | funct |   COP1
/// | opcode |  fr   |  ft   |  fs   |  fd   | funct |   COP1X
/// </code>
/// [MIPS64 Vol I, 4.2; Vol II, 3]
/// </summary>
public readonly record struct Instruction(uint Word)
{
    public int Opcode => (int)(Word >> 26);

    public int Rs => (int)(Word >> 21) & 31;

    public int Rt => (int)(Word >> 16) & 31;

    public int Rd => (int)(Word >> 11) & 31;

    public int Sa => (int)(Word >> 6) & 31;

    public int Function => (int)Word & 63;

    /// <summary>Bits 15..0, sign extended.</summary>
    public long Immediate => (short)Word;

    /// <summary>Bits 15..0, zero extended.</summary>
    public ulong ImmediateUnsigned => (ushort)Word;

    /// <summary>What a branch adds to the address of its delay slot, in bytes.</summary>
    public long BranchOffset => (long)(short)Word << 2;

    /// <summary>instr_index of J and JAL, in words.</summary>
    public uint Target26 => Word & 0x03FF_FFFF;

    /// <summary>The format of a COP1 instruction: 16 S, 17 D, 20 W, 21 L.</summary>
    public int Format => Rs;

    public int Fr => Rs;

    public int Ft => Rt;

    public int Fs => Rd;

    public int Fd => Sa;

    /// <summary>Condition code of BC1F/BC1T, MOVF/MOVT and MOVF.fmt/MOVT.fmt (bits 20..18).</summary>
    public int Cc => (int)(Word >> 18) & 7;

    /// <summary>Condition code that C.cond.fmt writes (bits 10..8).</summary>
    public int CompareCc => (int)(Word >> 8) & 7;

    /// <summary>cond of C.cond.fmt: 8 signals invalid on a quiet NaN, 4 less, 2 equal, 1 unordered.</summary>
    public int Condition => (int)Word & 15;

    /// <summary>sel of MFC0 and its family.</summary>
    public int Sel => (int)Word & 7;

    /// <summary>code of SYSCALL, BREAK, SDBBP.</summary>
    public int Code => (int)(Word >> 6) & 0xFFFFF;

    /// <summary>code of TGE and its family.</summary>
    public int TrapCode => (int)(Word >> 6) & 0x3FF;

    /// <summary>hint of PREF, op of CACHE.</summary>
    public int Hint => Rt;

    /// <summary>hint of PREFX.</summary>
    public int HintIndexed => Rd;

    /// <summary>stype of SYNC.</summary>
    public int Stype => Sa;

    /// <summary>lsb field as encoded; DEXTU and DINSU mean 32 more.</summary>
    public int Lsb => Sa;

    /// <summary>msb (INS) or msbd (EXT) field as encoded; DEXTM, DINSM and DINSU mean 32 more.</summary>
    public int Msb => Rd;

    public override string ToString() => $"0x{Word:x8}";
}
