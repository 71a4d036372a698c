namespace Disco.Actors.Machine.Fpu;

/// <summary>
/// Exact arithmetic in integers: each operation forms the infinitely precise result (or enough of it plus a sticky
/// bit) and rounds once (IEEE 754-1985, 4). The arbiter for every case; <see cref="HostFloat"/> is the short cut.
/// </summary>
/// <typeparam name="TFormat">The format of operands and results.</typeparam>
internal static partial class SoftFloat<TFormat>
    where TFormat : struct, IBinaryFormat
{
    private static ulong Infinity => (ulong)TFormat.ExponentFieldMax << TFormat.FractionBits;

    public static ulong Add(ulong a, ulong b, ref FpEnvironment env) =>
        Sum(Unpacked.From<TFormat>(a), Unpacked.From<TFormat>(b), ref env);

    public static ulong Sub(ulong a, ulong b, ref FpEnvironment env) =>
        Sum(Unpacked.From<TFormat>(a), Unpacked.From<TFormat>(b).Negated, ref env);

    public static ulong Mul(ulong a, ulong b, ref FpEnvironment env)
    {
        var x = Unpacked.From<TFormat>(a);
        var y = Unpacked.From<TFormat>(b);
        bool negative = x.Negative ^ y.Negative;
        if (x.IsNaN || y.IsNaN)
        {
            return NaN(x, y, ref env);
        }

        if (x.Class == FpClass.Infinity || y.Class == FpClass.Infinity)
        {
            bool timesZero = x.Class == FpClass.Zero || y.Class == FpClass.Zero;
            return timesZero ? Invalid(ref env) : Signed(negative, Infinity);
        }

        if (x.Class == FpClass.Zero || y.Class == FpClass.Zero)
        {
            return Signed(negative, 0);
        }

        // Leading ones at 63 put the product's at 126 or 127, which is 62 or 63 of the upper half.
        ulong high = Math.BigMul(x.Significand << 1, y.Significand << 1, out ulong low);
        return PackCarried(negative, x.Exponent + y.Exponent, high | Sticky(low), ref env);
    }

    public static ulong Div(ulong a, ulong b, ref FpEnvironment env)
    {
        var x = Unpacked.From<TFormat>(a);
        var y = Unpacked.From<TFormat>(b);
        bool negative = x.Negative ^ y.Negative;
        if (x.IsNaN || y.IsNaN)
        {
            return NaN(x, y, ref env);
        }

        if (x.Class == y.Class && x.Class != FpClass.Finite)
        {
            return Invalid(ref env);
        }

        if (x.Class == FpClass.Infinity || y.Class == FpClass.Zero)
        {
            env.Raised |= x.Class == FpClass.Infinity ? FpFlags.None : FpFlags.DivideByZero;
            return Signed(negative, Infinity);
        }

        if (x.Class == FpClass.Zero || y.Class == FpClass.Infinity)
        {
            return Signed(negative, 0);
        }

        // One more bit of dividend when it is the smaller significand, so that the quotient fills bit 62.
        int more = x.Significand < y.Significand ? 1 : 0;
        var dividend = (UInt128)x.Significand << (Unpacked.LeadingBit + more);
        ulong quotient = (ulong)(dividend / y.Significand);
        ulong remainder = (ulong)dividend - (quotient * y.Significand);
        return Rounder.Pack<TFormat>(negative, x.Exponent - y.Exponent - more, quotient | Sticky(remainder), ref env);
    }

    public static ulong Sqrt(ulong a, ref FpEnvironment env)
    {
        var x = Unpacked.From<TFormat>(a);
        if (x.IsNaN)
        {
            return NaN(x, x, ref env);
        }

        if (x.Class == FpClass.Zero)
        {
            return a;
        }

        if (x.Negative)
        {
            return Invalid(ref env);
        }

        if (x.Class == FpClass.Infinity)
        {
            return a;
        }

        // An even exponent halves exactly; an odd one gives its last bit to the radicand.
        int odd = x.Exponent & 1;
        var radicand = (UInt128)x.Significand << (Unpacked.LeadingBit + odd);
        ulong root = IntegerRoot(radicand);
        bool exact = Math.BigMul(root, root, out ulong low) == (ulong)(radicand >> 64) && low == (ulong)radicand;
        return Rounder.Pack<TFormat>(false, (x.Exponent - odd) / 2, root | (exact ? 0UL : 1UL), ref env);
    }

    /// <summary>1 / x, correctly rounded, which is within the one ulp that RECIP.fmt allows.</summary>
    public static ulong Recip(ulong a, ref FpEnvironment env) => Div(TFormat.One, a, ref env);

    /// <summary>1 / sqrt(x) as two rounded steps, within the two ulps that RSQRT.fmt allows.</summary>
    public static ulong Rsqrt(ulong a, ref FpEnvironment env) => Div(TFormat.One, Sqrt(a, ref env), ref env);

    /// <summary>
    /// ABS.fmt of Release 2 is arithmetic: a signaling NaN is an invalid operation. A quiet one only loses its sign.
    /// </summary>
    public static ulong Abs(ulong a, ref FpEnvironment env) =>
        IsSignaling(a) ? Invalid(ref env) : a & ~TFormat.SignMask;

    /// <summary>NEG.fmt, arithmetic in the same sense as <see cref="Abs"/>.</summary>
    public static ulong Neg(ulong a, ref FpEnvironment env) =>
        IsSignaling(a) ? Invalid(ref env) : a ^ TFormat.SignMask;

    /// <summary>
    /// Compares; a NaN makes the operands unordered, and is invalid when it or the comparison is signaling.
    /// </summary>
    public static FpRelation Compare(ulong a, ulong b, bool signaling, ref FpEnvironment env)
    {
        if (IsNaN(a) || IsNaN(b))
        {
            if (signaling || IsSignaling(a) || IsSignaling(b))
            {
                env.Raised |= FpFlags.Invalid;
            }

            return FpRelation.Unordered;
        }

        long x = Ordinal(a);
        long y = Ordinal(b);
        return x == y ? FpRelation.Equal : x < y ? FpRelation.Less : FpRelation.Greater;
    }

    private static ulong Sum(Unpacked x, Unpacked y, ref FpEnvironment env)
    {
        if (x.IsNaN || y.IsNaN)
        {
            return NaN(x, y, ref env);
        }

        if (x.Class == FpClass.Infinity || y.Class == FpClass.Infinity)
        {
            bool opposed = x.Class == y.Class && x.Negative != y.Negative;
            return opposed ? Invalid(ref env) : Signed((x.Class == FpClass.Infinity ? x : y).Negative, Infinity);
        }

        if (x.Class == FpClass.Zero && y.Class == FpClass.Zero)
        {
            return Signed(x.Negative == y.Negative ? x.Negative : env.Rounding == Rounding.Down, 0);
        }

        if (x.Class == FpClass.Zero || y.Class == FpClass.Zero)
        {
            Unpacked only = x.Class == FpClass.Zero ? y : x;
            return Rounder.Pack<TFormat>(only.Negative, only.Exponent, only.Significand, ref env);
        }

        bool swap = x.Exponent < y.Exponent || (x.Exponent == y.Exponent && x.Significand < y.Significand);
        return swap ? SumOrdered(y, x, ref env) : SumOrdered(x, y, ref env);
    }

    /// <summary>The sum of two finite numbers, the first of the greater magnitude.</summary>
    private static ulong SumOrdered(Unpacked large, Unpacked small, ref FpEnvironment env)
    {
        ulong aligned = Rounder.ShiftRightSticky(small.Significand, large.Exponent - small.Exponent);
        if (large.Negative == small.Negative)
        {
            return PackCarried(large.Negative, large.Exponent, large.Significand + aligned, ref env);
        }

        ulong difference = large.Significand - aligned;
        if (difference == 0)
        {
            return Signed(env.Rounding == Rounding.Down, 0);
        }

        // A sticky bit exists only after a shift of more than ten places, and then at most one bit cancels.
        var result = Unpacked.Normalized(large.Negative, large.Exponent, difference);
        return Rounder.Pack<TFormat>(result.Negative, result.Exponent, result.Significand, ref env);
    }

    /// <summary>Packs a significand whose leading one is at bit 62 or, after a carry, at bit 63.</summary>
    private static ulong PackCarried(bool negative, int exponent, ulong significand, ref FpEnvironment env)
    {
        int carry = (int)(significand >> 63);
        ulong normal = Rounder.ShiftRightSticky(significand, carry);
        return Rounder.Pack<TFormat>(negative, exponent + carry, normal, ref env);
    }

    /// <summary>The integer square root of a number in [2^124, 2^126), digit by digit.</summary>
    private static ulong IntegerRoot(UInt128 radicand)
    {
        ulong root = 0;
        for (int bit = Unpacked.LeadingBit; bit >= 0; bit--)
        {
            ulong trial = root | (1UL << bit);
            ulong high = Math.BigMul(trial, trial, out ulong low);
            if (new UInt128(high, low) <= radicand)
            {
                root = trial;
            }
        }

        return root;
    }

    /// <summary>
    /// Every NaN result is the default NaN, also when a quiet NaN came in: the choice of the reference, allowed by
    /// the manual, which only asks that the result be a quiet NaN. Signaling operands are invalid.
    /// </summary>
    private static ulong NaN(Unpacked x, Unpacked y, ref FpEnvironment env)
    {
        bool signaling = x.Class == FpClass.SignalingNaN || y.Class == FpClass.SignalingNaN;
        env.Raised |= signaling ? FpFlags.Invalid : FpFlags.None;
        return TFormat.DefaultNaN;
    }

    private static ulong Invalid(ref FpEnvironment env)
    {
        env.Raised |= FpFlags.Invalid;
        return TFormat.DefaultNaN;
    }

    private static ulong Signed(bool negative, ulong magnitude) => negative ? magnitude | TFormat.SignMask : magnitude;

    private static ulong Sticky(ulong rest) => rest != 0 ? 1UL : 0UL;

    private static bool IsNaN(ulong a) => (a & ~TFormat.SignMask) > Infinity;

    private static bool IsSignaling(ulong a) => IsNaN(a) && ((a >> (TFormat.FractionBits - 1)) & 1) != 0;

    /// <summary>Maps numbers to integers of the same order, both zeros to 0.</summary>
    private static long Ordinal(ulong a)
    {
        long magnitude = (long)(a & ~TFormat.SignMask);
        return (a & TFormat.SignMask) != 0 ? -magnitude : magnitude;
    }
}
