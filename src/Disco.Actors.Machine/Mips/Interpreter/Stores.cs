using System.Runtime.CompilerServices;

namespace Disco.Actors.Machine.Mips.Interpreter;

/// <summary>What a store writes.</summary>
internal unsafe interface IStore
{
    static abstract int SizeBytes { get; }

    /// <summary>SWL and its family: changes some bytes of the aligned datum around the address.</summary>
    static virtual bool Partial => false;

    static virtual bool Float => false;

    static virtual bool Indexed => false;

    static virtual bool Aligning => false;

    static virtual ulong Value(Insn* ip, ulong* r) => r[ip->Rt];

    /// <summary>The datum after a partial store; <paramref name="offset"/> as in <see cref="ILoad.Finish"/>.</summary>
    static virtual ulong Merge(ulong datum, ulong value, int offset) => value;
}

/// <summary>Stores: a hit in the translation cache with the right to write, or the slow path.</summary>
internal static unsafe class Stores<TGranule, TOrder>
    where TGranule : struct, IGranule
    where TOrder : struct, IByteOrder
{
    private const MethodImplOptions Hot = MethodImplOptions.AggressiveOptimization;

    [MethodImpl(Hot)]
    public static long Store<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, IStore
    {
        if (T.Float && r[Reg.FpuUsable] == 0)
        {
            return core.RaiseUnusable(ip, 1, budget);
        }
        ulong address = Address<T>(ip, r);
        ulong at = T.Partial ? address & ~(ulong)(T.SizeBytes - 1) : address;
        DataEntry* entry = Memory<TGranule>.Entry(r, at);
        if (entry->Tag != (at & Memory<TGranule>.TagMask(T.SizeBytes)))
        {
            return Slow<T>(ip, r, core, budget);
        }
        Put<T>((byte*)at + entry->Addend, T.Value(ip, r), address);
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>SC, SCD. [MIPS64 Vol II, SC]</summary>
    [MethodImpl(Hot)]
    public static long Conditional<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, IStore
    {
        int stored = core.StoreConditional(ip, Address<T>(ip, r), T.SizeBytes, r[ip->Rt], budget);
        if (stored < 0)
        {
            return core.Left;
        }
        r[ip->Rd] = (ulong)stored;
        ip++;
        budget -= 1 + core.TakeStall();
        return budget > 0 && !core.MustLeave
            ? ip->Handler(ip, r, core, budget)
            : MipsCore.StopAt(ip, r, core, budget);
    }

    // Compiled like the rest: its jump to the next record must not become a call.
    [MethodImpl(Hot | MethodImplOptions.NoInlining)]
    private static long Slow<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, IStore
    {
        ulong address = Address<T>(ip, r);
        byte* to = core.OpenStore(ip, address, T.SizeBytes, T.Partial, T.Value(ip, r), budget);
        if (to == null)
        {
            return core.Left;
        }
        Put<T>(to, T.Value(ip, r), core.IsReversed ? ~address : address);
        core.CloseStore(T.SizeBytes);
        ip++;
        budget -= 1 + core.TakeStall();
        return budget > 0 && !core.MustLeave
            ? ip->Handler(ip, r, core, budget)
            : MipsCore.StopAt(ip, r, core, budget);
    }

    // Of the address a partial store needs the low bits: which byte of the datum it is.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<T>(byte* to, ulong value, ulong address)
        where T : struct, IStore
    {
        if (T.Partial)
        {
            int within = (int)address & (T.SizeBytes - 1);
            int offset = TOrder.Big ? T.SizeBytes - 1 - within : within;
            value = T.Merge(Bytes.Read<TOrder>(to, T.SizeBytes), value, offset);
        }
        Bytes.Write<TOrder>(to, T.SizeBytes, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Address<T>(Insn* ip, ulong* r)
        where T : struct, IStore
    {
        ulong address = r[ip->Rs] + (T.Indexed ? r[ip->Rd] : (ulong)ip->Immediate);
        return T.Aligning ? address & ~7UL : address;
    }
}

/// <summary>SB. [MIPS64 Vol II]</summary>
internal readonly unsafe struct StoreByte : IStore
{
    public static int SizeBytes => 1;
}

/// <summary>SH. [MIPS64 Vol II]</summary>
internal readonly unsafe struct StoreHalf : IStore
{
    public static int SizeBytes => 2;
}

/// <summary>SW, SC. [MIPS64 Vol II]</summary>
internal readonly unsafe struct StoreWord : IStore
{
    public static int SizeBytes => 4;
}

/// <summary>SD, SCD. [MIPS64 Vol II]</summary>
internal readonly unsafe struct StoreLong : IStore
{
    public static int SizeBytes => 8;
}

/// <summary>SWL: the register's high end goes to the addressed byte and those below it. [MIPS64 Vol II]</summary>
internal readonly unsafe struct StoreWordLeft : IStore
{
    public static int SizeBytes => 4;

    public static bool Partial => true;

    public static ulong Merge(ulong datum, ulong value, int offset)
    {
        int shift = 8 * (3 - offset);
        return ((uint)value >> shift) | ((uint)datum & ~(uint.MaxValue >> shift));
    }
}

/// <summary>SWR: the register's low end goes to the addressed byte and those above it. [MIPS64 Vol II]</summary>
internal readonly unsafe struct StoreWordRight : IStore
{
    public static int SizeBytes => 4;

    public static bool Partial => true;

    public static ulong Merge(ulong datum, ulong value, int offset)
    {
        int shift = 8 * offset;
        return ((uint)value << shift) | ((uint)datum & ((1u << shift) - 1));
    }
}

/// <summary>SDL. [MIPS64 Vol II]</summary>
internal readonly unsafe struct StoreLongLeft : IStore
{
    public static int SizeBytes => 8;

    public static bool Partial => true;

    public static ulong Merge(ulong datum, ulong value, int offset)
    {
        int shift = 8 * (7 - offset);
        return (value >> shift) | (datum & ~(ulong.MaxValue >> shift));
    }
}

/// <summary>SDR. [MIPS64 Vol II]</summary>
internal readonly unsafe struct StoreLongRight : IStore
{
    public static int SizeBytes => 8;

    public static bool Partial => true;

    public static ulong Merge(ulong datum, ulong value, int offset)
    {
        int shift = 8 * offset;
        return (value << shift) | (datum & ((1UL << shift) - 1));
    }
}

/// <summary>SWC1. [MIPS64 Vol II]</summary>
internal readonly unsafe struct StoreSingle : IStore
{
    public static int SizeBytes => 4;

    public static bool Float => true;

    public static ulong Value(Insn* ip, ulong* r) => ((uint*)r)[ip->Rt];
}

/// <summary>SDC1. [MIPS64 Vol II]</summary>
internal readonly unsafe struct StoreDouble : IStore
{
    public static int SizeBytes => 8;

    public static bool Float => true;
}

/// <summary>SWXC1; the index register is in rd. [MIPS64 Vol II]</summary>
internal readonly unsafe struct StoreSingleIndexed : IStore
{
    public static int SizeBytes => 4;

    public static bool Float => true;

    public static bool Indexed => true;

    public static ulong Value(Insn* ip, ulong* r) => ((uint*)r)[ip->Rt];
}

/// <summary>SDXC1. [MIPS64 Vol II]</summary>
internal readonly unsafe struct StoreDoubleIndexed : IStore
{
    public static int SizeBytes => 8;

    public static bool Float => true;

    public static bool Indexed => true;
}

/// <summary>SUXC1. [MIPS64 Vol II]</summary>
internal readonly unsafe struct StoreDoubleUnaligned : IStore
{
    public static int SizeBytes => 8;

    public static bool Float => true;

    public static bool Indexed => true;

    public static bool Aligning => true;
}
