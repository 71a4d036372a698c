namespace Disco.Actors.Machine.Mips.Interpreter;

/// <summary>
/// Coprocessor 0 instructions, CACHE, SYNCI, RDHWR. Those that change modes or mappings leave the interpreter, so
/// that the core looks at interrupts and translations anew.
/// </summary>
internal static unsafe class Privileged
{
    /// <summary>MFC0. [MIPS64 Vol II]</summary>
    public static long Mfc0(Insn* ip, ulong* r, MipsCore core, long budget) =>
        MoveFrom(ip, r, core, budget, wide: false);

    /// <summary>DMFC0. [MIPS64 Vol II]</summary>
    public static long Dmfc0(Insn* ip, ulong* r, MipsCore core, long budget) =>
        MoveFrom(ip, r, core, budget, wide: true);

    /// <summary>MTC0. [MIPS64 Vol II]</summary>
    public static long Mtc0(Insn* ip, ulong* r, MipsCore core, long budget) =>
        core.Cp0IsUsable
            ? core.MoveToCp0(ip, (int)ip->Immediate, wide: false, r[ip->Rt], budget)
            : core.RaiseUnusable(ip, 0, budget);

    /// <summary>DMTC0. [MIPS64 Vol II]</summary>
    public static long Dmtc0(Insn* ip, ulong* r, MipsCore core, long budget) =>
        core.Cp0IsUsable
            ? core.MoveToCp0(ip, (int)ip->Immediate, wide: true, r[ip->Rt], budget)
            : core.RaiseUnusable(ip, 0, budget);

    /// <summary>DI. [MIPS64 Vol II]</summary>
    public static long Di(Insn* ip, ulong* r, MipsCore core, long budget) =>
        SetEnable(ip, r, core, budget, enable: false);

    /// <summary>EI. [MIPS64 Vol II]</summary>
    public static long Ei(Insn* ip, ulong* r, MipsCore core, long budget) =>
        SetEnable(ip, r, core, budget, enable: true);

    /// <summary>RDPGPR: with one register set the previous one is the present one. [MIPS64 Vol II]</summary>
    public static long MoveShadow(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        if (!core.Cp0IsUsable)
        {
            return core.RaiseUnusable(ip, 0, budget);
        }
        r[ip->Rd] = r[ip->Rt];
        return MipsCore.StopAt(ip + 1, r, core, budget - 1);
    }

    /// <summary>TLBR. [MIPS64 Vol II]</summary>
    public static long Tlbr(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        if (!core.Cp0IsUsable)
        {
            return core.RaiseUnusable(ip, 0, budget);
        }
        core.TlbRead();
        return MipsCore.StopAt(ip + 1, r, core, budget - 1);
    }

    /// <summary>TLBWI. [MIPS64 Vol II]</summary>
    public static long Tlbwi(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        if (!core.Cp0IsUsable)
        {
            return core.RaiseUnusable(ip, 0, budget);
        }
        core.TlbWrite(random: false);
        return MipsCore.StopAt(ip + 1, r, core, budget - 1);
    }

    /// <summary>TLBWR. [MIPS64 Vol II]</summary>
    public static long Tlbwr(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        if (!core.Cp0IsUsable)
        {
            return core.RaiseUnusable(ip, 0, budget);
        }
        core.TlbWrite(random: true);
        return MipsCore.StopAt(ip + 1, r, core, budget - 1);
    }

    /// <summary>TLBP. [MIPS64 Vol II]</summary>
    public static long Tlbp(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        if (!core.Cp0IsUsable)
        {
            return core.RaiseUnusable(ip, 0, budget);
        }
        core.TlbProbe();
        return MipsCore.StopAt(ip + 1, r, core, budget - 1);
    }

    /// <summary>TLBINV. [MIPS64 Vol II]</summary>
    public static long Tlbinv(Insn* ip, ulong* r, MipsCore core, long budget) =>
        Invalidate(ip, r, core, budget, all: false);

    /// <summary>TLBINVF. [MIPS64 Vol II]</summary>
    public static long Tlbinvf(Insn* ip, ulong* r, MipsCore core, long budget) =>
        Invalidate(ip, r, core, budget, all: true);

    /// <summary>ERET. [MIPS64 Vol II]</summary>
    public static long Eret(Insn* ip, ulong* r, MipsCore core, long budget) =>
        core.Cp0IsUsable ? core.ReturnFromException(ip, budget) : core.RaiseUnusable(ip, 0, budget);

    /// <summary>WAIT. [MIPS64 Vol II]</summary>
    public static long Wait(Insn* ip, ulong* r, MipsCore core, long budget) =>
        core.Cp0IsUsable ? core.WaitForInterrupt(ip, budget) : core.RaiseUnusable(ip, 0, budget);

    /// <summary>CACHE: no translation, no exception but Coprocessor Unusable (board spec 2.1).</summary>
    public static long Cache(Insn* ip, ulong* r, MipsCore core, long budget) =>
        core.Cp0IsUsable
            ? MipsCore.StopAt(ip + 1, r, core, budget - 1)
            : core.RaiseUnusable(ip, 0, budget);

    /// <summary>SYNCI. [MIPS64 Vol II]</summary>
    public static long Synci(Insn* ip, ulong* r, MipsCore core, long budget) =>
        core.SynchronizeCode(ip, r[ip->Rs] + (ulong)ip->Immediate, budget)
            ? MipsCore.StopAt(ip + 1, r, core, budget - 1)
            : core.Left;

    /// <summary>RDHWR: Reserved Instruction where it is not allowed or not there. [MIPS64 Vol II]</summary>
    public static long Rdhwr(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        if (!core.ReadHardware((int)ip->Immediate, budget, out ulong value))
        {
            return core.Raise(ip, ExceptionCode.ReservedInstruction, budget);
        }
        r[ip->Rd] = value;
        return MipsCore.StopAt(ip + 1, r, core, budget - 1);
    }

    private static long MoveFrom(Insn* ip, ulong* r, MipsCore core, long budget, bool wide)
    {
        if (!core.Cp0IsUsable)
        {
            return core.RaiseUnusable(ip, 0, budget);
        }
        r[ip->Rd] = core.MoveFromCp0((int)ip->Immediate, wide, budget);
        return MipsCore.StopAt(ip + 1, r, core, budget - 1);
    }

    private static long SetEnable(Insn* ip, ulong* r, MipsCore core, long budget, bool enable)
    {
        if (!core.Cp0IsUsable)
        {
            return core.RaiseUnusable(ip, 0, budget);
        }
        r[ip->Rd] = core.SetInterruptEnable(enable);
        return MipsCore.StopAt(ip + 1, r, core, budget - 1);
    }

    private static long Invalidate(Insn* ip, ulong* r, MipsCore core, long budget, bool all)
    {
        if (!core.Cp0IsUsable)
        {
            return core.RaiseUnusable(ip, 0, budget);
        }
        core.TlbInvalidate(all);
        return MipsCore.StopAt(ip + 1, r, core, budget - 1);
    }
}
