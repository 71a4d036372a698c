namespace Disco.Actors.Machine.Fpu;

/// <summary>
/// An IEEE 754 binary interchange format. All bit patterns travel as <see cref="ulong"/>, right-aligned, so that
/// one algorithm serves every format; the JIT folds these constants into each instantiation.
/// </summary>
internal interface IBinaryFormat
{
    /// <summary>Stored fraction bits, without the hidden one.</summary>
    static abstract int FractionBits { get; }

    /// <summary>The exponent field of infinities and NaNs.</summary>
    static abstract int ExponentFieldMax { get; }

    /// <summary>Added to an exponent to form the exponent field.</summary>
    static abstract int Bias { get; }

    /// <summary>Only the sign bit.</summary>
    static abstract ulong SignMask { get; }

    /// <summary>
    /// The NaN of every invalid operation. The sense of its top fraction bit is the legacy one of Release 2: zero
    /// is quiet (MIPS64 manual, volume I, "Values supplied for untrapped exceptions").
    /// </summary>
    static abstract ulong DefaultNaN { get; }

    /// <summary>The value one.</summary>
    static abstract ulong One { get; }
}

/// <summary>The single format, S.</summary>
internal readonly struct Binary32 : IBinaryFormat
{
    public static int FractionBits => 23;

    public static int ExponentFieldMax => 0xFF;

    public static int Bias => 127;

    public static ulong SignMask => 0x8000_0000;

    public static ulong DefaultNaN => 0x7FBF_FFFF;

    public static ulong One => 0x3F80_0000;
}

/// <summary>The double format, D.</summary>
internal readonly struct Binary64 : IBinaryFormat
{
    public static int FractionBits => 52;

    public static int ExponentFieldMax => 0x7FF;

    public static int Bias => 1023;

    public static ulong SignMask => 0x8000_0000_0000_0000;

    public static ulong DefaultNaN => 0x7FF7_FFFF_FFFF_FFFF;

    public static ulong One => 0x3FF0_0000_0000_0000;
}
