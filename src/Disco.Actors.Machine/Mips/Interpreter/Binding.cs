using Disco.Actors.Machine.Mips.Isa;

namespace Disco.Actors.Machine.Mips.Interpreter;

/// <summary>The one table from instruction to handler. What has no row here is reserved when executed.</summary>
internal static unsafe class Binding
{
    public static void All<TGranule, TOrder>(HandlerSet set)
        where TGranule : struct, IGranule
        where TOrder : struct, IByteOrder
    {
        Integer(set);
        Shifts(set);
        Multiplication(set);
        TrapsAndPrivileged(set);
        FloatArithmetic(set);
        FloatMoves(set);
        BranchesAndJumps<TGranule>(set);
        LoadsAndStores<TGranule, TOrder>(set);
    }

    // Arithmetic, logic, shifts, multiplication, traps.
    private static void Integer(HandlerSet set)
    {
        set[Op.Addu] = &Alu.Registers<AddWord>;
        set[Op.Daddu] = &Alu.Registers<AddLong>;
        set[Op.Subu] = &Alu.Registers<SubWord>;
        set[Op.Dsubu] = &Alu.Registers<SubLong>;
        set[Op.And] = &Alu.Registers<And>;
        set[Op.Or] = &Alu.Registers<Or>;
        set[Op.Xor] = &Alu.Registers<Xor>;
        set[Op.Nor] = &Alu.Registers<Nor>;
        set[Op.Slt] = &Alu.Registers<SetLess>;
        set[Op.Sltu] = &Alu.Registers<SetLessUnsigned>;
        set[Op.Mul] = &Alu.Registers<MulWord>;
        set[Op.Addiu] = &Alu.Immediate<AddWord>;
        set[Op.Daddiu] = &Alu.Immediate<AddLong>;
        set[Op.Andi] = &Alu.Immediate<And>;
        set[Op.Ori] = &Alu.Immediate<Or>;
        set[Op.Xori] = &Alu.Immediate<Xor>;
        set[Op.Slti] = &Alu.Immediate<SetLess>;
        set[Op.Sltiu] = &Alu.Immediate<SetLessUnsigned>;
        set[Op.Clz] = &Alu.Immediate<CountZerosWord>;
        set[Op.Clo] = &Alu.Immediate<CountOnesWord>;
        set[Op.Dclz] = &Alu.Immediate<CountZerosLong>;
        set[Op.Dclo] = &Alu.Immediate<CountOnesLong>;
        set[Op.Add] = &Alu.CheckedRegisters<AddWordChecked>;
        set[Op.Sub] = &Alu.CheckedRegisters<SubWordChecked>;
        set[Op.Dadd] = &Alu.CheckedRegisters<AddLongChecked>;
        set[Op.Dsub] = &Alu.CheckedRegisters<SubLongChecked>;
        set[Op.Addi] = &Alu.CheckedImmediate<AddWordChecked>;
        set[Op.Daddi] = &Alu.CheckedImmediate<AddLongChecked>;
        set[Op.Lui] = &Alu.Constant;
        set[Op.Movz] = &Alu.Movz;
        set[Op.Movn] = &Alu.Movn;
        set[Op.Nop] = &Alu.Nothing;
        set[Op.Ssnop] = &Alu.Nothing;
        set[Op.Ehb] = &Alu.Nothing;
        set[Op.Sync] = &Alu.Nothing;
        set[Op.Pref] = &Alu.Nothing;
        set[Op.Seb] = &Alu.Shift<SignExtendByte>;
        set[Op.Seh] = &Alu.Shift<SignExtendHalf>;
        set[Op.Wsbh] = &Alu.Shift<SwapBytesInHalvesWord>;
        set[Op.Dsbh] = &Alu.Shift<SwapBytesInHalvesLong>;
        set[Op.Dshd] = &Alu.Shift<SwapHalves>;
    }

