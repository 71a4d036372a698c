using System.Runtime.CompilerServices;

namespace Disco.Actors.Machine.Fpu;

/// <summary>
/// What the core calls: floating-point operations on register bits. Stateless and allocation-free; each adds the
/// exceptions it signals to <see cref="FpEnvironment.Raised"/> and returns the default result of an untrapped one
/// (MIPS64 manual, volume I, "FPU Exceptions"; volume II, the instruction of the same name). The names end in the
/// format of the operands: S single, D double, W and L integers of 32 and 64 bits. This part is D.
/// </summary>
public static partial class FpArithmetic
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong AddD(ulong a, ulong b, ref FpEnvironment env) =>
        env.Rounding == Rounding.Nearest
        && HostFloat.Add(ToDouble(a), ToDouble(b), out double sum, ref env.Raised)
            ? ToBits(sum)
            : SoftFloat<Binary64>.Add(a, b, ref env);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong SubD(ulong a, ulong b, ref FpEnvironment env) =>
        env.Rounding == Rounding.Nearest
        && HostFloat.Add(ToDouble(a), -ToDouble(b), out double difference, ref env.Raised)
            ? ToBits(difference)
            : SoftFloat<Binary64>.Sub(a, b, ref env);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong MulD(ulong a, ulong b, ref FpEnvironment env) =>
        env.Rounding == Rounding.Nearest
        && HostFloat.Mul(ToDouble(a), ToDouble(b), out double product, ref env.Raised)
            ? ToBits(product)
            : SoftFloat<Binary64>.Mul(a, b, ref env);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong DivD(ulong a, ulong b, ref FpEnvironment env) =>
        env.Rounding == Rounding.Nearest
        && HostFloat.Div(ToDouble(a), ToDouble(b), out double quotient, ref env.Raised)
            ? ToBits(quotient)
            : SoftFloat<Binary64>.Div(a, b, ref env);

    public static ulong SqrtD(ulong a, ref FpEnvironment env) =>
        env.Rounding == Rounding.Nearest && HostFloat.Sqrt(ToDouble(a), out double root, ref env.Raised)
            ? ToBits(root)
            : SoftFloat<Binary64>.Sqrt(a, ref env);

    public static ulong AbsD(ulong a, ref FpEnvironment env) => SoftFloat<Binary64>.Abs(a, ref env);

    public static ulong NegD(ulong a, ref FpEnvironment env) => SoftFloat<Binary64>.Neg(a, ref env);

    /// <summary>1 / a, rounded once.</summary>
    public static ulong RecipD(ulong a, ref FpEnvironment env) => DivD(Binary64.One, a, ref env);

    /// <summary>1 / sqrt(a), rounded after each step.</summary>
    public static ulong RsqrtD(ulong a, ref FpEnvironment env) => DivD(Binary64.One, SqrtD(a, ref env), ref env);

    /// <summary>a * b + c, rounded after each step: Release 2 does not fuse (FCSR.MAC2008 = 0).</summary>
    public static ulong MaddD(ulong a, ulong b, ulong c, ref FpEnvironment env) =>
        AddD(MulD(a, b, ref env), c, ref env);

    /// <summary>a * b - c, rounded after each step.</summary>
    public static ulong MsubD(ulong a, ulong b, ulong c, ref FpEnvironment env) =>
        SubD(MulD(a, b, ref env), c, ref env);

    /// <summary>-(a * b + c): the rounded sum with its sign inverted, also when it is a NaN.</summary>
    public static ulong NmaddD(ulong a, ulong b, ulong c, ref FpEnvironment env) =>
        MaddD(a, b, c, ref env) ^ Binary64.SignMask;

    /// <summary>-(a * b - c): the rounded difference with its sign inverted, also when it is a NaN.</summary>
    public static ulong NmsubD(ulong a, ulong b, ulong c, ref FpEnvironment env) =>
        MsubD(a, b, c, ref env) ^ Binary64.SignMask;

    /// <summary>The relation of a to b; a signaling comparison is invalid for every NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FpRelation CompareD(ulong a, ulong b, bool signaling, ref FpEnvironment env)
    {
        double x = ToDouble(a);
        double y = ToDouble(b);
        return x < y ? FpRelation.Less
            : x > y ? FpRelation.Greater
            : x == y ? FpRelation.Equal
            : SoftFloat<Binary64>.Compare(a, b, signaling, ref env);
    }

    /// <summary>C.cond.D: whether the condition, the low four bits of the instruction, holds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool ConditionD(int condition, ulong a, ulong b, ref FpEnvironment env) =>
        (condition & (int)CompareD(a, b, (condition & 8) != 0, ref env)) != 0;

    private static double ToDouble(ulong bits) => BitConverter.UInt64BitsToDouble(bits);

    private static ulong ToBits(double value) => BitConverter.DoubleToUInt64Bits(value);
}
