using Disco.Actors.Machine.Fpu;

namespace Disco.Actors.Machine.Mips.Interpreter;

/// <summary>A floating-point operation on one or two registers. [MIPS64 Vol II]</summary>
internal unsafe interface IFloat
{
    /// <summary>The sources are 32 bits wide (S and W).</summary>
    static virtual bool NarrowSource => false;

    /// <summary>The result is 32 bits wide.</summary>
    static virtual bool NarrowResult => false;

    static abstract ulong Do(ulong a, ulong b, ref FpEnvironment env);

    /// <summary>There is a short cut by host arithmetic, for rounding to nearest.</summary>
    static virtual bool HasHost => false;

    /// <summary>False when the host's result is not proven equal to <see cref="Do"/>'s.</summary>
    static virtual bool TryHost(ulong a, ulong b, ulong* result, ref FpFlags raised) => false;
}

/// <summary>fr, fs and ft to fd: the multiply-adds of COP1X. [MIPS64 Vol II, MADD.fmt]</summary>
internal interface IFloatTernary
{
    static virtual bool Narrow => false;

    static abstract ulong Do(ulong fs, ulong ft, ulong fr, ref FpEnvironment env);
}

/// <summary>ADD.S. [MIPS64 Vol II]</summary>
internal readonly unsafe struct FloatAddS : IFloat
{
    public static bool NarrowSource => true;

    public static bool NarrowResult => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.AddS((uint)a, (uint)b, ref env);

    public static bool HasHost => true;

    public static bool TryHost(ulong a, ulong b, ulong* result, ref FpFlags raised) => HostFloat.Add(
        BitConverter.UInt32BitsToSingle((uint)a), BitConverter.UInt32BitsToSingle((uint)b),
        out *(float*)result, ref raised);
}

/// <summary>ADD.D. [MIPS64 Vol II]</summary>
internal readonly unsafe struct FloatAddD : IFloat
{
    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.AddD(a, b, ref env);

    public static bool HasHost => true;

    public static bool TryHost(ulong a, ulong b, ulong* result, ref FpFlags raised) => HostFloat.Add(
        BitConverter.UInt64BitsToDouble(a), BitConverter.UInt64BitsToDouble(b),
        out *(double*)result, ref raised);
}

/// <summary>SUB.S. [MIPS64 Vol II]</summary>
internal readonly unsafe struct FloatSubS : IFloat
{
    public static bool NarrowSource => true;

    public static bool NarrowResult => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.SubS((uint)a, (uint)b, ref env);

    public static bool HasHost => true;

    public static bool TryHost(ulong a, ulong b, ulong* result, ref FpFlags raised) => HostFloat.Add(
        BitConverter.UInt32BitsToSingle((uint)a), -BitConverter.UInt32BitsToSingle((uint)b),
        out *(float*)result, ref raised);
}

/// <summary>SUB.D. [MIPS64 Vol II]</summary>
internal readonly unsafe struct FloatSubD : IFloat
{
    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.SubD(a, b, ref env);

    public static bool HasHost => true;

    public static bool TryHost(ulong a, ulong b, ulong* result, ref FpFlags raised) => HostFloat.Add(
        BitConverter.UInt64BitsToDouble(a), -BitConverter.UInt64BitsToDouble(b),
        out *(double*)result, ref raised);
}

/// <summary>MUL.S. [MIPS64 Vol II]</summary>
internal readonly unsafe struct FloatMulS : IFloat
{
    public static bool NarrowSource => true;

    public static bool NarrowResult => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.MulS((uint)a, (uint)b, ref env);

    public static bool HasHost => true;

    public static bool TryHost(ulong a, ulong b, ulong* result, ref FpFlags raised) => HostFloat.Mul(
        BitConverter.UInt32BitsToSingle((uint)a), BitConverter.UInt32BitsToSingle((uint)b),
        out *(float*)result, ref raised);
}

/// <summary>MUL.D. [MIPS64 Vol II]</summary>
internal readonly unsafe struct FloatMulD : IFloat
{
    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.MulD(a, b, ref env);

    public static bool HasHost => true;

    public static bool TryHost(ulong a, ulong b, ulong* result, ref FpFlags raised) => HostFloat.Mul(
        BitConverter.UInt64BitsToDouble(a), BitConverter.UInt64BitsToDouble(b),
        out *(double*)result, ref raised);
}