    // Shifts and bit fields.
    private static void Shifts(HandlerSet set)
    {
        set[Op.Sll] = &Alu.Shift<ShiftLeftWord>;
        set[Op.Srl] = &Alu.Shift<ShiftRightWord>;
        set[Op.Sra] = &Alu.Shift<ShiftArithmeticWord>;
        set[Op.Rotr] = &Alu.Shift<RotateWord>;
        set[Op.Dsll] = &Alu.Shift<ShiftLeftLong>;
        set[Op.Dsll32] = &Alu.Shift<ShiftLeftLong>;
        set[Op.Dsrl] = &Alu.Shift<ShiftRightLong>;
        set[Op.Dsrl32] = &Alu.Shift<ShiftRightLong>;
        set[Op.Dsra] = &Alu.Shift<ShiftArithmeticLong>;
        set[Op.Dsra32] = &Alu.Shift<ShiftArithmeticLong>;
        set[Op.Drotr] = &Alu.Shift<RotateLong>;
        set[Op.Drotr32] = &Alu.Shift<RotateLong>;
        set[Op.Sllv] = &Alu.ShiftVariable<ShiftLeftWord>;
        set[Op.Srlv] = &Alu.ShiftVariable<ShiftRightWord>;
        set[Op.Srav] = &Alu.ShiftVariable<ShiftArithmeticWord>;
        set[Op.Rotrv] = &Alu.ShiftVariable<RotateWord>;
        set[Op.Dsllv] = &Alu.ShiftVariable<ShiftLeftLong>;
        set[Op.Dsrlv] = &Alu.ShiftVariable<ShiftRightLong>;
        set[Op.Dsrav] = &Alu.ShiftVariable<ShiftArithmeticLong>;
        set[Op.Drotrv] = &Alu.ShiftVariable<RotateLong>;
        set[Op.Ext] = &BitFields.ExtractWord;
        set[Op.Ins] = &BitFields.InsertWord;
        set[Op.Dext] = &BitFields.Extract;
        set[Op.Dextm] = &BitFields.Extract;
        set[Op.Dextu] = &BitFields.Extract;
        set[Op.Dins] = &BitFields.Insert;
        set[Op.Dinsm] = &BitFields.Insert;
        set[Op.Dinsu] = &BitFields.Insert;
    }

    // HI, LO and what goes there.
    private static void Multiplication(HandlerSet set)
    {
        set[Op.Mult] = &MulDiv.Registers<MultiplyWord>;
        set[Op.Multu] = &MulDiv.Registers<MultiplyWordUnsigned>;
        set[Op.Dmult] = &MulDiv.Registers<MultiplyLong>;
        set[Op.Dmultu] = &MulDiv.Registers<MultiplyLongUnsigned>;
        set[Op.Div] = &MulDiv.Registers<DivideWord>;
        set[Op.Divu] = &MulDiv.Registers<DivideWordUnsigned>;
        set[Op.Ddiv] = &MulDiv.Registers<DivideLong>;
        set[Op.Ddivu] = &MulDiv.Registers<DivideLongUnsigned>;
        set[Op.Madd] = &MulDiv.Registers<MultiplyAdd>;
        set[Op.Maddu] = &MulDiv.Registers<MultiplyAddUnsigned>;
        set[Op.Msub] = &MulDiv.Registers<MultiplySubtract>;
        set[Op.Msubu] = &MulDiv.Registers<MultiplySubtractUnsigned>;
        set[Op.Mfhi] = &MulDiv.Mfhi;
        set[Op.Mflo] = &MulDiv.Mflo;
        set[Op.Mthi] = &MulDiv.Mthi;
        set[Op.Mtlo] = &MulDiv.Mtlo;
    }

