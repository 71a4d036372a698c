using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Disco.Actors.Machine.Mips.Interpreter;

/// <summary>SLL, SLLV. [MIPS64 Vol II]</summary>
internal readonly struct ShiftLeftWord : IAlu
{
    public static ulong Do(ulong a, ulong b) => Alu.Word((uint)a << (int)b);
}

/// <summary>SRL, SRLV. [MIPS64 Vol II]</summary>
internal readonly struct ShiftRightWord : IAlu
{
    public static ulong Do(ulong a, ulong b) => Alu.Word((uint)a >> (int)b);
}

/// <summary>SRA, SRAV. [MIPS64 Vol II]</summary>
internal readonly struct ShiftArithmeticWord : IAlu
{
    public static ulong Do(ulong a, ulong b) => (ulong)((int)a >> (int)b);
}

/// <summary>ROTR, ROTRV. [MIPS64 Vol II]</summary>
internal readonly struct RotateWord : IAlu
{
    public static ulong Do(ulong a, ulong b) => Alu.Word(BitOperations.RotateRight((uint)a, (int)b));
}

/// <summary>DSLL, DSLL32, DSLLV. [MIPS64 Vol II]</summary>
internal readonly struct ShiftLeftLong : IAlu
{
    public static ulong Do(ulong a, ulong b) => a << (int)b;
}

/// <summary>DSRL, DSRL32, DSRLV. [MIPS64 Vol II]</summary>
internal readonly struct ShiftRightLong : IAlu
{
    public static ulong Do(ulong a, ulong b) => a >> (int)b;
}

/// <summary>DSRA, DSRA32, DSRAV. [MIPS64 Vol II]</summary>
internal readonly struct ShiftArithmeticLong : IAlu
{
    public static ulong Do(ulong a, ulong b) => (ulong)((long)a >> (int)b);
}

/// <summary>DROTR, DROTR32, DROTRV. [MIPS64 Vol II]</summary>
internal readonly struct RotateLong : IAlu
{
    public static ulong Do(ulong a, ulong b) => BitOperations.RotateRight(a, (int)b);
}

/// <summary>SEB. [MIPS64 Vol II]</summary>
internal readonly struct SignExtendByte : IAlu
{
    public static ulong Do(ulong a, ulong b) => (ulong)(sbyte)a;
}

/// <summary>SEH. [MIPS64 Vol II]</summary>
internal readonly struct SignExtendHalf : IAlu
{
    public static ulong Do(ulong a, ulong b) => (ulong)(short)a;
}

/// <summary>WSBH: bytes swapped within halves of a word. [MIPS64 Vol II]</summary>
internal readonly struct SwapBytesInHalvesWord : IAlu
{
    public static ulong Do(ulong a, ulong b) =>
        Alu.Word(BitOperations.RotateRight(BinaryPrimitives.ReverseEndianness((uint)a), 16));
}

/// <summary>DSBH: bytes swapped within halves. [MIPS64 Vol II]</summary>
internal readonly struct SwapBytesInHalvesLong : IAlu
{
    public static ulong Do(ulong a, ulong b) =>
        ((a >> 8) & 0x00FF_00FF_00FF_00FF) | ((a & 0x00FF_00FF_00FF_00FF) << 8);
}

/// <summary>DSHD: halves in reverse order. [MIPS64 Vol II]</summary>
internal readonly struct SwapHalves : IAlu
{
    public static ulong Do(ulong a, ulong b)
    {
        ulong pairs = ((a >> 16) & 0x0000_FFFF_0000_FFFF) | ((a & 0x0000_FFFF_0000_FFFF) << 16);
        return BitOperations.RotateRight(pairs, 32);
    }
}

/// <summary>EXT, INS and their 64-bit forms; the immediate holds lsb in bits 7..0 and size above.</summary>
internal static unsafe class BitFields
{
    private const MethodImplOptions Hot = MethodImplOptions.AggressiveOptimization;

    /// <summary>EXT, DEXT, DEXTM, DEXTU. [MIPS64 Vol II]</summary>
    [MethodImpl(Hot)]
    public static long Extract(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        int field = (int)ip->Immediate;
        r[ip->Rd] = (r[ip->Rs] >> field) & (ulong.MaxValue >> -(field >> 8));
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>EXT of a word: the result is sign extended. [MIPS64 Vol II, EXT]</summary>
    [MethodImpl(Hot)]
    public static long ExtractWord(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        int field = (int)ip->Immediate;
        r[ip->Rd] = Alu.Word(((uint)r[ip->Rs] >> field) & (uint.MaxValue >> -(field >> 8)));
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>DINS, DINSM, DINSU. [MIPS64 Vol II]</summary>
    [MethodImpl(Hot)]
    public static long Insert(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        int field = (int)ip->Immediate;
        ulong mask = (ulong.MaxValue >> -(field >> 8)) << field;
        r[ip->Rd] = (r[ip->Rt] & ~mask) | ((r[ip->Rs] << field) & mask);
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>INS of a word. [MIPS64 Vol II, INS]</summary>
    [MethodImpl(Hot)]
    public static long InsertWord(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        int field = (int)ip->Immediate;
        uint mask = (uint.MaxValue >> -(field >> 8)) << field;
        r[ip->Rd] = Alu.Word((r[ip->Rt] & ~mask) | (((uint)r[ip->Rs] << field) & mask));
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }
}
