using System.Runtime.CompilerServices;

namespace Disco.Actors.Machine.Mips.Interpreter;

/// <summary>An operation whose result goes to HI and LO.</summary>
internal interface IHiLo
{
    static abstract void Do(ulong a, ulong b, ref ulong hi, ref ulong lo);
}

/// <summary>Multiplication, division, HI and LO.</summary>
internal static unsafe class MulDiv
{
    private const MethodImplOptions Hot = MethodImplOptions.AggressiveOptimization;

    /// <summary>HI, LO = rs op rt.</summary>
    [MethodImpl(Hot)]
    public static long Registers<T>(Insn* ip, ulong* r, MipsCore core, long budget)
        where T : struct, IHiLo
    {
        T.Do(r[ip->Rs], r[ip->Rt], ref r[Reg.Hi], ref r[Reg.Lo]);
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>MFHI. [MIPS64 Vol II]</summary>
    [MethodImpl(Hot)]
    public static long Mfhi(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        r[ip->Rd] = r[Reg.Hi];
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>MFLO. [MIPS64 Vol II]</summary>
    [MethodImpl(Hot)]
    public static long Mflo(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        r[ip->Rd] = r[Reg.Lo];
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>MTHI. [MIPS64 Vol II]</summary>
    [MethodImpl(Hot)]
    public static long Mthi(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        r[Reg.Hi] = r[ip->Rs];
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    /// <summary>MTLO. [MIPS64 Vol II]</summary>
    [MethodImpl(Hot)]
    public static long Mtlo(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        r[Reg.Lo] = r[ip->Rs];
        ip++;
        return --budget > 0 ? ip->Handler(ip, r, core, budget) : MipsCore.StopAt(ip, r, core, budget);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Split(ulong product, ref ulong hi, ref ulong lo)
    {
        hi = (ulong)(int)(product >> 32);
        lo = (ulong)(int)product;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Join(ulong hi, ulong lo) => (hi << 32) | (uint)lo;
}

/// <summary>MULT. [MIPS64 Vol II]</summary>
internal readonly struct MultiplyWord : IHiLo
{
    public static void Do(ulong a, ulong b, ref ulong hi, ref ulong lo) =>
        MulDiv.Split((ulong)((long)(int)a * (int)b), ref hi, ref lo);
}

/// <summary>MULTU. [MIPS64 Vol II]</summary>
internal readonly struct MultiplyWordUnsigned : IHiLo
{
    public static void Do(ulong a, ulong b, ref ulong hi, ref ulong lo) =>
        MulDiv.Split((ulong)(uint)a * (uint)b, ref hi, ref lo);
}

/// <summary>DMULT. [MIPS64 Vol II]</summary>
internal readonly struct MultiplyLong : IHiLo
{
    public static void Do(ulong a, ulong b, ref ulong hi, ref ulong lo)
    {
        // The unsigned high half, corrected by each operand's sign.
        ulong high = Math.BigMul(a, b, out lo);
        hi = high - ((ulong)((long)a >> 63) & b) - ((ulong)((long)b >> 63) & a);
    }
}

/// <summary>DMULTU. [MIPS64 Vol II]</summary>
internal readonly struct MultiplyLongUnsigned : IHiLo
{
    public static void Do(ulong a, ulong b, ref ulong hi, ref ulong lo) => hi = Math.BigMul(a, b, out lo);
}

/// <summary>MADD. [MIPS64 Vol II]</summary>
internal readonly struct MultiplyAdd : IHiLo
{
    public static void Do(ulong a, ulong b, ref ulong hi, ref ulong lo) =>
        MulDiv.Split(MulDiv.Join(hi, lo) + (ulong)((long)(int)a * (int)b), ref hi, ref lo);
}

/// <summary>MADDU. [MIPS64 Vol II]</summary>
internal readonly struct MultiplyAddUnsigned : IHiLo
{
    public static void Do(ulong a, ulong b, ref ulong hi, ref ulong lo) =>
        MulDiv.Split(MulDiv.Join(hi, lo) + ((ulong)(uint)a * (uint)b), ref hi, ref lo);
}

/// <summary>MSUB. [MIPS64 Vol II]</summary>
internal readonly struct MultiplySubtract : IHiLo
{
    public static void Do(ulong a, ulong b, ref ulong hi, ref ulong lo) =>
        MulDiv.Split(MulDiv.Join(hi, lo) - (ulong)((long)(int)a * (int)b), ref hi, ref lo);
}

/// <summary>MSUBU. [MIPS64 Vol II]</summary>
internal readonly struct MultiplySubtractUnsigned : IHiLo
{
    public static void Do(ulong a, ulong b, ref ulong hi, ref ulong lo) =>
        MulDiv.Split(MulDiv.Join(hi, lo) - ((ulong)(uint)a * (uint)b), ref hi, ref lo);
}

/// <summary>
/// DIV. A zero divisor is unpredictable by the manual; here, and below: quotient all ones (1 for a negative signed
/// dividend), remainder the dividend. [MIPS64 Vol II]
/// </summary>
internal readonly struct DivideWord : IHiLo
{
    public static void Do(ulong a, ulong b, ref ulong hi, ref ulong lo)
    {
        long x = (int)a;
        long y = (int)b;
        lo = y == 0 ? (x < 0 ? 1 : ulong.MaxValue) : Alu.Word((ulong)(x / y));
        hi = y == 0 ? (ulong)x : Alu.Word((ulong)(x % y));
    }
}

/// <summary>DIVU. [MIPS64 Vol II]</summary>
internal readonly struct DivideWordUnsigned : IHiLo
{
    public static void Do(ulong a, ulong b, ref ulong hi, ref ulong lo)
    {
        uint x = (uint)a;
        uint y = (uint)b;
        lo = y == 0 ? ulong.MaxValue : Alu.Word(x / y);
        hi = Alu.Word(y == 0 ? x : x % y);
    }
}

/// <summary>DDIV. The quotient of the most negative value by -1 wraps. [MIPS64 Vol II]</summary>
internal readonly struct DivideLong : IHiLo
{
    public static void Do(ulong a, ulong b, ref ulong hi, ref ulong lo)
    {
        long x = (long)a;
        long y = (long)b;
        lo = y == 0 ? (x < 0 ? 1 : ulong.MaxValue) : y == -1 ? 0 - a : (ulong)(x / y);
        hi = y == 0 ? a : y == -1 ? 0 : (ulong)(x % y);
    }
}

/// <summary>DDIVU. [MIPS64 Vol II]</summary>
internal readonly struct DivideLongUnsigned : IHiLo
{
    public static void Do(ulong a, ulong b, ref ulong hi, ref ulong lo)
    {
        lo = b == 0 ? ulong.MaxValue : a / b;
        hi = b == 0 ? a : a % b;
    }
}
