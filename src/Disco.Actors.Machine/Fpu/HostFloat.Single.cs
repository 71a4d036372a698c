using System.Runtime.CompilerServices;

namespace Disco.Actors.Machine.Fpu;

/// <content>
/// Single arithmetic. A double holds a product of two singles exactly, so the error tests need no fused operation.
/// </content>
internal static partial class HostFloat
{
    private const int SingleSumFieldMax = 0xFC;
    private const int SingleFieldMax = 0xFE;

    /// <summary>Adds; the bounds are those of the double addition, scaled to the format.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Add(float x, float y, out float sum, ref FpFlags raised)
    {
        sum = x + y;
        float yRounded = sum - x;
        float error = (x - (sum - yRounded)) + (y - yRounded);
        if (!FieldWithin(sum, 1, SingleSumFieldMax))
        {
            return false;
        }

        raised |= InexactIf(error != 0);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Mul(float x, float y, out float product, ref FpFlags raised) =>
        ToSingle((double)x * y, out product, ref raised);

    /// <summary>
    /// Divides; quotient times divisor is exact in double, and is the dividend only if the quotient is exact.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Div(float x, float y, out float quotient, ref FpFlags raised)
    {
        quotient = x / y;
        if (!FieldWithin(quotient, NeverTinyField, SingleFieldMax))
        {
            return false;
        }

        raised |= InexactIf((double)quotient * y != x);
        return true;
    }

    /// <summary>The root of a positive single is never tiny.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Sqrt(float x, out float root, ref FpFlags raised)
    {
        root = MathF.Sqrt(x);
        if (!(x > 0) || float.IsInfinity(x))
        {
            return false;
        }

        raised |= InexactIf((double)root * root != x);
        return true;
    }

    private static bool FieldWithin(float value, int least, int most) =>
        (uint)((int)(BitConverter.SingleToUInt32Bits(value) >> 23) & 0xFF) - (uint)least <= (uint)(most - least);
}