    // Exceptions on purpose, coprocessor 0.
    private static void TrapsAndPrivileged(HandlerSet set)
    {
        set[Op.Reserved] = &Traps.Reserved;
        set[Op.Syscall] = &Traps.Syscall;
        set[Op.Break] = &Traps.Break;
        set[Op.Teq] = &Traps.Registers<Equal>;
        set[Op.Teqi] = &Traps.Immediate<Equal>;
        set[Op.Tne] = &Traps.Registers<NotEqual>;
        set[Op.Tnei] = &Traps.Immediate<NotEqual>;
        set[Op.Tge] = &Traps.Registers<GreaterOrEqual>;
        set[Op.Tgei] = &Traps.Immediate<GreaterOrEqual>;
        set[Op.Tgeu] = &Traps.Registers<GreaterOrEqualUnsigned>;
        set[Op.Tgeiu] = &Traps.Immediate<GreaterOrEqualUnsigned>;
        set[Op.Tlt] = &Traps.Registers<Less>;
        set[Op.Tlti] = &Traps.Immediate<Less>;
        set[Op.Tltu] = &Traps.Registers<LessUnsigned>;
        set[Op.Tltiu] = &Traps.Immediate<LessUnsigned>;
        set[Op.Mfc0] = &Privileged.Mfc0;
        set[Op.Dmfc0] = &Privileged.Dmfc0;
        set[Op.Mtc0] = &Privileged.Mtc0;
        set[Op.Dmtc0] = &Privileged.Dmtc0;
        set[Op.Di] = &Privileged.Di;
        set[Op.Ei] = &Privileged.Ei;
        set[Op.Tlbr] = &Privileged.Tlbr;
        set[Op.Tlbwi] = &Privileged.Tlbwi;
        set[Op.Tlbwr] = &Privileged.Tlbwr;
        set[Op.Tlbp] = &Privileged.Tlbp;
        set[Op.Tlbinv] = &Privileged.Tlbinv;
        set[Op.Tlbinvf] = &Privileged.Tlbinvf;
        set[Op.Eret] = &Privileged.Eret;
        set[Op.Wait] = &Privileged.Wait;
        set[Op.Cache] = &Privileged.Cache;
        set[Op.Synci] = &Privileged.Synci;
        set[Op.Rdhwr] = &Privileged.Rdhwr;
        set[Op.Rdpgpr] = &Privileged.MoveShadow;
        set[Op.Wrpgpr] = &Privileged.MoveShadow;
    }

