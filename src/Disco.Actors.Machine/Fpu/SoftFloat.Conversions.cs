namespace Disco.Actors.Machine.Fpu;

/// <content>CVT, ROUND, TRUNC, CEIL and FLOOR (MIPS64 manual, volume II).</content>
internal static partial class SoftFloat<TFormat>
{
    /// <summary>Converts from this format to another, rounding when the other is narrower.</summary>
    public static ulong ToFormat<TOther>(ulong a, ref FpEnvironment env)
        where TOther : struct, IBinaryFormat
    {
        var x = Unpacked.From<TFormat>(a);
        ulong sign = x.Negative ? TOther.SignMask : 0;
        switch (x.Class)
        {
            case FpClass.Zero:
                return sign;
            case FpClass.Infinity:
                return sign | ((ulong)TOther.ExponentFieldMax << TOther.FractionBits);
            case FpClass.Finite:
                return Rounder.Pack<TOther>(x.Negative, x.Exponent, x.Significand, ref env);
            default:
                env.Raised |= x.Class == FpClass.SignalingNaN ? FpFlags.Invalid : FpFlags.None;
                return TOther.DefaultNaN;
        }
    }

    /// <summary>
    /// Rounds to an integer of 32 or 64 bits. Everything that has no such integer, NaNs, infinities and numbers out
    /// of range of either sign, is invalid and gives the largest positive integer (MIPS64 manual, volume I, "Values
    /// supplied for untrapped exceptions").
    /// </summary>
    public static long ToInteger(ulong a, Rounding rounding, int widthBits, ref FpEnvironment env)
    {
        var x = Unpacked.From<TFormat>(a);
        long largest = long.MaxValue >> (64 - widthBits);
        if (x.Class == FpClass.Zero)
        {
            return 0;
        }

        if (x.Class != FpClass.Finite || x.Exponent > Unpacked.LeadingBit + 1)
        {
            env.Raised |= FpFlags.Invalid;
            return largest;
        }

        ulong magnitude = IntegerMagnitude(x, rounding, out bool inexact);
        ulong limit = (ulong)largest + (x.Negative ? 1UL : 0UL);
        if (magnitude > limit)
        {
            env.Raised |= FpFlags.Invalid;
            return largest;
        }

        env.Raised |= inexact ? FpFlags.Inexact : FpFlags.None;
        return x.Negative ? -(long)magnitude : (long)magnitude;
    }

    /// <summary>Converts an integer, rounding when it has more significant bits than the format.</summary>
    public static ulong FromInteger(long value, ref FpEnvironment env)
    {
        if (value == 0)
        {
            return 0;
        }

        bool negative = value < 0;
        ulong magnitude = negative ? 0UL - (ulong)value : (ulong)value;
        if (magnitude >> 63 != 0)
        {
            return Rounder.Pack<TFormat>(true, 63, 1UL << Unpacked.LeadingBit, ref env);
        }

        var x = Unpacked.Normalized(negative, Unpacked.LeadingBit, magnitude);
        return Rounder.Pack<TFormat>(negative, x.Exponent, x.Significand, ref env);
    }

    /// <summary>The rounded magnitude of a finite number below 2^64.</summary>
    private static ulong IntegerMagnitude(Unpacked x, Rounding rounding, out bool inexact)
    {
        inexact = false;
        if (x.Exponent >= Unpacked.LeadingBit)
        {
            return x.Significand << (x.Exponent - Unpacked.LeadingBit);
        }

        // Beyond 62 places the number is below one: what the shift would pass is kept in the sticky bit.
        int shift = Unpacked.LeadingBit - x.Exponent;
        ulong significand = x.Significand;
        if (shift > Unpacked.LeadingBit)
        {
            significand = Rounder.ShiftRightSticky(significand, shift - Unpacked.LeadingBit);
            shift = Unpacked.LeadingBit;
        }

        inexact = (significand & ((1UL << shift) - 1)) != 0;
        return Rounder.RoundShift(significand, shift, x.Negative, rounding);
    }
}
