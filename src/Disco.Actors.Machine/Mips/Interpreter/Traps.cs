using System.Runtime.CompilerServices;

namespace Disco.Actors.Machine.Mips.Interpreter;

/// <summary>Instructions that raise exceptions on purpose, and those that are not there.</summary>
internal static unsafe class Traps
{
    private const MethodImplOptions Hot = MethodImplOptions.AggressiveOptimization;

    /// <summary>TEQ, TNE, TGE, TGEU, TLT, TLTU. [MIPS64 Vol II]</summary>
    [MethodImpl(Hot)]
    public static long Registers<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, ICondition
    {
        if (T.Holds(r[ip->Rs], r[ip->Rt]))
        {
            return core.Raise(ip, ExceptionCode.Trap, budget);
        }
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>TEQI, TNEI, TGEI, TGEIU, TLTI, TLTIU. [MIPS64 Vol II]</summary>
    [MethodImpl(Hot)]
    public static long Immediate<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, ICondition
    {
        if (T.Holds(r[ip->Rs], (ulong)ip->Immediate))
        {
            return core.Raise(ip, ExceptionCode.Trap, budget);
        }
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>SYSCALL. [MIPS64 Vol II]</summary>
    public static long Syscall(Insn* ip, ulong* r, MipsCore core, long budget) =>
        core.Raise(ip, ExceptionCode.Syscall, budget);

    /// <summary>BREAK. [MIPS64 Vol II]</summary>
    public static long Break(Insn* ip, ulong* r, MipsCore core, long budget) =>
        core.Raise(ip, ExceptionCode.Breakpoint, budget);

    /// <summary>
    /// No instruction: Coprocessor Unusable when the opcode belongs to a coprocessor that is off (the immediate is
    /// its number, else -1), Reserved Instruction otherwise. [MIPS64 Vol III, 6.2.20, 6.2.21]
    /// </summary>
    public static long Reserved(Insn* ip, ulong* r, MipsCore core, long budget) => ip->Immediate switch
    {
        0 when !core.Cp0IsUsable => core.RaiseUnusable(ip, 0, budget),
        1 when r[Reg.FpuUsable] == 0 => core.RaiseUnusable(ip, 1, budget),
        2 => core.RaiseUnusable(ip, 2, budget),
        _ => core.Raise(ip, ExceptionCode.ReservedInstruction, budget),
    };
}

/// <summary>TGE, TGEI. [MIPS64 Vol II]</summary>
internal readonly struct GreaterOrEqual : ICondition
{
    public static bool Holds(ulong s, ulong t) => (long)s >= (long)t;
}

/// <summary>TGEU, TGEIU. [MIPS64 Vol II]</summary>
internal readonly struct GreaterOrEqualUnsigned : ICondition
{
    public static bool Holds(ulong s, ulong t) => s >= t;
}

/// <summary>TLT, TLTI. [MIPS64 Vol II]</summary>
internal readonly struct Less : ICondition
{
    public static bool Holds(ulong s, ulong t) => (long)s < (long)t;
}

/// <summary>TLTU, TLTIU. [MIPS64 Vol II]</summary>
internal readonly struct LessUnsigned : ICondition
{
    public static bool Holds(ulong s, ulong t) => s < t;
}
