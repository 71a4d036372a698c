using System.Numerics;
using System.Runtime.CompilerServices;

namespace Disco.Actors.Machine.Mips.Interpreter;

/// <summary>An operation on two values. The forms in <see cref="Alu"/> bring operands and result.</summary>
internal interface IAlu
{
    static abstract ulong Do(ulong a, ulong b);
}

/// <summary>An operation that may raise Integer Overflow. [MIPS64 Vol II, ADD]</summary>
internal interface IChecked
{
    static abstract ulong Do(ulong a, ulong b);

    /// <summary>False when the result does not fit.</summary>
    static abstract bool Fits(ulong a, ulong b);
}

/// <summary>Operand forms of integer instructions without other effects.</summary>
internal static unsafe class Alu
{
    private const MethodImplOptions Hot = MethodImplOptions.AggressiveOptimization;

    /// <summary>rd = rs op rt.</summary>
    [MethodImpl(Hot)]
    public static long Registers<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, IAlu
    {
        r[ip->Rd] = T.Do(r[ip->Rs], r[ip->Rt]);
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>rt = rs op immediate; rd = rs op nothing.</summary>
    [MethodImpl(Hot)]
    public static long Immediate<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, IAlu
    {
        r[ip->Rd] = T.Do(r[ip->Rs], (ulong)ip->Immediate);
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>rd = rt op shift amount.</summary>
    [MethodImpl(Hot)]
    public static long Shift<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, IAlu
    {
        r[ip->Rd] = T.Do(r[ip->Rt], (ulong)ip->Immediate);
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>rd = rt op rs.</summary>
    [MethodImpl(Hot)]
    public static long ShiftVariable<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, IAlu
    {
        r[ip->Rd] = T.Do(r[ip->Rt], r[ip->Rs]);
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>rt = a constant known when decoded: LUI. [MIPS64 Vol II, LUI]</summary>
    [MethodImpl(Hot)]
    public static long Constant(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        r[ip->Rd] = (ulong)ip->Immediate;
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>NOP, SSNOP, EHB, SYNC, PREF and whatever else does nothing here.</summary>
    [MethodImpl(Hot)]
    public static long Nothing(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>rd = rs op rt, or Integer Overflow with rd unchanged.</summary>
    [MethodImpl(Hot)]
    public static long CheckedRegisters<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, IChecked
    {
        if (!T.Fits(r[ip->Rs], r[ip->Rt]))
        {
            return core.Raise(ip, ExceptionCode.Overflow, budget);
        }
        r[ip->Rd] = T.Do(r[ip->Rs], r[ip->Rt]);
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>rt = rs op immediate, or Integer Overflow with rt unchanged.</summary>
    [MethodImpl(Hot)]
    public static long CheckedImmediate<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, IChecked
    {
        if (!T.Fits(r[ip->Rs], (ulong)ip->Immediate))
        {
            return core.Raise(ip, ExceptionCode.Overflow, budget);
        }
        r[ip->Rd] = T.Do(r[ip->Rs], (ulong)ip->Immediate);
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>MOVZ: rd = rs when rt is zero. [MIPS64 Vol II, MOVZ]</summary>
    [MethodImpl(Hot)]
    public static long Movz(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        if (r[ip->Rt] == 0)
        {
            r[ip->Rd] = r[ip->Rs];
        }
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>MOVN: rd = rs when rt is not zero. [MIPS64 Vol II, MOVN]</summary>
    [MethodImpl(Hot)]
    public static long Movn(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        if (r[ip->Rt] != 0)
        {
            r[ip->Rd] = r[ip->Rs];
        }
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>A 32-bit result as a register holds it: sign extended. [MIPS64 Vol I, 4.3]</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Word(ulong value) => (ulong)(int)value;
}

/// <summary>ADDU, ADDIU. [MIPS64 Vol II]</summary>
internal readonly struct AddWord : IAlu
{
    public static ulong Do(ulong a, ulong b) => Alu.Word(a + b);
}

/// <summary>DADDU, DADDIU. [MIPS64 Vol II]</summary>
internal readonly struct AddLong : IAlu
{
    public static ulong Do(ulong a, ulong b) => a + b;
}

/// <summary>SUBU. [MIPS64 Vol II]</summary>
internal readonly struct SubWord : IAlu
{
    public static ulong Do(ulong a, ulong b) => Alu.Word(a - b);
}

/// <summary>DSUBU. [MIPS64 Vol II]</summary>
internal readonly struct SubLong : IAlu
{
    public static ulong Do(ulong a, ulong b) => a - b;
}

/// <summary>AND, ANDI. [MIPS64 Vol II]</summary>
internal readonly struct And : IAlu
{
    public static ulong Do(ulong a, ulong b) => a & b;
}

/// <summary>OR, ORI. [MIPS64 Vol II]</summary>
internal readonly struct Or : IAlu
{
    public static ulong Do(ulong a, ulong b) => a | b;
}

/// <summary>XOR, XORI. [MIPS64 Vol II]</summary>
internal readonly struct Xor : IAlu
{
    public static ulong Do(ulong a, ulong b) => a ^ b;
}

/// <summary>NOR. [MIPS64 Vol II]</summary>
internal readonly struct Nor : IAlu
{
    public static ulong Do(ulong a, ulong b) => ~(a | b);
}

/// <summary>SLT, SLTI. [MIPS64 Vol II]</summary>
internal readonly struct SetLess : IAlu
{
    public static ulong Do(ulong a, ulong b) => (long)a < (long)b ? 1UL : 0;
}

/// <summary>SLTU, SLTIU: the immediate is sign extended and compared unsigned. [MIPS64 Vol II]</summary>
internal readonly struct SetLessUnsigned : IAlu
{
    public static ulong Do(ulong a, ulong b) => a < b ? 1UL : 0;
}

/// <summary>MUL: the low word, HI and LO unchanged. [MIPS64 Vol II]</summary>
internal readonly struct MulWord : IAlu
{
    public static ulong Do(ulong a, ulong b) => Alu.Word(a * b);
}

/// <summary>CLZ. [MIPS64 Vol II]</summary>
internal readonly struct CountZerosWord : IAlu
{
    public static ulong Do(ulong a, ulong b) => (ulong)BitOperations.LeadingZeroCount((uint)a);
}

/// <summary>CLO. [MIPS64 Vol II]</summary>
internal readonly struct CountOnesWord : IAlu
{
    public static ulong Do(ulong a, ulong b) => (ulong)BitOperations.LeadingZeroCount(~(uint)a);
}

/// <summary>DCLZ. [MIPS64 Vol II]</summary>
internal readonly struct CountZerosLong : IAlu
{
    public static ulong Do(ulong a, ulong b) => (ulong)BitOperations.LeadingZeroCount(a);
}

/// <summary>DCLO. [MIPS64 Vol II]</summary>
internal readonly struct CountOnesLong : IAlu
{
    public static ulong Do(ulong a, ulong b) => (ulong)BitOperations.LeadingZeroCount(~a);
}

/// <summary>ADD, ADDI. [MIPS64 Vol II]</summary>
internal readonly struct AddWordChecked : IChecked
{
    public static ulong Do(ulong a, ulong b) => Alu.Word(a + b);

    public static bool Fits(ulong a, ulong b) => (long)(int)a + (int)b == (int)(a + b);
}

/// <summary>SUB. [MIPS64 Vol II]</summary>
internal readonly struct SubWordChecked : IChecked
{
    public static ulong Do(ulong a, ulong b) => Alu.Word(a - b);

    public static bool Fits(ulong a, ulong b) => (long)(int)a - (int)b == (int)(a - b);
}

/// <summary>DADD, DADDI. [MIPS64 Vol II]</summary>
internal readonly struct AddLongChecked : IChecked
{
    public static ulong Do(ulong a, ulong b) => a + b;

    public static bool Fits(ulong a, ulong b) => (long)((a ^ (a + b)) & (b ^ (a + b))) >= 0;
}

/// <summary>DSUB. [MIPS64 Vol II]</summary>
internal readonly struct SubLongChecked : IChecked
{
    public static ulong Do(ulong a, ulong b) => a - b;

    public static bool Fits(ulong a, ulong b) => (long)((a ^ b) & (a ^ (a - b))) >= 0;
}
