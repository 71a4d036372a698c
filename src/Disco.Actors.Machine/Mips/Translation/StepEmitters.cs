using System.Reflection.Emit;
using Disco.Actors.Machine.Mips.Interpreter;
using Disco.Actors.Machine.Mips.Isa;

namespace Disco.Actors.Machine.Mips.Translation;

/// <summary>
/// The instructions that regions are made of and what each compiles to, beside the interpreter's table in
/// <see cref="Binding"/>. What has no row here ends a region and is left to the interpreter.
/// </summary>
internal static unsafe class StepEmitters
{
    private static readonly Action<RegionCompiler, Step>?[] ByOp = Build();
    private static readonly bool[] Writes = WritersOfRegisters();

    public static bool Has(Op op) =>
        ByOp[(int)op] is not null || OpInfo.Of(op) is { HasDelaySlot: true, NeedsCp2: false };

    public static void Emit(RegionCompiler compiler, Step step) => ByOp[(int)step.Op]!(compiler, step);

    /// <summary>True when the instruction changes the general register of its destination.</summary>
    public static bool WritesRegister(Op op) => Writes[(int)op];

    private static Action<RegionCompiler, Step>?[] Build()
    {
        Action<RegionCompiler, Step>?[] set = new Action<RegionCompiler, Step>?[Enum.GetValues<Op>().Length];
        foreach (Op op in (Op[])[Op.Nop, Op.Ssnop, Op.Ehb, Op.Sync, Op.Pref])
        {
            set[(int)op] = (_, _) => { };
        }
        Integer(set);
        Shifts(set);
        Multiplication(set);
        Traps(set);
        LoadsAndStores(set);
        FloatTransfers(set);
        FloatArithmetic(set);
        return set;
    }

    private static void Integer(Action<RegionCompiler, Step>?[] set)
    {
        set[(int)Op.Addu] = (c, s) => c.Registers(s, OpCodes.Add, word: true);
        set[(int)Op.Daddu] = (c, s) => c.Registers(s, OpCodes.Add, word: false);
        set[(int)Op.Subu] = (c, s) => c.Registers(s, OpCodes.Sub, word: true);
        set[(int)Op.Dsubu] = (c, s) => c.Registers(s, OpCodes.Sub, word: false);
        set[(int)Op.And] = (c, s) => c.Registers(s, OpCodes.And, word: false);
        set[(int)Op.Or] = (c, s) => c.Registers(s, OpCodes.Or, word: false);
        set[(int)Op.Xor] = (c, s) => c.Registers(s, OpCodes.Xor, word: false);
        set[(int)Op.Nor] = (c, s) =>
        {
            c.Get(s.Rs);
            c.Get(s.Rt);
            c.Il.Emit(OpCodes.Or);
            c.Il.Emit(OpCodes.Not);
            c.Put(s.Rd);
        };
        set[(int)Op.Mul] = (c, s) => c.Registers(s, OpCodes.Mul, word: true);
        set[(int)Op.Slt] = (c, s) => c.Compare(s, OpCodes.Clt, immediate: false);
        set[(int)Op.Sltu] = (c, s) => c.Compare(s, OpCodes.Clt_Un, immediate: false);
        set[(int)Op.Slti] = (c, s) => c.Compare(s, OpCodes.Clt, immediate: true);
        set[(int)Op.Sltiu] = (c, s) => c.Compare(s, OpCodes.Clt_Un, immediate: true);
        set[(int)Op.Addiu] = (c, s) => c.Immediate(s, OpCodes.Add, word: true);
        set[(int)Op.Daddiu] = (c, s) => c.Immediate(s, OpCodes.Add, word: false);
        set[(int)Op.Andi] = (c, s) => c.Immediate(s, OpCodes.And, word: false);
        set[(int)Op.Ori] = (c, s) => c.Immediate(s, OpCodes.Or, word: false);
        set[(int)Op.Xori] = (c, s) => c.Immediate(s, OpCodes.Xor, word: false);
        set[(int)Op.Lui] = (c, s) =>
        {
            c.PushImmediate(s);
            c.Put(s.Rd);
        };
        set[(int)Op.Movz] = (c, s) => c.MoveIf(s, whenZero: true);
        set[(int)Op.Movn] = (c, s) => c.MoveIf(s, whenZero: false);
        set[(int)Op.Clz] = OfImmediate(&CountZerosWord.Do);
        set[(int)Op.Clo] = OfImmediate(&CountOnesWord.Do);
        set[(int)Op.Dclz] = OfImmediate(&CountZerosLong.Do);
        set[(int)Op.Dclo] = OfImmediate(&CountOnesLong.Do);
    }