    // Floating-point operations.
    private static void FloatArithmetic(HandlerSet set)
    {
        set[Op.AddS] = &Float.Arithmetic<FloatAddS>;
        set[Op.AddD] = &Float.Arithmetic<FloatAddD>;
        set[Op.SubS] = &Float.Arithmetic<FloatSubS>;
        set[Op.SubD] = &Float.Arithmetic<FloatSubD>;
        set[Op.MulS] = &Float.Arithmetic<FloatMulS>;
        set[Op.MulD] = &Float.Arithmetic<FloatMulD>;
        set[Op.DivS] = &Float.Arithmetic<FloatDivS>;
        set[Op.DivD] = &Float.Arithmetic<FloatDivD>;
        set[Op.SqrtS] = &Float.Arithmetic<FloatSqrtS>;
        set[Op.SqrtD] = &Float.Arithmetic<FloatSqrtD>;
        set[Op.AbsS] = &Float.Arithmetic<FloatAbsS>;
        set[Op.AbsD] = &Float.Arithmetic<FloatAbsD>;
        set[Op.NegS] = &Float.Arithmetic<FloatNegS>;
        set[Op.NegD] = &Float.Arithmetic<FloatNegD>;
        set[Op.RecipS] = &Float.Arithmetic<FloatRecipS>;
        set[Op.RecipD] = &Float.Arithmetic<FloatRecipD>;
        set[Op.RsqrtS] = &Float.Arithmetic<FloatRsqrtS>;
        set[Op.RsqrtD] = &Float.Arithmetic<FloatRsqrtD>;
        set[Op.CvtDS] = &Float.Arithmetic<FloatCvtDS>;
        set[Op.CvtSD] = &Float.Arithmetic<FloatCvtSD>;
        set[Op.CvtSW] = &Float.Arithmetic<FloatCvtSW>;
        set[Op.CvtDW] = &Float.Arithmetic<FloatCvtDW>;
        set[Op.CvtSL] = &Float.Arithmetic<FloatCvtSL>;
        set[Op.CvtDL] = &Float.Arithmetic<FloatCvtDL>;
        set[Op.CvtWS] = &Float.Arithmetic<FloatCvtWS>;
        set[Op.CvtWD] = &Float.Arithmetic<FloatCvtWD>;
        set[Op.CvtLS] = &Float.Arithmetic<FloatCvtLS>;
        set[Op.CvtLD] = &Float.Arithmetic<FloatCvtLD>;
        set[Op.RoundWS] = &Float.Arithmetic<FloatRoundWS>;
        set[Op.RoundWD] = &Float.Arithmetic<FloatRoundWD>;
        set[Op.RoundLS] = &Float.Arithmetic<FloatRoundLS>;
        set[Op.RoundLD] = &Float.Arithmetic<FloatRoundLD>;
        set[Op.TruncWS] = &Float.Arithmetic<FloatTruncWS>;
        set[Op.TruncWD] = &Float.Arithmetic<FloatTruncWD>;
        set[Op.TruncLS] = &Float.Arithmetic<FloatTruncLS>;
        set[Op.TruncLD] = &Float.Arithmetic<FloatTruncLD>;
        set[Op.CeilWS] = &Float.Arithmetic<FloatCeilWS>;
        set[Op.CeilWD] = &Float.Arithmetic<FloatCeilWD>;
        set[Op.CeilLS] = &Float.Arithmetic<FloatCeilLS>;
        set[Op.CeilLD] = &Float.Arithmetic<FloatCeilLD>;
        set[Op.FloorWS] = &Float.Arithmetic<FloatFloorWS>;
        set[Op.FloorWD] = &Float.Arithmetic<FloatFloorWD>;
        set[Op.FloorLS] = &Float.Arithmetic<FloatFloorLS>;
        set[Op.FloorLD] = &Float.Arithmetic<FloatFloorLD>;
        set[Op.MaddS] = &Float.Ternary<FloatMaddS>;
        set[Op.MaddD] = &Float.Ternary<FloatMaddD>;
        set[Op.MsubS] = &Float.Ternary<FloatMsubS>;
        set[Op.MsubD] = &Float.Ternary<FloatMsubD>;
        set[Op.NmaddS] = &Float.Ternary<FloatNmaddS>;
        set[Op.NmaddD] = &Float.Ternary<FloatNmaddD>;
        set[Op.NmsubS] = &Float.Ternary<FloatNmsubS>;
        set[Op.NmsubD] = &Float.Ternary<FloatNmsubD>;
    }

    // Comparisons and moves of coprocessor 1.
    private static void FloatMoves(HandlerSet set)
    {
        set[Op.CCondS] = &Float.CompareS;
        set[Op.CCondD] = &Float.CompareD;
        set[Op.MovS] = &Float.MoveS;
        set[Op.MovD] = &Float.MoveD;
        set[Op.Movf] = &Float.MoveOnCode<ConditionFalse>;
        set[Op.Movt] = &Float.MoveOnCode<ConditionTrue>;
        set[Op.MovfS] = &Float.MoveSOnCode<ConditionFalse>;
        set[Op.MovtS] = &Float.MoveSOnCode<ConditionTrue>;
        set[Op.MovzS] = &Float.MoveSOnRegister<Equal>;
        set[Op.MovnS] = &Float.MoveSOnRegister<NotEqual>;
        set[Op.MovfD] = &Float.MoveOnCode<ConditionFalse>;
        set[Op.MovtD] = &Float.MoveOnCode<ConditionTrue>;
        set[Op.MovzD] = &Float.MoveDOnRegister<Equal>;
        set[Op.MovnD] = &Float.MoveDOnRegister<NotEqual>;
        set[Op.Mfc1] = &Float.Mfc1;
        set[Op.Mfhc1] = &Float.Mfc1;
        set[Op.Dmfc1] = &Float.Dmfc1;
        set[Op.Mtc1] = &Float.Mtc1;
        set[Op.Mthc1] = &Float.Mtc1;
        set[Op.Dmtc1] = &Float.Dmtc1;
        set[Op.Cfc1] = &Float.Cfc1;
        set[Op.Ctc1] = &Float.Ctc1;
        set[Op.Prefx] = &Float.Prefx;
    }

