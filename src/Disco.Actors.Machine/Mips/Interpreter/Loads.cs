using System.Runtime.CompilerServices;

namespace Disco.Actors.Machine.Mips.Interpreter;

/// <summary>What a load does with the datum it read.</summary>
internal unsafe interface ILoad
{
    static abstract int SizeBytes { get; }

    /// <summary>LWL and its family: reads the aligned datum around the address.</summary>
    static virtual bool Partial => false;

    /// <summary>Needs coprocessor 1.</summary>
    static virtual bool Float => false;

    /// <summary>LL, LLD.</summary>
    static virtual bool Linked => false;

    /// <summary>base + index instead of base + offset. [MIPS64 Vol II, LWXC1]</summary>
    static virtual bool Indexed => false;

    /// <summary>LUXC1: the low three bits of the address are ignored.</summary>
    static virtual bool Aligning => false;

    /// <param name="ip">The load.</param>
    /// <param name="r">Where the result goes.</param>
    /// <param name="datum">What was read, zero extended.</param>
    /// <param name="offset">Bytes from the low end of the datum to the addressed one, in the order of values.</param>
    static abstract void Finish(Insn* ip, ulong* r, ulong datum, int offset);
}

/// <summary>Loads: a hit in the translation cache, or the slow path.</summary>
internal static unsafe class Loads<TGranule, TOrder>
    where TGranule : struct, IGranule
    where TOrder : struct, IByteOrder
{
    private const MethodImplOptions Hot = MethodImplOptions.AggressiveOptimization;

    [MethodImpl(Hot)]
    public static long Load<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, ILoad
    {
        if (T.Float && r[Reg.FpuUsable] == 0)
        {
            return core.RaiseUnusable(ip, 1, budget);
        }
        ulong address = Address<T>(ip, r);
        ulong at = T.Partial ? address & ~(ulong)(T.SizeBytes - 1) : address;
        DataEntry* entry = Memory<TGranule>.Entry(r, at);
        if (T.Linked || ((entry->Tag ^ at) & Memory<TGranule>.TagMask(T.SizeBytes)) != 0)
        {
            return Slow<T>(ip, r, core, budget);
        }
        T.Finish(ip, r, Bytes.Read<TOrder>((byte*)at + entry->Addend, T.SizeBytes), Offset<T>(address));
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    // Compiled like the rest: its jump to the next record must not become a call.
    [MethodImpl(Hot | MethodImplOptions.NoInlining)]
    private static long Slow<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, ILoad
    {
        ulong address = Address<T>(ip, r);
        byte* from = core.OpenLoad(ip, address, T.SizeBytes, T.Partial, budget);
        if (from == null)
        {
            return core.Left;
        }
        int offset = T.Partial && core.IsReversed ? T.SizeBytes - 1 - Offset<T>(address) : Offset<T>(address);
        T.Finish(ip, r, Bytes.Read<TOrder>(from, T.SizeBytes), offset);
        if (T.Linked)
        {
            core.SetLink(T.SizeBytes);
        }
        ip++;
        budget -= 1 + core.TakeStall();
        return budget > 0 && !core.MustLeave
            ? ip->Handler(ip, r, core, budget)
            : MipsCore.StopAt(ip, r, core, budget);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Address<T>(Insn* ip, ulong* r)
        where T : struct, ILoad
    {
        ulong address = r[ip->Rs] + (T.Indexed ? r[ip->Rt] : (ulong)ip->Immediate);
        return T.Aligning ? address & ~7UL : address;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Offset<T>(ulong address)
        where T : struct, ILoad =>
        !T.Partial ? 0
        : TOrder.Big ? T.SizeBytes - 1 - ((int)address & (T.SizeBytes - 1))
        : (int)address & (T.SizeBytes - 1);
}

/// <summary>The look-up in the translation cache that loads and stores share.</summary>
internal static unsafe class Memory<TGranule>
    where TGranule : struct, IGranule
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DataEntry* Entry(ulong* r, ulong address) =>
        (DataEntry*)(r[Reg.DataTable] + ((address >> (TGranule.DataShift - DataCache.EntryShift))
            & ((ulong)(TGranule.DataEntries - 1) << DataCache.EntryShift)));

    /// <summary>
    /// The bits of an address that must equal the tag: the granule's, and those of the alignment. Of a load no others
    /// of the tag matter; for a store the others must be 0, <see cref="DataCache.ReadOnly"/> among them.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong TagMask(int sizeBytes) =>
        ~((1UL << TGranule.DataShift) - 1) | ((ulong)sizeBytes - 1);
}

/// <summary>LB. [MIPS64 Vol II]</summary>
internal readonly unsafe struct LoadByte : ILoad
{
    public static int SizeBytes => 1;

    public static void Finish(Insn* ip, ulong* r, ulong datum, int offset) => r[ip->Rd] = (ulong)(sbyte)datum;
}

/// <summary>LBU. [MIPS64 Vol II]</summary>
internal readonly unsafe struct LoadByteUnsigned : ILoad
{
    public static int SizeBytes => 1;

    public static void Finish(Insn* ip, ulong* r, ulong datum, int offset) => r[ip->Rd] = datum;
}

/// <summary>LH. [MIPS64 Vol II]</summary>
internal readonly unsafe struct LoadHalf : ILoad
{
    public static int SizeBytes => 2;

    public static void Finish(Insn* ip, ulong* r, ulong datum, int offset) => r[ip->Rd] = (ulong)(short)datum;
}

/// <summary>LHU. [MIPS64 Vol II]</summary>
internal readonly unsafe struct LoadHalfUnsigned : ILoad
{
    public static int SizeBytes => 2;

    public static void Finish(Insn* ip, ulong* r, ulong datum, int offset) => r[ip->Rd] = datum;
}

/// <summary>LW. [MIPS64 Vol II]</summary>
internal readonly unsafe struct LoadWord : ILoad
{
    public static int SizeBytes => 4;

    public static void Finish(Insn* ip, ulong* r, ulong datum, int offset) => r[ip->Rd] = (ulong)(int)datum;
}

/// <summary>LWU. [MIPS64 Vol II]</summary>
internal readonly unsafe struct LoadWordUnsigned : ILoad
{
    public static int SizeBytes => 4;

    public static void Finish(Insn* ip, ulong* r, ulong datum, int offset) => r[ip->Rd] = datum;
}

/// <summary>LD. [MIPS64 Vol II]</summary>
internal readonly unsafe struct LoadLong : ILoad
{
    public static int SizeBytes => 8;

    public static void Finish(Insn* ip, ulong* r, ulong datum, int offset) => r[ip->Rd] = datum;
}

/// <summary>LL. [MIPS64 Vol II]</summary>
internal readonly unsafe struct LoadLinkedWord : ILoad
{
    public static int SizeBytes => 4;

    public static bool Linked => true;

    public static void Finish(Insn* ip, ulong* r, ulong datum, int offset) => r[ip->Rd] = (ulong)(int)datum;
}

/// <summary>LLD. [MIPS64 Vol II]</summary>
internal readonly unsafe struct LoadLinkedLong : ILoad
{
    public static int SizeBytes => 8;

    public static bool Linked => true;

    public static void Finish(Insn* ip, ulong* r, ulong datum, int offset) => r[ip->Rd] = datum;
}

/// <summary>LWL: the addressed byte and those below it become the register's high end. [MIPS64 Vol II]</summary>
internal readonly unsafe struct LoadWordLeft : ILoad
{
    public static int SizeBytes => 4;

    public static bool Partial => true;

    public static void Finish(Insn* ip, ulong* r, ulong datum, int offset)
    {
        int shift = 8 * (3 - offset);
        r[ip->Rd] = Alu.Word(((uint)datum << shift) | ((uint)r[ip->Rt] & ((1u << shift) - 1)));
    }
}

/// <summary>LWR: the addressed byte and those above it become the register's low end. [MIPS64 Vol II]</summary>
internal readonly unsafe struct LoadWordRight : ILoad
{
    public static int SizeBytes => 4;

    public static bool Partial => true;

    // The upper word is kept unless the sign bit was loaded: the manual allows both.
    public static void Finish(Insn* ip, ulong* r, ulong datum, int offset)
    {
        int shift = 8 * offset;
        uint keep = ~(uint.MaxValue >> shift);
        r[ip->Rd] = Alu.Word(((uint)datum >> shift) | ((uint)r[ip->Rt] & keep));
    }
}

/// <summary>LDL. [MIPS64 Vol II]</summary>
internal readonly unsafe struct LoadLongLeft : ILoad
{
    public static int SizeBytes => 8;

    public static bool Partial => true;

    public static void Finish(Insn* ip, ulong* r, ulong datum, int offset)
    {
        int shift = 8 * (7 - offset);
        r[ip->Rd] = (datum << shift) | (r[ip->Rt] & ((1UL << shift) - 1));
    }
}

/// <summary>LDR. [MIPS64 Vol II]</summary>
internal readonly unsafe struct LoadLongRight : ILoad
{
    public static int SizeBytes => 8;

    public static bool Partial => true;

    public static void Finish(Insn* ip, ulong* r, ulong datum, int offset)
    {
        int shift = 8 * offset;
        r[ip->Rd] = (datum >> shift) | (r[ip->Rt] & ~(ulong.MaxValue >> shift));
    }
}

/// <summary>LWC1. [MIPS64 Vol II]</summary>
internal readonly unsafe struct LoadSingle : ILoad
{
    public static int SizeBytes => 4;

    public static bool Float => true;

    public static void Finish(Insn* ip, ulong* r, ulong datum, int offset) => ((uint*)r)[ip->Rd] = (uint)datum;
}

/// <summary>LDC1. [MIPS64 Vol II]</summary>
internal readonly unsafe struct LoadDouble : ILoad
{
    public static int SizeBytes => 8;

    public static bool Float => true;

    public static void Finish(Insn* ip, ulong* r, ulong datum, int offset) => r[ip->Rd] = datum;
}

/// <summary>LWXC1. [MIPS64 Vol II]</summary>
internal readonly unsafe struct LoadSingleIndexed : ILoad
{
    public static int SizeBytes => 4;

    public static bool Float => true;

    public static bool Indexed => true;

    public static void Finish(Insn* ip, ulong* r, ulong datum, int offset) => ((uint*)r)[ip->Rd] = (uint)datum;
}

/// <summary>LDXC1. [MIPS64 Vol II]</summary>
internal readonly unsafe struct LoadDoubleIndexed : ILoad
{
    public static int SizeBytes => 8;

    public static bool Float => true;

    public static bool Indexed => true;

    public static void Finish(Insn* ip, ulong* r, ulong datum, int offset) => r[ip->Rd] = datum;
}

/// <summary>LUXC1. [MIPS64 Vol II]</summary>
internal readonly unsafe struct LoadDoubleUnaligned : ILoad
{
    public static int SizeBytes => 8;

    public static bool Float => true;

    public static bool Indexed => true;

    public static bool Aligning => true;

    public static void Finish(Insn* ip, ulong* r, ulong datum, int offset) => r[ip->Rd] = datum;
}
