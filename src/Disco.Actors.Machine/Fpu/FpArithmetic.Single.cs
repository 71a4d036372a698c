using System.Runtime.CompilerServices;

namespace Disco.Actors.Machine.Fpu;

/// <content>The single format; see the double part for what each operation means.</content>
public static partial class FpArithmetic
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint AddS(uint a, uint b, ref FpEnvironment env) =>
        env.Rounding == Rounding.Nearest
        && HostFloat.Add(ToSingle(a), ToSingle(b), out float sum, ref env.Raised)
            ? ToBits(sum)
            : (uint)SoftFloat<Binary32>.Add(a, b, ref env);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint SubS(uint a, uint b, ref FpEnvironment env) =>
        env.Rounding == Rounding.Nearest
        && HostFloat.Add(ToSingle(a), -ToSingle(b), out float difference, ref env.Raised)
            ? ToBits(difference)
            : (uint)SoftFloat<Binary32>.Sub(a, b, ref env);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint MulS(uint a, uint b, ref FpEnvironment env) =>
        env.Rounding == Rounding.Nearest
        && HostFloat.Mul(ToSingle(a), ToSingle(b), out float product, ref env.Raised)
            ? ToBits(product)
            : (uint)SoftFloat<Binary32>.Mul(a, b, ref env);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint DivS(uint a, uint b, ref FpEnvironment env) =>
        env.Rounding == Rounding.Nearest
        && HostFloat.Div(ToSingle(a), ToSingle(b), out float quotient, ref env.Raised)
            ? ToBits(quotient)
            : (uint)SoftFloat<Binary32>.Div(a, b, ref env);

    public static uint SqrtS(uint a, ref FpEnvironment env) =>
        env.Rounding == Rounding.Nearest && HostFloat.Sqrt(ToSingle(a), out float root, ref env.Raised)
            ? ToBits(root)
            : (uint)SoftFloat<Binary32>.Sqrt(a, ref env);

    public static uint AbsS(uint a, ref FpEnvironment env) => (uint)SoftFloat<Binary32>.Abs(a, ref env);

    public static uint NegS(uint a, ref FpEnvironment env) => (uint)SoftFloat<Binary32>.Neg(a, ref env);

    public static uint RecipS(uint a, ref FpEnvironment env) => DivS((uint)Binary32.One, a, ref env);

    public static uint RsqrtS(uint a, ref FpEnvironment env) => DivS((uint)Binary32.One, SqrtS(a, ref env), ref env);

    public static uint MaddS(uint a, uint b, uint c, ref FpEnvironment env) => AddS(MulS(a, b, ref env), c, ref env);

    public static uint MsubS(uint a, uint b, uint c, ref FpEnvironment env) => SubS(MulS(a, b, ref env), c, ref env);

    public static uint NmaddS(uint a, uint b, uint c, ref FpEnvironment env) =>
        MaddS(a, b, c, ref env) ^ (uint)Binary32.SignMask;

    public static uint NmsubS(uint a, uint b, uint c, ref FpEnvironment env) =>
        MsubS(a, b, c, ref env) ^ (uint)Binary32.SignMask;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FpRelation CompareS(uint a, uint b, bool signaling, ref FpEnvironment env)
    {
        float x = ToSingle(a);
        float y = ToSingle(b);
        return x < y ? FpRelation.Less
            : x > y ? FpRelation.Greater
            : x == y ? FpRelation.Equal
            : SoftFloat<Binary32>.Compare(a, b, signaling, ref env);
    }

    /// <summary>C.cond.S: whether the condition, the low four bits of the instruction, holds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool ConditionS(int condition, uint a, uint b, ref FpEnvironment env) =>
        (condition & (int)CompareS(a, b, (condition & 8) != 0, ref env)) != 0;

    private static float ToSingle(uint bits) => BitConverter.UInt32BitsToSingle(bits);

    private static uint ToBits(float value) => BitConverter.SingleToUInt32Bits(value);
}