    private static void Shifts(Action<RegionCompiler, Step>?[] set)
    {
        set[(int)Op.Sll] = (c, s) => c.Shift(s, OpCodes.Shl, word: true, variable: false);
        set[(int)Op.Srl] = (c, s) => c.Shift(s, OpCodes.Shr_Un, word: true, variable: false);
        set[(int)Op.Sra] = (c, s) => c.Shift(s, OpCodes.Shr, word: true, variable: false);
        set[(int)Op.Sllv] = (c, s) => c.Shift(s, OpCodes.Shl, word: true, variable: true);
        set[(int)Op.Srlv] = (c, s) => c.Shift(s, OpCodes.Shr_Un, word: true, variable: true);
        set[(int)Op.Srav] = (c, s) => c.Shift(s, OpCodes.Shr, word: true, variable: true);
        set[(int)Op.Dsll] = (c, s) => c.Shift(s, OpCodes.Shl, word: false, variable: false);
        set[(int)Op.Dsrl] = (c, s) => c.Shift(s, OpCodes.Shr_Un, word: false, variable: false);
        set[(int)Op.Dsra] = (c, s) => c.Shift(s, OpCodes.Shr, word: false, variable: false);
        set[(int)Op.Dsll32] = set[(int)Op.Dsll];
        set[(int)Op.Dsrl32] = set[(int)Op.Dsrl];
        set[(int)Op.Dsra32] = set[(int)Op.Dsra];
        set[(int)Op.Dsllv] = (c, s) => c.Shift(s, OpCodes.Shl, word: false, variable: true);
        set[(int)Op.Dsrlv] = (c, s) => c.Shift(s, OpCodes.Shr_Un, word: false, variable: true);
        set[(int)Op.Dsrav] = (c, s) => c.Shift(s, OpCodes.Shr, word: false, variable: true);
        set[(int)Op.Seb] = (c, s) => c.Extend(s, OpCodes.Conv_I1);
        set[(int)Op.Seh] = (c, s) => c.Extend(s, OpCodes.Conv_I2);
        set[(int)Op.Rotr] = OfShift(&RotateWord.Do);
        set[(int)Op.Drotr] = OfShift(&RotateLong.Do);
        set[(int)Op.Drotr32] = OfShift(&RotateLong.Do);
        set[(int)Op.Rotrv] = OfShiftVariable(&RotateWord.Do);
        set[(int)Op.Drotrv] = OfShiftVariable(&RotateLong.Do);
        set[(int)Op.Wsbh] = OfShift(&SwapBytesInHalvesWord.Do);
        set[(int)Op.Dsbh] = OfShift(&SwapBytesInHalvesLong.Do);
        set[(int)Op.Dshd] = OfShift(&SwapHalves.Do);
        set[(int)Op.Ext] = (c, s) => c.Extract(s, word: true);
        set[(int)Op.Dext] = (c, s) => c.Extract(s, word: false);
        set[(int)Op.Dextm] = set[(int)Op.Dext];
        set[(int)Op.Dextu] = set[(int)Op.Dext];
        set[(int)Op.Ins] = (c, s) => c.Insert(s, word: true);
        set[(int)Op.Dins] = (c, s) => c.Insert(s, word: false);
        set[(int)Op.Dinsm] = set[(int)Op.Dins];
        set[(int)Op.Dinsu] = set[(int)Op.Dins];
    }