/// <summary>DIV.S. [MIPS64 Vol II]</summary>
internal readonly unsafe struct FloatDivS : IFloat
{
    public static bool NarrowSource => true;

    public static bool NarrowResult => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.DivS((uint)a, (uint)b, ref env);

    public static bool HasHost => true;

    public static bool TryHost(ulong a, ulong b, ulong* result, ref FpFlags raised) => HostFloat.Div(
        BitConverter.UInt32BitsToSingle((uint)a), BitConverter.UInt32BitsToSingle((uint)b),
        out *(float*)result, ref raised);
}

/// <summary>DIV.D. [MIPS64 Vol II]</summary>
internal readonly unsafe struct FloatDivD : IFloat
{
    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.DivD(a, b, ref env);

    public static bool HasHost => true;

    public static bool TryHost(ulong a, ulong b, ulong* result, ref FpFlags raised) => HostFloat.Div(
        BitConverter.UInt64BitsToDouble(a), BitConverter.UInt64BitsToDouble(b),
        out *(double*)result, ref raised);
}

/// <summary>SQRT.S. [MIPS64 Vol II]</summary>
internal readonly struct FloatSqrtS : IFloat
{
    public static bool NarrowSource => true;

    public static bool NarrowResult => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.SqrtS((uint)a, ref env);
}

/// <summary>SQRT.D. [MIPS64 Vol II]</summary>
internal readonly struct FloatSqrtD : IFloat
{
    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.SqrtD(a, ref env);
}

/// <summary>ABS.S. [MIPS64 Vol II]</summary>
internal readonly struct FloatAbsS : IFloat
{
    public static bool NarrowSource => true;

    public static bool NarrowResult => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.AbsS((uint)a, ref env);
}

/// <summary>ABS.D. [MIPS64 Vol II]</summary>
internal readonly struct FloatAbsD : IFloat
{
    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.AbsD(a, ref env);
}

/// <summary>NEG.S. [MIPS64 Vol II]</summary>
internal readonly struct FloatNegS : IFloat
{
    public static bool NarrowSource => true;

    public static bool NarrowResult => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.NegS((uint)a, ref env);
}

/// <summary>NEG.D. [MIPS64 Vol II]</summary>
internal readonly struct FloatNegD : IFloat
{
    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.NegD(a, ref env);
}

/// <summary>RECIP.S. [MIPS64 Vol II]</summary>
internal readonly struct FloatRecipS : IFloat
{
    public static bool NarrowSource => true;

    public static bool NarrowResult => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.RecipS((uint)a, ref env);
}

/// <summary>RECIP.D. [MIPS64 Vol II]</summary>
internal readonly struct FloatRecipD : IFloat
{
    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.RecipD(a, ref env);
}

/// <summary>RSQRT.S. [MIPS64 Vol II]</summary>
internal readonly struct FloatRsqrtS : IFloat
{
    public static bool NarrowSource => true;

    public static bool NarrowResult => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.RsqrtS((uint)a, ref env);
}

/// <summary>RSQRT.D. [MIPS64 Vol II]</summary>
internal readonly struct FloatRsqrtD : IFloat
{
    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.RsqrtD(a, ref env);
}

/// <summary>CVT.D.S. [MIPS64 Vol II]</summary>
internal readonly struct FloatCvtDS : IFloat
{
    public static bool NarrowSource => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.SToD((uint)a, ref env);
}

/// <summary>CVT.S.D. [MIPS64 Vol II]</summary>
internal readonly struct FloatCvtSD : IFloat
{
    public static bool NarrowResult => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.DToS(a, ref env);
}

/// <summary>CVT.S.W. [MIPS64 Vol II]</summary>
internal readonly struct FloatCvtSW : IFloat
{
    public static bool NarrowSource => true;

    public static bool NarrowResult => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.WToS((uint)a, ref env);
}

/// <summary>CVT.D.W. [MIPS64 Vol II]</summary>
internal readonly struct FloatCvtDW : IFloat
{
    public static bool NarrowSource => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.WToD((uint)a);
}

/// <summary>CVT.S.L. [MIPS64 Vol II]</summary>
internal readonly struct FloatCvtSL : IFloat
{
    public static bool NarrowResult => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.LToS(a, ref env);
}

/// <summary>CVT.D.L. [MIPS64 Vol II]</summary>
internal readonly struct FloatCvtDL : IFloat
{
    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.LToD(a, ref env);
}

/// <summary>CVT.W.S. [MIPS64 Vol II]</summary>
internal readonly struct FloatCvtWS : IFloat
{
    public static bool NarrowSource => true;

    public static bool NarrowResult => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) =>
        FpArithmetic.SToW((uint)a, env.Rounding, ref env);
}

/// <summary>CVT.W.D. [MIPS64 Vol II]</summary>
internal readonly struct FloatCvtWD : IFloat
{
    public static bool NarrowResult => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.DToW(a, env.Rounding, ref env);
}

