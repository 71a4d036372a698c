namespace Disco.Actors.Machine.Mips.Isa;

/// <summary>
/// One member per row of <see cref="InstructionTable"/>, in the same order, in the manual's names; formats are
/// suffixes (AddS is ADD.S, CvtDW is CVT.D.W). Zero is no instruction: Reserved Instruction, or Coprocessor
/// Unusable when the opcode is COP0, COP1, COP2 or COP1X and that coprocessor is off. [MIPS64 Vol III, CpU before RI]
/// </summary>
public enum Op : ushort
{
    Reserved = 0,

    // SPECIAL.
    Sll, Nop, Ssnop, Ehb, Movf, Movt, Srl, Rotr, Sra, Sllv, Srlv, Rotrv, Srav, Jr, JrHb, Jalr, JalrHb, Movz, Movn,
    Syscall, Break, Sync, Mfhi, Mthi, Mflo, Mtlo, Dsllv, Dsrlv, Drotrv, Dsrav, Mult, Multu, Div, Divu, Dmult,
    Dmultu, Ddiv, Ddivu, Add, Addu, Sub, Subu, And, Or, Xor, Nor, Slt, Sltu, Dadd, Daddu, Dsub, Dsubu, Tge, Tgeu,
    Tlt, Tltu, Teq, Tne, Dsll, Dsrl, Drotr, Dsra, Dsll32, Dsrl32, Drotr32, Dsra32,

    // REGIMM.
    Bltz, Bgez, Bltzl, Bgezl, Tgei, Tgeiu, Tlti, Tltiu, Teqi, Tnei, Bltzal, Bgezal, Bltzall, Bgezall, Synci,

    // Main opcodes.
    J, Jal, Beq, Bne, Blez, Bgtz, Addi, Addiu, Slti, Sltiu, Andi, Ori, Xori, Lui, Beql, Bnel, Blezl, Bgtzl, Daddi,
    Daddiu,

    // Loads and stores.
    Ldl, Ldr, Lb, Lh, Lwl, Lw, Lbu, Lhu, Lwr, Lwu, Sb, Sh, Swl, Sw, Sdl, Sdr, Swr, Cache, Ll, Lwc1, Lwc2, Pref,
    Lld, Ldc1, Ldc2, Ld, Sc, Swc1, Swc2, Scd, Sdc1, Sdc2, Sd,

    // SPECIAL2.
    Madd, Maddu, Mul, Msub, Msubu, Clz, Clo, Dclz, Dclo, Sdbbp,

    // SPECIAL3.
    Ext, Dextm, Dextu, Dext, Ins, Dinsm, Dinsu, Dins, Wsbh, Seb, Seh, Dsbh, Dshd, Rdhwr,

    // COP0.
    Mfc0, Dmfc0, Mtc0, Dmtc0, Rdpgpr, Di, Ei, Wrpgpr, Tlbr, Tlbwi, Tlbinv, Tlbinvf, Tlbwr, Tlbp, Eret, Deret, Wait,

    // COP2.
    Mfc2, Dmfc2, Cfc2, Mfhc2, Mtc2, Dmtc2, Ctc2, Mthc2, Bc2f, Bc2t, Bc2fl, Bc2tl, Cop2,

    // COP1.
    Mfc1, Dmfc1, Cfc1, Mfhc1, Mtc1, Dmtc1, Ctc1, Mthc1, Bc1f, Bc1t, Bc1fl, Bc1tl,

    // COP1, format S.
    AddS, SubS, MulS, DivS, SqrtS, AbsS, MovS, NegS, RoundLS, TruncLS, CeilLS, FloorLS, RoundWS, TruncWS, CeilWS,
    FloorWS, MovfS, MovtS, MovzS, MovnS, RecipS, RsqrtS, CvtDS, CvtWS, CvtLS, CCondS,

    // COP1, format D.
    AddD, SubD, MulD, DivD, SqrtD, AbsD, MovD, NegD, RoundLD, TruncLD, CeilLD, FloorLD, RoundWD, TruncWD, CeilWD,
    FloorWD, MovfD, MovtD, MovzD, MovnD, RecipD, RsqrtD, CvtSD, CvtWD, CvtLD, CCondD,

    // COP1, formats W and L.
    CvtSW, CvtDW, CvtSL, CvtDL,

    // COP1X.
    Lwxc1, Ldxc1, Luxc1, Swxc1, Sdxc1, Suxc1, Prefx, MaddS, MaddD, MsubS, MsubD, NmaddS, NmaddD, NmsubS, NmsubD,
}