    private static void Multiplication(Action<RegionCompiler, Step>?[] set)
    {
        set[(int)Op.Mult] = (c, s) => c.MultiplyWord(s, signed: true);
        set[(int)Op.Multu] = (c, s) => c.MultiplyWord(s, signed: false);
        set[(int)Op.Dmult] = (c, s) => c.MultiplyLong(s, signed: true);
        set[(int)Op.Dmultu] = (c, s) => c.MultiplyLong(s, signed: false);
        set[(int)Op.Div] = (c, s) => c.HiLo(s, &DivideWord.Do);
        set[(int)Op.Divu] = (c, s) => c.HiLo(s, &DivideWordUnsigned.Do);
        set[(int)Op.Ddiv] = (c, s) => c.HiLo(s, &DivideLong.Do);
        set[(int)Op.Ddivu] = (c, s) => c.HiLo(s, &DivideLongUnsigned.Do);
        set[(int)Op.Madd] = (c, s) => c.MultiplyWord(s, signed: true, OpCodes.Add);
        set[(int)Op.Maddu] = (c, s) => c.MultiplyWord(s, signed: false, OpCodes.Add);
        set[(int)Op.Msub] = (c, s) => c.MultiplyWord(s, signed: true, OpCodes.Sub);
        set[(int)Op.Msubu] = (c, s) => c.MultiplyWord(s, signed: false, OpCodes.Sub);
        set[(int)Op.Mfhi] = (c, s) => c.Move(s.Rd, Reg.Hi);
        set[(int)Op.Mflo] = (c, s) => c.Move(s.Rd, Reg.Lo);
        set[(int)Op.Mthi] = (c, s) => c.Move(Reg.Hi, s.Rs);
        set[(int)Op.Mtlo] = (c, s) => c.Move(Reg.Lo, s.Rs);
    }

    private static void Traps(Action<RegionCompiler, Step>?[] set)
    {
        set[(int)Op.Teq] = (c, s) => c.Trap(s, OpCodes.Beq, immediate: false);
        set[(int)Op.Tne] = (c, s) => c.Trap(s, OpCodes.Bne_Un, immediate: false);
        set[(int)Op.Tge] = (c, s) => c.Trap(s, OpCodes.Bge, immediate: false);
        set[(int)Op.Tgeu] = (c, s) => c.Trap(s, OpCodes.Bge_Un, immediate: false);
        set[(int)Op.Tlt] = (c, s) => c.Trap(s, OpCodes.Blt, immediate: false);
        set[(int)Op.Tltu] = (c, s) => c.Trap(s, OpCodes.Blt_Un, immediate: false);
        set[(int)Op.Teqi] = (c, s) => c.Trap(s, OpCodes.Beq, immediate: true);
        set[(int)Op.Tnei] = (c, s) => c.Trap(s, OpCodes.Bne_Un, immediate: true);
        set[(int)Op.Tgei] = (c, s) => c.Trap(s, OpCodes.Bge, immediate: true);
        set[(int)Op.Tgeiu] = (c, s) => c.Trap(s, OpCodes.Bge_Un, immediate: true);
        set[(int)Op.Tlti] = (c, s) => c.Trap(s, OpCodes.Blt, immediate: true);
        set[(int)Op.Tltiu] = (c, s) => c.Trap(s, OpCodes.Blt_Un, immediate: true);
    }

