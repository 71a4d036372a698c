namespace Disco.Actors.Machine.Fpu;

/// <summary>
/// Rounds exact results to a format and detects overflow, underflow and inexactness (IEEE 754-1985, 4 and 7).
/// </summary>
internal static class Rounder
{
    /// <summary>Shifts right and keeps in bit 0 whether any one was lost (the sticky bit).</summary>
    public static ulong ShiftRightSticky(ulong value, int shift)
    {
        if (shift == 0)
        {
            return value;
        }

        if (shift > 63)
        {
            return value != 0 ? 1UL : 0UL;
        }

        return (value >> shift) | ((value & ((1UL << shift) - 1)) != 0 ? 1UL : 0UL);
    }

    /// <summary>
    /// Rounds value / 2^shift to an integer; shift is 1 to 62 and value below 2^63. Bits below the shift need only
    /// be right as guard plus sticky.
    /// </summary>
    public static ulong RoundShift(ulong value, int shift, bool negative, Rounding rounding)
    {
        ulong unit = 1UL << shift;
        ulong half = unit >> 1;
        ulong rest = value & (unit - 1);
        ulong whole = value >> shift;
        bool up = rounding switch
        {
            Rounding.Nearest => rest > half || (rest == half && (whole & 1) != 0),
            Rounding.Zero => false,
            Rounding.Up => rest != 0 && !negative,
            Rounding.Down => rest != 0 && negative,
        };
        return up ? whole + 1 : whole;
    }

    /// <summary>
    /// The bits of significand * 2^(exponent - 62), rounded; the significand's leading one is bit 62 and its bit 0
    /// is sticky. Tininess is detected after rounding, as the architecture requires (MIPS64 manual, volume I,
    /// "Underflow Exception"; IEEE 754-1985 leaves the choice).
    /// </summary>
    public static ulong Pack<TFormat>(bool negative, int exponent, ulong significand, ref FpEnvironment env)
        where TFormat : struct, IBinaryFormat
    {
        int shift = Unpacked.LeadingBit - TFormat.FractionBits;
        ulong sign = negative ? TFormat.SignMask : 0;
        int field = exponent + TFormat.Bias;
        if (field <= 0)
        {
            return PackTiny<TFormat>(sign, field, significand, ref env);
        }

        ulong rounded = RoundShift(significand, shift, negative, env.Rounding);

        // The hidden one adds the missing 1 to the exponent field, and a carry out of the fraction adds one more.
        ulong magnitude = ((ulong)(field - 1) << TFormat.FractionBits) + rounded;
        if (field >= TFormat.ExponentFieldMax || (int)(magnitude >> TFormat.FractionBits) >= TFormat.ExponentFieldMax)
        {
            return Overflowed<TFormat>(negative, ref env);
        }

        if ((significand & ((1UL << shift) - 1)) != 0)
        {
            env.Raised |= FpFlags.Inexact;
        }

        return sign | magnitude;
    }

    /// <summary>Infinity or the largest finite number, by direction (IEEE 754-1985, 7.3).</summary>
    private static ulong Overflowed<TFormat>(bool negative, ref FpEnvironment env)
        where TFormat : struct, IBinaryFormat
    {
        env.Raised |= FpFlags.Overflow | FpFlags.Inexact;
        ulong infinity = (ulong)TFormat.ExponentFieldMax << TFormat.FractionBits;
        bool toInfinity = env.Rounding switch
        {
            Rounding.Nearest => true,
            Rounding.Zero => false,
            Rounding.Up => !negative,
            Rounding.Down => negative,
        };
        return (negative ? TFormat.SignMask : 0) | (toInfinity ? infinity : infinity - 1);
    }

    /// <summary>A result below the smallest normal number before rounding: field is zero or negative.</summary>
    private static ulong PackTiny<TFormat>(ulong sign, int field, ulong significand, ref FpEnvironment env)
        where TFormat : struct, IBinaryFormat
    {
        int shift = Unpacked.LeadingBit - TFormat.FractionBits;
        bool negative = sign != 0;
        if (env.FlushToZero)
        {
            // FS=1 delivers the zero without a cause bit, unless the program asked to be told (Enables.U).
            env.Raised |= env.UnderflowTrapEnabled ? FpFlags.Underflow : FpFlags.None;
            return sign;
        }

        // After rounding with an unbounded exponent only a carry from the top binade leaves the tiny range.
        ulong unbounded = RoundShift(significand, shift, negative, env.Rounding);
        bool tiny = field < 0 || unbounded >> (TFormat.FractionBits + 1) == 0;
        ulong denormal = ShiftRightSticky(significand, 1 - field);
        bool inexact = (denormal & ((1UL << shift) - 1)) != 0;
        if (inexact)
        {
            env.Raised |= FpFlags.Inexact;
        }

        if (tiny && (inexact || env.UnderflowTrapEnabled))
        {
            env.Raised |= FpFlags.Underflow;
        }

        return sign | RoundShift(denormal, shift, negative, env.Rounding);
    }
}