/// <summary>CVT.L.S. [MIPS64 Vol II]</summary>
internal readonly struct FloatCvtLS : IFloat
{
    public static bool NarrowSource => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) =>
        FpArithmetic.SToL((uint)a, env.Rounding, ref env);
}

/// <summary>CVT.L.D. [MIPS64 Vol II]</summary>
internal readonly struct FloatCvtLD : IFloat
{
    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.DToL(a, env.Rounding, ref env);
}

/// <summary>ROUND.W.S. [MIPS64 Vol II]</summary>
internal readonly struct FloatRoundWS : IFloat
{
    public static bool NarrowSource => true;

    public static bool NarrowResult => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) =>
        FpArithmetic.SToW((uint)a, Rounding.Nearest, ref env);
}

/// <summary>ROUND.W.D. [MIPS64 Vol II]</summary>
internal readonly struct FloatRoundWD : IFloat
{
    public static bool NarrowResult => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.DToW(a, Rounding.Nearest, ref env);
}

/// <summary>ROUND.L.S. [MIPS64 Vol II]</summary>
internal readonly struct FloatRoundLS : IFloat
{
    public static bool NarrowSource => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) =>
        FpArithmetic.SToL((uint)a, Rounding.Nearest, ref env);
}

/// <summary>ROUND.L.D. [MIPS64 Vol II]</summary>
internal readonly struct FloatRoundLD : IFloat
{
    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.DToL(a, Rounding.Nearest, ref env);
}

/// <summary>TRUNC.W.S. [MIPS64 Vol II]</summary>
internal readonly struct FloatTruncWS : IFloat
{
    public static bool NarrowSource => true;

    public static bool NarrowResult => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) =>
        FpArithmetic.SToW((uint)a, Rounding.Zero, ref env);
}

/// <summary>TRUNC.W.D. [MIPS64 Vol II]</summary>
internal readonly struct FloatTruncWD : IFloat
{
    public static bool NarrowResult => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.DToW(a, Rounding.Zero, ref env);
}

/// <summary>TRUNC.L.S. [MIPS64 Vol II]</summary>
internal readonly struct FloatTruncLS : IFloat
{
    public static bool NarrowSource => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) =>
        FpArithmetic.SToL((uint)a, Rounding.Zero, ref env);
}

/// <summary>TRUNC.L.D. [MIPS64 Vol II]</summary>
internal readonly struct FloatTruncLD : IFloat
{
    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.DToL(a, Rounding.Zero, ref env);
}

/// <summary>CEIL.W.S. [MIPS64 Vol II]</summary>
internal readonly struct FloatCeilWS : IFloat
{
    public static bool NarrowSource => true;

    public static bool NarrowResult => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) =>
        FpArithmetic.SToW((uint)a, Rounding.Up, ref env);
}

/// <summary>CEIL.W.D. [MIPS64 Vol II]</summary>
internal readonly struct FloatCeilWD : IFloat
{
    public static bool NarrowResult => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.DToW(a, Rounding.Up, ref env);
}

/// <summary>CEIL.L.S. [MIPS64 Vol II]</summary>
internal readonly struct FloatCeilLS : IFloat
{
    public static bool NarrowSource => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) =>
        FpArithmetic.SToL((uint)a, Rounding.Up, ref env);
}

/// <summary>CEIL.L.D. [MIPS64 Vol II]</summary>
internal readonly struct FloatCeilLD : IFloat
{
    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.DToL(a, Rounding.Up, ref env);
}

/// <summary>FLOOR.W.S. [MIPS64 Vol II]</summary>
internal readonly struct FloatFloorWS : IFloat
{
    public static bool NarrowSource => true;

    public static bool NarrowResult => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) =>
        FpArithmetic.SToW((uint)a, Rounding.Down, ref env);
}

/// <summary>FLOOR.W.D. [MIPS64 Vol II]</summary>
internal readonly struct FloatFloorWD : IFloat
{
    public static bool NarrowResult => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.DToW(a, Rounding.Down, ref env);
}

/// <summary>FLOOR.L.S. [MIPS64 Vol II]</summary>
internal readonly struct FloatFloorLS : IFloat
{
    public static bool NarrowSource => true;

    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) =>
        FpArithmetic.SToL((uint)a, Rounding.Down, ref env);
}

/// <summary>FLOOR.L.D. [MIPS64 Vol II]</summary>
internal readonly struct FloatFloorLD : IFloat
{
    public static ulong Do(ulong a, ulong b, ref FpEnvironment env) => FpArithmetic.DToL(a, Rounding.Down, ref env);
}
