namespace Disco.Actors.Machine.Fpu;

/// <summary>The five kinds of datum that the arithmetic distinguishes.</summary>
internal enum FpClass : byte
{
    Zero,
    Finite,
    Infinity,
    QuietNaN,
    SignalingNaN,
}

/// <summary>
/// A datum taken apart. A finite one has the value Significand * 2^(Exponent - 62) with bit 62 of the significand
/// set (denormals are normalised too), which leaves bit 63 for carries and the low bits for guard and sticky.
/// </summary>
internal readonly struct Unpacked(FpClass kind, bool negative, int exponent, ulong significand)
{
    /// <summary>The position of a normalised significand's leading one.</summary>
    public const int LeadingBit = 62;

    public readonly ulong Significand = significand;
    public readonly int Exponent = exponent;
    public readonly FpClass Class = kind;
    public readonly bool Negative = negative;

    public bool IsNaN => Class >= FpClass.QuietNaN;

    /// <summary>The opposite sign: turns a subtrahend into an addend.</summary>
    public Unpacked Negated => new(Class, !Negative, Exponent, Significand);

    public static Unpacked From<TFormat>(ulong bits)
        where TFormat : struct, IBinaryFormat
    {
        ulong fraction = bits & ((1UL << TFormat.FractionBits) - 1);
        int field = (int)(bits >> TFormat.FractionBits) & TFormat.ExponentFieldMax;
        bool negative = (bits & TFormat.SignMask) != 0;
        if (field == TFormat.ExponentFieldMax)
        {
            return new(ClassifySpecial<TFormat>(fraction), negative, 0, fraction);
        }

        if (field == 0)
        {
            return fraction == 0
                ? new(FpClass.Zero, negative, 0, 0)
                : Normalized(negative, 1 - TFormat.Bias + LeadingBit - TFormat.FractionBits, fraction);
        }

        ulong significand = (fraction | (1UL << TFormat.FractionBits)) << (LeadingBit - TFormat.FractionBits);
        return new(FpClass.Finite, negative, field - TFormat.Bias, significand);
    }

    /// <summary>Moves the leading one of a non-zero significand below 2^63 to bit 62.</summary>
    public static Unpacked Normalized(bool negative, int exponent, ulong significand)
    {
        int shift = System.Numerics.BitOperations.LeadingZeroCount(significand) - 1;
        return new(FpClass.Finite, negative, exponent - shift, significand << shift);
    }

    private static FpClass ClassifySpecial<TFormat>(ulong fraction)
        where TFormat : struct, IBinaryFormat
    {
        if (fraction == 0)
        {
            return FpClass.Infinity;
        }

        bool signaling = (fraction >> (TFormat.FractionBits - 1)) != 0;
        return signaling ? FpClass.SignalingNaN : FpClass.QuietNaN;
    }
}