    // Branches: the far form, and the near one where there is one.
    private static void BranchesAndJumps<TGranule>(HandlerSet set)
        where TGranule : struct, IGranule
    {
        set[Op.Beq] = &Branches<TGranule>.Far<Equal>;
        set.SetNear(Op.Beq, &Branches<TGranule>.Near<Equal>);
        set[Op.Beql] = &Branches<TGranule>.FarLikely<Equal>;
        set.SetNear(Op.Beql, &Branches<TGranule>.NearLikely<Equal>);
        set[Op.Bne] = &Branches<TGranule>.Far<NotEqual>;
        set.SetNear(Op.Bne, &Branches<TGranule>.Near<NotEqual>);
        set[Op.Bnel] = &Branches<TGranule>.FarLikely<NotEqual>;
        set.SetNear(Op.Bnel, &Branches<TGranule>.NearLikely<NotEqual>);
        set[Op.Blez] = &Branches<TGranule>.Far<NotPositive>;
        set.SetNear(Op.Blez, &Branches<TGranule>.Near<NotPositive>);
        set[Op.Blezl] = &Branches<TGranule>.FarLikely<NotPositive>;
        set.SetNear(Op.Blezl, &Branches<TGranule>.NearLikely<NotPositive>);
        set[Op.Bgtz] = &Branches<TGranule>.Far<Positive>;
        set.SetNear(Op.Bgtz, &Branches<TGranule>.Near<Positive>);
        set[Op.Bgtzl] = &Branches<TGranule>.FarLikely<Positive>;
        set.SetNear(Op.Bgtzl, &Branches<TGranule>.NearLikely<Positive>);
        set[Op.Bltz] = &Branches<TGranule>.Far<Negative>;
        set.SetNear(Op.Bltz, &Branches<TGranule>.Near<Negative>);
        set[Op.Bltzl] = &Branches<TGranule>.FarLikely<Negative>;
        set.SetNear(Op.Bltzl, &Branches<TGranule>.NearLikely<Negative>);
        set[Op.Bgez] = &Branches<TGranule>.Far<NotNegative>;
        set.SetNear(Op.Bgez, &Branches<TGranule>.Near<NotNegative>);
        set[Op.Bgezl] = &Branches<TGranule>.FarLikely<NotNegative>;
        set.SetNear(Op.Bgezl, &Branches<TGranule>.NearLikely<NotNegative>);
        set[Op.Bltzal] = &Branches<TGranule>.FarLink<Negative>;
        set[Op.Bltzall] = &Branches<TGranule>.FarLinkLikely<Negative>;
        set[Op.Bgezal] = &Branches<TGranule>.FarLink<NotNegative>;
        set[Op.Bgezall] = &Branches<TGranule>.FarLinkLikely<NotNegative>;
        set[Op.Bc1f] = &Branches<TGranule>.FpFar<ConditionFalse>;
        set.SetNear(Op.Bc1f, &Branches<TGranule>.FpNear<ConditionFalse>);
        set[Op.Bc1fl] = &Branches<TGranule>.FpFarLikely<ConditionFalse>;
        set[Op.Bc1t] = &Branches<TGranule>.FpFar<ConditionTrue>;
        set.SetNear(Op.Bc1t, &Branches<TGranule>.FpNear<ConditionTrue>);
        set[Op.Bc1tl] = &Branches<TGranule>.FpFarLikely<ConditionTrue>;
        set[Op.J] = &Branches<TGranule>.J;
        set[Op.Jal] = &Branches<TGranule>.Jal;
        set[Op.Jr] = &Branches<TGranule>.Jr;
        set[Op.JrHb] = &Branches<TGranule>.Jr;
        set[Op.Jalr] = &Branches<TGranule>.Jalr;
        set[Op.JalrHb] = &Branches<TGranule>.Jalr;
    }