    private static void LoadsAndStores(Action<RegionCompiler, Step>?[] set)
    {
        set[(int)Op.Lb] = Load(1, signed: true);
        set[(int)Op.Lbu] = Load(1, signed: false);
        set[(int)Op.Lh] = Load(2, signed: true);
        set[(int)Op.Lhu] = Load(2, signed: false);
        set[(int)Op.Lw] = Load(4, signed: true);
        set[(int)Op.Lwu] = Load(4, signed: false);
        set[(int)Op.Ld] = Load(8, signed: false);
        set[(int)Op.Sb] = Store(1);
        set[(int)Op.Sh] = Store(2);
        set[(int)Op.Sw] = Store(4);
        set[(int)Op.Sd] = Store(8);
        set[(int)Op.Lwc1] = (c, s) => c.LoadFloat(s, narrow: true);
        set[(int)Op.Ldc1] = (c, s) => c.LoadFloat(s, narrow: false);
        set[(int)Op.Swc1] = (c, s) => c.StoreDatum(s, 4, () => c.GetFloat(s.Rt, narrow: true));
        set[(int)Op.Sdc1] = (c, s) => c.StoreDatum(s, 8, () => c.GetFloat(s.Rt, narrow: false));
    }

    private static void FloatTransfers(Action<RegionCompiler, Step>?[] set)
    {
        set[(int)Op.MovS] = (c, s) => c.PutFloat(s.Rd, narrow: true, () => c.GetFloat(s.Rs, narrow: true));
        set[(int)Op.MovD] = (c, s) => c.PutFloat(s.Rd, narrow: false, () => c.GetFloat(s.Rs, narrow: false));
        set[(int)Op.Mfc1] = (c, s) =>
        {
            c.GetFloat(s.Rs, narrow: true);
            c.Il.Emit(OpCodes.Conv_I8);
            c.Put(s.Rd);
        };
        set[(int)Op.Mfhc1] = set[(int)Op.Mfc1];
        set[(int)Op.Dmfc1] = (c, s) =>
        {
            c.GetFloat(s.Rs, narrow: false);
            c.Put(s.Rd);
        };
        set[(int)Op.Mtc1] = (c, s) => c.PutFloat(s.Rd, narrow: true, () =>
        {
            c.Get(s.Rt);
            c.Il.Emit(OpCodes.Conv_I4);
        });
        set[(int)Op.Mthc1] = set[(int)Op.Mtc1];
        set[(int)Op.Dmtc1] = (c, s) => c.PutFloat(s.Rd, narrow: false, () => c.Get(s.Rt));
    }

