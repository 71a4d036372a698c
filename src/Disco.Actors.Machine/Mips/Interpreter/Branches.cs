using System.Runtime.CompilerServices;

namespace Disco.Actors.Machine.Mips.Interpreter;

/// <summary>The condition of a branch on two registers.</summary>
internal interface ICondition
{
    static abstract bool Holds(ulong s, ulong t);
}

/// <summary>
/// Branches and jumps. A branch notes where it goes and runs the copy of its delay slot; the record behind that copy
/// goes there. Near: slot and target are in the block. Far: the target is a virtual address.
/// </summary>
internal static unsafe class Branches<TGranule>
    where TGranule : struct, IGranule
{
    private const MethodImplOptions Hot = MethodImplOptions.AggressiveOptimization;

    [MethodImpl(Hot)]
    public static long Near<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, ICondition
    {
        r[Reg.Target] = T.Holds(r[ip->Rs], r[ip->Rt]) ? (ulong)((byte*)ip + ip->Immediate) : (ulong)(ip + 2);
        ip += ip->Slot;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    [MethodImpl(Hot)]
    public static long Far<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, ICondition
    {
        r[Reg.NextPc] = r[Reg.PcBase]
            + (T.Holds(r[ip->Rs], r[ip->Rt]) ? (ulong)ip->Immediate : (4UL * ip->Index) + 8);
        ip += ip->Slot;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>A branch likely that is not taken nullifies its delay slot. [MIPS64 Vol II, BEQL]</summary>
    [MethodImpl(Hot)]
    public static long NearLikely<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, ICondition
    {
        if (T.Holds(r[ip->Rs], r[ip->Rt]))
        {
            r[Reg.Target] = (ulong)((byte*)ip + ip->Immediate);
            ip += ip->Slot;
        }
        else
        {
            ip += 2;
        }
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    [MethodImpl(Hot)]
    public static long FarLikely<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, ICondition
    {
        // Not taken: the record behind the slot's copy goes to the address, without the slot.
        bool taken = T.Holds(r[ip->Rs], r[ip->Rt]);
        r[Reg.NextPc] = r[Reg.PcBase] + (taken ? (ulong)ip->Immediate : (4UL * ip->Index) + 8);
        ip += ip->Slot + (taken ? 0 : 1);
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>BLTZAL, BGEZAL: the return address is written whether taken or not. [MIPS64 Vol II]</summary>
    [MethodImpl(Hot)]
    public static long FarLink<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, ICondition
    {
        ulong after = r[Reg.PcBase] + (4UL * ip->Index) + 8;
        r[Reg.NextPc] = T.Holds(r[ip->Rs], r[ip->Rt]) ? r[Reg.PcBase] + (ulong)ip->Immediate : after;
        r[Reg.Ra] = after;
        ip += ip->Slot;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>BLTZALL, BGEZALL. [MIPS64 Vol II]</summary>
    [MethodImpl(Hot)]
    public static long FarLinkLikely<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, ICondition
    {
        ulong after = r[Reg.PcBase] + (4UL * ip->Index) + 8;
        bool taken = T.Holds(r[ip->Rs], r[ip->Rt]);
        r[Reg.NextPc] = taken ? r[Reg.PcBase] + (ulong)ip->Immediate : after;
        r[Reg.Ra] = after;
        ip += ip->Slot + (taken ? 0 : 1);
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>J: within the 256 MB region of the delay slot. [MIPS64 Vol II, J]</summary>
    [MethodImpl(Hot)]
    public static long J(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        ulong after = r[Reg.PcBase] + (4UL * ip->Index) + 4;
        r[Reg.NextPc] = (after & ~0x0FFF_FFFFUL) | (ulong)ip->Immediate;
        ip += ip->Slot;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>JAL. [MIPS64 Vol II, JAL]</summary>
    [MethodImpl(Hot)]
    public static long Jal(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        ulong after = r[Reg.PcBase] + (4UL * ip->Index) + 4;
        r[Reg.NextPc] = (after & ~0x0FFF_FFFFUL) | (ulong)ip->Immediate;
        r[Reg.Ra] = after + 4;
        ip += ip->Slot;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>JR, JR.HB: an unaligned target faults when it is fetched. [MIPS64 Vol II, JR]</summary>
    [MethodImpl(Hot)]
    public static long Jr(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        r[Reg.NextPc] = r[ip->Rs];
        ip += ip->Slot;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>JALR, JALR.HB. [MIPS64 Vol II, JALR]</summary>
    [MethodImpl(Hot)]
    public static long Jalr(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        r[Reg.NextPc] = r[ip->Rs];
        r[ip->Rd] = r[Reg.PcBase] + (4UL * ip->Index) + 8;
        ip += ip->Slot;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>BC1F, BC1T; the immediate's condition code is in rd. [MIPS64 Vol II, BC1F]</summary>
    [MethodImpl(Hot)]
    public static long FpNear<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, ICondition
    {
        if (r[Reg.FpuUsable] == 0)
        {
            return core.RaiseUnusable(ip, 1, budget);
        }
        r[Reg.Target] = T.Holds(r[Reg.ConditionCodes] >> ip->Rd, 0)
            ? (ulong)((byte*)ip + ip->Immediate) : (ulong)(ip + 2);
        ip += ip->Slot;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    [MethodImpl(Hot)]
    public static long FpFar<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, ICondition
    {
        if (r[Reg.FpuUsable] == 0)
        {
            return core.RaiseUnusable(ip, 1, budget);
        }
        r[Reg.NextPc] = r[Reg.PcBase]
            + (T.Holds(r[Reg.ConditionCodes] >> ip->Rd, 0) ? (ulong)ip->Immediate : (4UL * ip->Index) + 8);
        ip += ip->Slot;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>BC1FL, BC1TL. [MIPS64 Vol II, BC1FL]</summary>
    [MethodImpl(Hot)]
    public static long FpFarLikely<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, ICondition
    {
        if (r[Reg.FpuUsable] == 0)
        {
            return core.RaiseUnusable(ip, 1, budget);
        }
        bool taken = T.Holds(r[Reg.ConditionCodes] >> ip->Rd, 0);
        r[Reg.NextPc] = r[Reg.PcBase] + (taken ? (ulong)ip->Immediate : (4UL * ip->Index) + 8);
        ip += ip->Slot + (taken ? 0 : 1);
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }
}

/// <summary>BEQ, BEQL. [MIPS64 Vol II]</summary>
internal readonly struct Equal : ICondition
{
    public static bool Holds(ulong s, ulong t) => s == t;
}

/// <summary>BNE, BNEL. [MIPS64 Vol II]</summary>
internal readonly struct NotEqual : ICondition
{
    public static bool Holds(ulong s, ulong t) => s != t;
}

/// <summary>BLEZ, BLEZL. [MIPS64 Vol II]</summary>
internal readonly struct NotPositive : ICondition
{
    public static bool Holds(ulong s, ulong t) => (long)s <= 0;
}

/// <summary>BGTZ, BGTZL. [MIPS64 Vol II]</summary>
internal readonly struct Positive : ICondition
{
    public static bool Holds(ulong s, ulong t) => (long)s > 0;
}

/// <summary>BLTZ, BLTZL, BLTZAL, BLTZALL. [MIPS64 Vol II]</summary>
internal readonly struct Negative : ICondition
{
    public static bool Holds(ulong s, ulong t) => (long)s < 0;
}

/// <summary>BGEZ, BGEZL, BGEZAL, BGEZALL. [MIPS64 Vol II]</summary>
internal readonly struct NotNegative : ICondition
{
    public static bool Holds(ulong s, ulong t) => (long)s >= 0;
}

/// <summary>The condition code is 0: BC1F. [MIPS64 Vol II]</summary>
internal readonly struct ConditionFalse : ICondition
{
    public static bool Holds(ulong s, ulong t) => (s & 1) == 0;
}

/// <summary>The condition code is 1: BC1T. [MIPS64 Vol II]</summary>
internal readonly struct ConditionTrue : ICondition
{
    public static bool Holds(ulong s, ulong t) => (s & 1) != 0;
}
