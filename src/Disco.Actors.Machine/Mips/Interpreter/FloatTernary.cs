using Disco.Actors.Machine.Fpu;

namespace Disco.Actors.Machine.Mips.Interpreter;

/// <summary>MADD.S, with two roundings. [MIPS64 Vol II; board spec 2.1]</summary>
internal readonly struct FloatMaddS : IFloatTernary
{
    public static bool Narrow => true;

    public static ulong Do(ulong fs, ulong ft, ulong fr, ref FpEnvironment env) =>
        FpArithmetic.MaddS((uint)fs, (uint)ft, (uint)fr, ref env);
}

/// <summary>MADD.D, with two roundings. [MIPS64 Vol II; board spec 2.1]</summary>
internal readonly struct FloatMaddD : IFloatTernary
{
    public static ulong Do(ulong fs, ulong ft, ulong fr, ref FpEnvironment env) =>
        FpArithmetic.MaddD(fs, ft, fr, ref env);
}

/// <summary>MSUB.S, with two roundings. [MIPS64 Vol II; board spec 2.1]</summary>
internal readonly struct FloatMsubS : IFloatTernary
{
    public static bool Narrow => true;

    public static ulong Do(ulong fs, ulong ft, ulong fr, ref FpEnvironment env) =>
        FpArithmetic.MsubS((uint)fs, (uint)ft, (uint)fr, ref env);
}

/// <summary>MSUB.D, with two roundings. [MIPS64 Vol II; board spec 2.1]</summary>
internal readonly struct FloatMsubD : IFloatTernary
{
    public static ulong Do(ulong fs, ulong ft, ulong fr, ref FpEnvironment env) =>
        FpArithmetic.MsubD(fs, ft, fr, ref env);
}

/// <summary>NMADD.S, with two roundings. [MIPS64 Vol II; board spec 2.1]</summary>
internal readonly struct FloatNmaddS : IFloatTernary
{
    public static bool Narrow => true;

    public static ulong Do(ulong fs, ulong ft, ulong fr, ref FpEnvironment env) =>
        FpArithmetic.NmaddS((uint)fs, (uint)ft, (uint)fr, ref env);
}

/// <summary>NMADD.D, with two roundings. [MIPS64 Vol II; board spec 2.1]</summary>
internal readonly struct FloatNmaddD : IFloatTernary
{
    public static ulong Do(ulong fs, ulong ft, ulong fr, ref FpEnvironment env) =>
        FpArithmetic.NmaddD(fs, ft, fr, ref env);
}

/// <summary>NMSUB.S, with two roundings. [MIPS64 Vol II; board spec 2.1]</summary>
internal readonly struct FloatNmsubS : IFloatTernary
{
    public static bool Narrow => true;

    public static ulong Do(ulong fs, ulong ft, ulong fr, ref FpEnvironment env) =>
        FpArithmetic.NmsubS((uint)fs, (uint)ft, (uint)fr, ref env);
}

/// <summary>NMSUB.D, with two roundings. [MIPS64 Vol II; board spec 2.1]</summary>
internal readonly struct FloatNmsubD : IFloatTernary
{
    public static ulong Do(ulong fs, ulong ft, ulong fr, ref FpEnvironment env) =>
        FpArithmetic.NmsubD(fs, ft, fr, ref env);
}
