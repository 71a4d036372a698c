namespace Disco.Actors.Machine.Fpu;

/// <content>
/// Conversions, named from and to: DToS is CVT.S.D. Those to an integer take the mode: FCSR.RM for CVT.W and CVT.L,
/// a fixed one for ROUND, TRUNC, CEIL and FLOOR.
/// </content>
public static partial class FpArithmetic
{
    // Below these magnitudes, after rounding, a double has its integer without further question.
    private const double WordLimit = 1L << 31;
    private const double LongLimit = 1L << 62;

    // Integers up to 2^53 are doubles.
    private const long ExactIntegerMax = 1L << 53;

    public static uint DToS(ulong a, ref FpEnvironment env) =>
        env.Rounding == Rounding.Nearest && HostFloat.ToSingle(ToDouble(a), out float single, ref env.Raised)
            ? ToBits(single)
            : (uint)SoftFloat<Binary64>.ToFormat<Binary32>(a, ref env);

    /// <summary>Exact for every number: a double holds all singles, the denormal ones too.</summary>
    public static ulong SToD(uint a, ref FpEnvironment env)
    {
        float x = ToSingle(a);
        return float.IsNaN(x) ? SoftFloat<Binary32>.ToFormat<Binary64>(a, ref env) : ToBits((double)x);
    }

    /// <summary>To a 32-bit integer; without one, invalid and 0x7FFFFFFF.</summary>
    public static uint DToW(ulong a, Rounding rounding, ref FpEnvironment env) =>
        HostFloat.ToInteger(ToDouble(a), rounding, WordLimit, out long integer, ref env.Raised)
            ? (uint)integer
            : (uint)SoftFloat<Binary64>.ToInteger(a, rounding, 32, ref env);

    /// <summary>To a 64-bit integer; without one, invalid and 0x7FFFFFFFFFFFFFFF.</summary>
    public static ulong DToL(ulong a, Rounding rounding, ref FpEnvironment env) =>
        HostFloat.ToInteger(ToDouble(a), rounding, LongLimit, out long integer, ref env.Raised)
            ? (ulong)integer
            : (ulong)SoftFloat<Binary64>.ToInteger(a, rounding, 64, ref env);

    /// <summary>To a 32-bit integer; without one, invalid and 0x7FFFFFFF.</summary>
    public static uint SToW(uint a, Rounding rounding, ref FpEnvironment env) =>
        HostFloat.ToInteger(ToSingle(a), rounding, WordLimit, out long integer, ref env.Raised)
            ? (uint)integer
            : (uint)SoftFloat<Binary32>.ToInteger(a, rounding, 32, ref env);

    /// <summary>To a 64-bit integer; without one, invalid and 0x7FFFFFFFFFFFFFFF.</summary>
    public static ulong SToL(uint a, Rounding rounding, ref FpEnvironment env) =>
        HostFloat.ToInteger(ToSingle(a), rounding, LongLimit, out long integer, ref env.Raised)
            ? (ulong)integer
            : (ulong)SoftFloat<Binary32>.ToInteger(a, rounding, 64, ref env);

    /// <summary>Exact for every 32-bit integer: it takes no environment.</summary>
    public static ulong WToD(uint a) => ToBits((double)(int)a);

    public static uint WToS(uint a, ref FpEnvironment env) => LToS((ulong)(int)a, ref env);

    public static ulong LToD(ulong a, ref FpEnvironment env) =>
        IsExactInteger(a) ? ToBits((double)(long)a) : SoftFloat<Binary64>.FromInteger((long)a, ref env);

    /// <summary>The detour over double is exact up to 2^53, so the host still rounds once.</summary>
    public static uint LToS(ulong a, ref FpEnvironment env)
    {
        float single = (float)(double)(long)a;
        if (!IsExactInteger(a) || env.Rounding != Rounding.Nearest)
        {
            return (uint)SoftFloat<Binary32>.FromInteger((long)a, ref env);
        }

        env.Raised |= single != (double)(long)a ? FpFlags.Inexact : FpFlags.None;
        return ToBits(single);
    }

    private static bool IsExactInteger(ulong a) => a + (ulong)ExactIntegerMax <= 2 * (ulong)ExactIntegerMax;
}
