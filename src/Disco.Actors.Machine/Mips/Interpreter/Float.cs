using System.Runtime.CompilerServices;
using Disco.Actors.Machine.Fpu;

namespace Disco.Actors.Machine.Mips.Interpreter;

/// <summary>
/// Floating-point instructions. Single operands are named by 32-bit slots of the register file, double ones by 64-bit
/// slots, so that FR is a matter of decoding only. [MIPS64 Vol I, 5]
/// </summary>
internal static unsafe class Float
{
    private const MethodImplOptions Hot = MethodImplOptions.AggressiveOptimization;

    /// <summary>fd = fs op ft; an enabled exception leaves fd as it was.</summary>
    [MethodImpl(Hot)]
    public static long Arithmetic<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, IFloat
    {
        if (r[Reg.FpuUsable] == 0)
        {
            return core.RaiseUnusable(ip, 1, budget);
        }
        if (!T.HasHost || core.Fp.Rounding != Rounding.Nearest)
        {
            return Exact<T>(ip, r, core, budget);
        }
        core.Fp.Raised = FpFlags.None;
        bool proven = T.TryHost(
            T.NarrowSource ? ((uint*)r)[ip->Rs] : r[ip->Rs],
            T.NarrowSource ? ((uint*)r)[ip->Rt] : r[ip->Rt],
            r + Reg.Scratch,
            ref core.Fp.Raised);
        if (!proven || (core.Fp.Raised & ~core.FpSettled) != 0)
        {
            return Exact<T>(ip, r, core, budget);
        }
        if (T.NarrowResult)
        {
            ((uint*)r)[ip->Rd] = (uint)r[Reg.Scratch];
        }
        else
        {
            r[ip->Rd] = r[Reg.Scratch];
        }
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    // Apart, since its calls would cost every operation a stack frame.
    [MethodImpl(Hot | MethodImplOptions.NoInlining)]
    private static long Exact<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, IFloat
    {
        core.Fp.Raised = FpFlags.None;
        ulong result = T.Do(
            T.NarrowSource ? ((uint*)r)[ip->Rs] : r[ip->Rs],
            T.NarrowSource ? ((uint*)r)[ip->Rt] : r[ip->Rt],
            ref core.Fp);
        if ((core.Fp.Raised & ~core.FpSettled) != 0 && core.FloatTraps())
        {
            return core.Raise(ip, ExceptionCode.FloatingPoint, budget);
        }
        if (T.NarrowResult)
        {
            ((uint*)r)[ip->Rd] = (uint)result;
        }
        else
        {
            r[ip->Rd] = result;
        }
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>fd = fs * ft op fr; the slot of fr is in the immediate.</summary>
    [MethodImpl(Hot)]
    public static long Ternary<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, IFloatTernary
    {
        if (r[Reg.FpuUsable] == 0)
        {
            return core.RaiseUnusable(ip, 1, budget);
        }
        core.Fp.Raised = FpFlags.None;
        ulong result = T.Do(
            T.Narrow ? ((uint*)r)[ip->Rs] : r[ip->Rs],
            T.Narrow ? ((uint*)r)[ip->Rt] : r[ip->Rt],
            T.Narrow ? ((uint*)r)[ip->Immediate] : r[ip->Immediate],
            ref core.Fp);
        if ((core.Fp.Raised & ~core.FpSettled) != 0 && core.FloatTraps())
        {
            return core.Raise(ip, ExceptionCode.FloatingPoint, budget);
        }
        if (T.Narrow)
        {
            ((uint*)r)[ip->Rd] = (uint)result;
        }
        else
        {
            r[ip->Rd] = result;
        }
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>C.cond.S: cond in the immediate, the condition code in rd. [MIPS64 Vol II, C.cond.fmt]</summary>
    [MethodImpl(Hot)]
    public static long CompareS(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        if (r[Reg.FpuUsable] == 0)
        {
            return core.RaiseUnusable(ip, 1, budget);
        }
        core.Fp.Raised = FpFlags.None;
        bool holds = FpArithmetic.ConditionS((int)ip->Immediate, ((uint*)r)[ip->Rs], ((uint*)r)[ip->Rt], ref core.Fp);
        if ((core.Fp.Raised & ~core.FpSettled) != 0 && core.FloatTraps())
        {
            return core.Raise(ip, ExceptionCode.FloatingPoint, budget);
        }
        ulong code = 1UL << ip->Rd;
        r[Reg.ConditionCodes] = holds ? r[Reg.ConditionCodes] | code : r[Reg.ConditionCodes] & ~code;
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>C.cond.D: cond in the immediate, the condition code in rd. [MIPS64 Vol II, C.cond.fmt]</summary>
    [MethodImpl(Hot)]
    public static long CompareD(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        if (r[Reg.FpuUsable] == 0)
        {
            return core.RaiseUnusable(ip, 1, budget);
        }
        core.Fp.Raised = FpFlags.None;
        bool holds = FpArithmetic.ConditionD((int)ip->Immediate, r[ip->Rs], r[ip->Rt], ref core.Fp);
        if ((core.Fp.Raised & ~core.FpSettled) != 0 && core.FloatTraps())
        {
            return core.Raise(ip, ExceptionCode.FloatingPoint, budget);
        }
        ulong code = 1UL << ip->Rd;
        r[Reg.ConditionCodes] = holds ? r[Reg.ConditionCodes] | code : r[Reg.ConditionCodes] & ~code;
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>MOV.S. [MIPS64 Vol II]</summary>
    [MethodImpl(Hot)]
    public static long MoveS(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        if (r[Reg.FpuUsable] == 0)
        {
            return core.RaiseUnusable(ip, 1, budget);
        }
        ((uint*)r)[ip->Rd] = ((uint*)r)[ip->Rs];
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>MOV.D. [MIPS64 Vol II]</summary>
    [MethodImpl(Hot)]
    public static long MoveD(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        if (r[Reg.FpuUsable] == 0)
        {
            return core.RaiseUnusable(ip, 1, budget);
        }
        r[ip->Rd] = r[ip->Rs];
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>MOVF, MOVT of general registers; MOVF.D, MOVT.D, whose slots are as wide. [MIPS64 Vol II]</summary>
    [MethodImpl(Hot)]
    public static long MoveOnCode<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, ICondition
    {
        if (r[Reg.FpuUsable] == 0)
        {
            return core.RaiseUnusable(ip, 1, budget);
        }
        if (T.Holds(r[Reg.ConditionCodes] >> (int)ip->Immediate, 0))
        {
            r[ip->Rd] = r[ip->Rs];
        }
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>MOVF.S, MOVT.S. [MIPS64 Vol II]</summary>
    [MethodImpl(Hot)]
    public static long MoveSOnCode<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, ICondition
    {
        if (r[Reg.FpuUsable] == 0)
        {
            return core.RaiseUnusable(ip, 1, budget);
        }
        if (T.Holds(r[Reg.ConditionCodes] >> (int)ip->Immediate, 0))
        {
            ((uint*)r)[ip->Rd] = ((uint*)r)[ip->Rs];
        }
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>MOVZ.S, MOVN.S. [MIPS64 Vol II]</summary>
    [MethodImpl(Hot)]
    public static long MoveSOnRegister<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, ICondition
    {
        if (r[Reg.FpuUsable] == 0)
        {
            return core.RaiseUnusable(ip, 1, budget);
        }
        if (T.Holds(r[ip->Rt], 0))
        {
            ((uint*)r)[ip->Rd] = ((uint*)r)[ip->Rs];
        }
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>MOVZ.D, MOVN.D. [MIPS64 Vol II]</summary>
    [MethodImpl(Hot)]
    public static long MoveDOnRegister<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, ICondition
    {
        if (r[Reg.FpuUsable] == 0)
        {
            return core.RaiseUnusable(ip, 1, budget);
        }
        if (T.Holds(r[ip->Rt], 0))
        {
            r[ip->Rd] = r[ip->Rs];
        }
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>MFC1, MFHC1: a 32-bit slot, sign extended. [MIPS64 Vol II]</summary>
    [MethodImpl(Hot)]
    public static long Mfc1(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        if (r[Reg.FpuUsable] == 0)
        {
            return core.RaiseUnusable(ip, 1, budget);
        }
        r[ip->Rd] = (ulong)(int)((uint*)r)[ip->Rs];
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>DMFC1. [MIPS64 Vol II]</summary>
    [MethodImpl(Hot)]
    public static long Dmfc1(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        if (r[Reg.FpuUsable] == 0)
        {
            return core.RaiseUnusable(ip, 1, budget);
        }
        r[ip->Rd] = r[ip->Rs];
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>MTC1, MTHC1. [MIPS64 Vol II]</summary>
    [MethodImpl(Hot)]
    public static long Mtc1(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        if (r[Reg.FpuUsable] == 0)
        {
            return core.RaiseUnusable(ip, 1, budget);
        }
        ((uint*)r)[ip->Rd] = (uint)r[ip->Rt];
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>DMTC1. [MIPS64 Vol II]</summary>
    [MethodImpl(Hot)]
    public static long Dmtc1(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        if (r[Reg.FpuUsable] == 0)
        {
            return core.RaiseUnusable(ip, 1, budget);
        }
        r[ip->Rd] = r[ip->Rt];
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>CFC1. [MIPS64 Vol II]</summary>
    [MethodImpl(Hot)]
    public static long Cfc1(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        if (r[Reg.FpuUsable] == 0)
        {
            return core.RaiseUnusable(ip, 1, budget);
        }
        r[ip->Rd] = (ulong)(int)core.ReadFloatControl((int)ip->Immediate);
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>CTC1: may raise the exception it writes. [MIPS64 Vol II]</summary>
    [MethodImpl(Hot)]
    public static long Ctc1(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        if (r[Reg.FpuUsable] == 0)
        {
            return core.RaiseUnusable(ip, 1, budget);
        }
        if (core.WriteFloatControl((int)ip->Immediate, (uint)r[ip->Rt]))
        {
            return core.Raise(ip, ExceptionCode.FloatingPoint, budget);
        }
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>PREFX: a hint. [MIPS64 Vol II]</summary>
    [MethodImpl(Hot)]
    public static long Prefx(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        if (r[Reg.FpuUsable] == 0)
        {
            return core.RaiseUnusable(ip, 1, budget);
        }
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }
}
