using System.Runtime.CompilerServices;

namespace Disco.Actors.Machine.Mips.Interpreter;

/// <summary>
/// The records that are no instructions: decoding on first use, the ends of delay slots, the edges of granules.
/// None of them takes a cycle.
/// </summary>
internal static unsafe class Flow<TGranule>
    where TGranule : struct, IGranule
{
    private const MethodImplOptions Hot = MethodImplOptions.AggressiveOptimization;

    /// <summary>Replaces itself by the decoded instruction and executes it.</summary>
    [MethodImpl(Hot)]
    public static long DecodeMain(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        core.DecodeMain(ip);
        return ip->Handler(ip, r, core, budget);
    }

    /// <summary>After the delay slot of a branch whose target is in the block.</summary>
    [MethodImpl(Hot)]
    public static long EndNear(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        ip = (Insn*)r[Reg.Target];
        return --r[Reg.ToSample] == 0
            ? MipsCore.Sample(ip, r, core, budget) : ip->Handler(ip, r, core, budget);
    }

    /// <summary>After the delay slot of a branch that leaves the block.</summary>
    [MethodImpl(Hot)]
    public static long EndFar(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        ulong pc = r[Reg.NextPc];
        FetchEntry* entry = Entry(r, pc);
        if (entry->Tag != ((pc & (~OffsetMask | 3)) | r[Reg.FetchContext]))
        {
            return core.LeaveAt(pc, budget);
        }
        r[Reg.PcBase] = pc & ~OffsetMask;
        ip = entry->Main + ((pc & OffsetMask) >> 2);
        return --r[Reg.ToSample] == 0
            ? MipsCore.Sample(ip, r, core, budget) : ip->Handler(ip, r, core, budget);
    }

    /// <summary>From the last instruction of a granule to the first of the next.</summary>
    [MethodImpl(Hot)]
    public static long Cross(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        ulong pc = r[Reg.PcBase] + OffsetMask + 1;
        FetchEntry* entry = Entry(r, pc);
        if (entry->Tag != (pc | r[Reg.FetchContext]))
        {
            return core.LeaveAt(pc, budget);
        }
        r[Reg.PcBase] = pc;
        ip = entry->Main;
        return --r[Reg.ToSample] == 0
            ? MipsCore.Sample(ip, r, core, budget) : ip->Handler(ip, r, core, budget);
    }

    /// <summary>From a branch in the last word of a granule to its delay slot in the next.</summary>
    [MethodImpl(Hot)]
    public static long CrossSlot(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        ulong pc = r[Reg.PcBase] + OffsetMask + 1;
        FetchEntry* entry = Entry(r, pc);
        if (entry->Tag != (pc | r[Reg.FetchContext]))
        {
            return MipsCore.StopAt(ip, r, core, budget);
        }
        Insn* slot = entry->Main + 1 + (1 << (TGranule.CodeShift - 2));
        if (slot->Handler == null)
        {
            return MipsCore.StopAt(ip, r, core, budget);
        }
        r[Reg.PcBase] = pc;
        return slot->Handler(slot, r, core, budget);
    }

    private static ulong OffsetMask
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (1UL << TGranule.CodeShift) - 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static FetchEntry* Entry(ulong* r, ulong pc) =>
        (FetchEntry*)r[Reg.FetchTable] + ((pc >> TGranule.CodeShift) & (ulong)(TGranule.FetchEntries - 1));
}