    private static void FloatArithmetic(Action<RegionCompiler, Step>?[] set)
    {
        set[(int)Op.AddS] = OfFloat(&FloatSteps.Arithmetic<FloatAddS>);
        set[(int)Op.AddD] = (c, s) => c.AddDouble(s, negate: false, &FloatSteps.Arithmetic<FloatAddD>);
        set[(int)Op.SubS] = OfFloat(&FloatSteps.Arithmetic<FloatSubS>);
        set[(int)Op.SubD] = (c, s) => c.AddDouble(s, negate: true, &FloatSteps.Arithmetic<FloatSubD>);
        set[(int)Op.MulS] = OfFloat(&FloatSteps.Arithmetic<FloatMulS>);
        set[(int)Op.MulD] = (c, s) => c.MultiplyDouble(s, &FloatSteps.Arithmetic<FloatMulD>);
        set[(int)Op.DivS] = OfFloat(&FloatSteps.Arithmetic<FloatDivS>);
        set[(int)Op.DivD] = (c, s) => c.DivideDouble(s, &FloatSteps.Arithmetic<FloatDivD>);
        set[(int)Op.SqrtS] = OfFloat(&FloatSteps.Arithmetic<FloatSqrtS>);
        set[(int)Op.SqrtD] = OfFloat(&FloatSteps.Arithmetic<FloatSqrtD>);
        set[(int)Op.AbsS] = OfFloat(&FloatSteps.Arithmetic<FloatAbsS>);
        set[(int)Op.AbsD] = OfFloat(&FloatSteps.Arithmetic<FloatAbsD>);
        set[(int)Op.NegS] = OfFloat(&FloatSteps.Arithmetic<FloatNegS>);
        set[(int)Op.NegD] = OfFloat(&FloatSteps.Arithmetic<FloatNegD>);
        set[(int)Op.CvtDS] = OfFloat(&FloatSteps.Arithmetic<FloatCvtDS>);
        set[(int)Op.CvtSD] = OfFloat(&FloatSteps.Arithmetic<FloatCvtSD>);
        set[(int)Op.CvtSW] = OfFloat(&FloatSteps.Arithmetic<FloatCvtSW>);
        set[(int)Op.CvtDW] = OfFloat(&FloatSteps.Arithmetic<FloatCvtDW>);
        set[(int)Op.CvtSL] = OfFloat(&FloatSteps.Arithmetic<FloatCvtSL>);
        set[(int)Op.CvtDL] = OfFloat(&FloatSteps.Arithmetic<FloatCvtDL>);
        set[(int)Op.TruncWS] = OfFloat(&FloatSteps.Arithmetic<FloatTruncWS>);
        set[(int)Op.TruncWD] = OfFloat(&FloatSteps.Arithmetic<FloatTruncWD>);
        set[(int)Op.TruncLS] = OfFloat(&FloatSteps.Arithmetic<FloatTruncLS>);
        set[(int)Op.TruncLD] = OfFloat(&FloatSteps.Arithmetic<FloatTruncLD>);
        set[(int)Op.MaddS] = OfFloat(&FloatSteps.Ternary<FloatMaddS>);
        set[(int)Op.MaddD] = OfFloat(&FloatSteps.Ternary<FloatMaddD>);
        set[(int)Op.MsubS] = OfFloat(&FloatSteps.Ternary<FloatMsubS>);
        set[(int)Op.MsubD] = OfFloat(&FloatSteps.Ternary<FloatMsubD>);
        set[(int)Op.CCondS] = OfFloat(&FloatSteps.CompareS);
        set[(int)Op.CCondD] = (c, s) => c.CompareDouble(s, &FloatSteps.CompareD);
    }

    private static Action<RegionCompiler, Step> Load(int sizeBytes, bool signed) => (c, s) =>
    {
        c.PushDatum(s, sizeBytes, signed);
        c.Put(s.Rd);
    };

    private static Action<RegionCompiler, Step> Store(int sizeBytes) =>
        (c, s) => c.StoreDatum(s, sizeBytes, () => c.Get(s.Rt));

    private static Action<RegionCompiler, Step> OfImmediate(delegate*<ulong, ulong, ulong> function) =>
        (c, s) => c.Call(s, () => c.Get(s.Rs), () => c.PushImmediate(s), function);

    private static Action<RegionCompiler, Step> OfShift(delegate*<ulong, ulong, ulong> function) =>
        (c, s) => c.Call(s, () => c.Get(s.Rt), () => c.PushImmediate(s), function);

    private static Action<RegionCompiler, Step> OfShiftVariable(delegate*<ulong, ulong, ulong> function) =>
        (c, s) => c.Call(s, () => c.Get(s.Rt), () => c.Get(s.Rs), function);

    private static Action<RegionCompiler, Step> OfFloat(delegate*<ulong*, MipsCore, long, int> function) =>
        (c, s) => c.Float(s, function);

    private static bool[] WritersOfRegisters()
    {
        bool[] writes = new bool[ByOp.Length];
        for (int op = 0; op < ByOp.Length; op++)
        {
            OpInfo info = OpInfo.Of((Op)op);
            bool toHiLo = (Op)op is Op.Mult or Op.Multu or Op.Dmult or Op.Dmultu or Op.Div or Op.Divu or Op.Ddiv
                or Op.Ddivu or Op.Madd or Op.Maddu or Op.Msub or Op.Msubu or Op.Mthi or Op.Mtlo;
            bool fromFloat = (Op)op is Op.Mfc1 or Op.Dmfc1 or Op.Mfhc1;
            writes[op] = ByOp[op] is not null && !toHiLo && !info.IsStore && !info.IsTrap
                && (!info.NeedsFpu || fromFloat);
        }
        return writes;
    }
}