    // Loads and stores.
    private static void LoadsAndStores<TGranule, TOrder>(HandlerSet set)
        where TGranule : struct, IGranule
        where TOrder : struct, IByteOrder
    {
        set[Op.Lb] = &Loads<TGranule, TOrder>.Load<LoadByte>;
        set[Op.Lbu] = &Loads<TGranule, TOrder>.Load<LoadByteUnsigned>;
        set[Op.Lh] = &Loads<TGranule, TOrder>.Load<LoadHalf>;
        set[Op.Lhu] = &Loads<TGranule, TOrder>.Load<LoadHalfUnsigned>;
        set[Op.Lw] = &Loads<TGranule, TOrder>.Load<LoadWord>;
        set[Op.Lwu] = &Loads<TGranule, TOrder>.Load<LoadWordUnsigned>;
        set[Op.Ld] = &Loads<TGranule, TOrder>.Load<LoadLong>;
        set[Op.Ll] = &Loads<TGranule, TOrder>.Load<LoadLinkedWord>;
        set[Op.Lld] = &Loads<TGranule, TOrder>.Load<LoadLinkedLong>;
        set[Op.Lwl] = &Loads<TGranule, TOrder>.Load<LoadWordLeft>;
        set[Op.Lwr] = &Loads<TGranule, TOrder>.Load<LoadWordRight>;
        set[Op.Ldl] = &Loads<TGranule, TOrder>.Load<LoadLongLeft>;
        set[Op.Ldr] = &Loads<TGranule, TOrder>.Load<LoadLongRight>;
        set[Op.Lwc1] = &Loads<TGranule, TOrder>.Load<LoadSingle>;
        set[Op.Ldc1] = &Loads<TGranule, TOrder>.Load<LoadDouble>;
        set[Op.Lwxc1] = &Loads<TGranule, TOrder>.Load<LoadSingleIndexed>;
        set[Op.Ldxc1] = &Loads<TGranule, TOrder>.Load<LoadDoubleIndexed>;
        set[Op.Luxc1] = &Loads<TGranule, TOrder>.Load<LoadDoubleUnaligned>;
        set[Op.Sb] = &Stores<TGranule, TOrder>.Store<StoreByte>;
        set[Op.Sh] = &Stores<TGranule, TOrder>.Store<StoreHalf>;
        set[Op.Sw] = &Stores<TGranule, TOrder>.Store<StoreWord>;
        set[Op.Sd] = &Stores<TGranule, TOrder>.Store<StoreLong>;
        set[Op.Swl] = &Stores<TGranule, TOrder>.Store<StoreWordLeft>;
        set[Op.Swr] = &Stores<TGranule, TOrder>.Store<StoreWordRight>;
        set[Op.Sdl] = &Stores<TGranule, TOrder>.Store<StoreLongLeft>;
        set[Op.Sdr] = &Stores<TGranule, TOrder>.Store<StoreLongRight>;
        set[Op.Swc1] = &Stores<TGranule, TOrder>.Store<StoreSingle>;
        set[Op.Sdc1] = &Stores<TGranule, TOrder>.Store<StoreDouble>;
        set[Op.Swxc1] = &Stores<TGranule, TOrder>.Store<StoreSingleIndexed>;
        set[Op.Sdxc1] = &Stores<TGranule, TOrder>.Store<StoreDoubleIndexed>;
        set[Op.Suxc1] = &Stores<TGranule, TOrder>.Store<StoreDoubleUnaligned>;
        set[Op.Sc] = &Stores<TGranule, TOrder>.Conditional<StoreWord>;
        set[Op.Scd] = &Stores<TGranule, TOrder>.Conditional<StoreLong>;
    }
}
