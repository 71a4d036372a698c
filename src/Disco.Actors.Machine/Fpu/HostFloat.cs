using System.Runtime.CompilerServices;

namespace Disco.Actors.Machine.Fpu;

/// <summary>
/// Double arithmetic on the host's FPU for round-to-nearest. Each method returns true when the host's result and
/// the only possible flag, inexact, are proven equal to <see cref="SoftFloat{TFormat}"/>'s; false hands the case
/// over. The host's own flags are never read: the rounding error is computed and compared with zero.
/// </summary>
internal static partial class HostFloat
{
    // The smallest exponent field of a product, dividend or radicand whose rounding error is above 2^-1074: the error
    // is a multiple of 2^(exponent - 105), so field 1023 - 1074 + 105 = 54 would do.
    public const int ErrorSafeField = 64;

    // Results below 2^1022 keep every step of the sum's error term finite: if an operand is 2^1023 or more, the other
    // is within a factor of two of it and everything is exact (Sterbenz); otherwise no step reaches 2^1024.
    public const int SumFieldMax = 0x7FC;

    // From field 2 on, no result was tiny before rounding, so FS and underflow do not matter.
    public const int NeverTinyField = 2;
    public const int FieldMax = 0x7FE;

    /// <summary>Adds; the error of a sum is itself a double (Knuth's TwoSum) and a tiny sum is exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Add(double x, double y, out double sum, ref FpFlags raised)
    {
        sum = x + y;
        double yRounded = sum - x;
        double error = (x - (sum - yRounded)) + (y - yRounded);
        if (!FieldWithin(sum, 1, SumFieldMax))
        {
            return false;
        }

        raised |= InexactIf(error != 0);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Mul(double x, double y, out double product, ref FpFlags raised)
    {
        product = x * y;
        if (!FieldWithin(product, ErrorSafeField, FieldMax))
        {
            return false;
        }

        raised |= InexactIf(Math.FusedMultiplyAdd(x, y, -product) != 0);
        return true;
    }

    /// <summary>Divides; the remainder x - q * y of a rounded quotient is a double when it is no denormal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Div(double x, double y, out double quotient, ref FpFlags raised)
    {
        quotient = x / y;
        if (!FieldWithin(quotient, NeverTinyField, FieldMax) || !FieldWithin(x, ErrorSafeField, FieldMax))
        {
            return false;
        }

        raised |= InexactIf(Math.FusedMultiplyAdd(-quotient, y, x) != 0);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Sqrt(double x, out double root, ref FpFlags raised)
    {
        root = Math.Sqrt(x);
        if (!(x > 0) || !FieldWithin(x, ErrorSafeField, FieldMax))
        {
            return false;
        }

        raised |= InexactIf(Math.FusedMultiplyAdd(-root, root, x) != 0);
        return true;
    }

    /// <summary>Rounds a double to the nearest single.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool ToSingle(double x, out float single, ref FpFlags raised)
    {
        single = (float)x;
        if (!FieldWithin(single, NeverTinyField, SingleFieldMax))
        {
            return false;
        }

        raised |= InexactIf(single != x);
        return true;
    }

    /// <summary>Rounds a double to an integer when its magnitude is below a limit of at most 2^62.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool ToInteger(double x, Rounding rounding, double limit, out long integer, ref FpFlags raised)
    {
        double whole = rounding switch
        {
            Rounding.Nearest => Math.Round(x, MidpointRounding.ToEven),
            Rounding.Zero => Math.Truncate(x),
            Rounding.Up => Math.Ceiling(x),
            Rounding.Down => Math.Floor(x),
        };
        integer = 0;
        if (!(Math.Abs(whole) < limit))
        {
            return false;
        }

        integer = (long)whole;
        raised |= InexactIf(whole != x);
        return true;
    }

    private static bool FieldWithin(double value, int least, int most) =>
        (uint)((int)(BitConverter.DoubleToUInt64Bits(value) >> 52) & 0x7FF) - (uint)least <= (uint)(most - least);

    // No branch: whether a sum is exact is as good as random in some programs.
    private static FpFlags InexactIf(bool inexact) => (FpFlags)Unsafe.BitCast<bool, byte>(inexact);
}
