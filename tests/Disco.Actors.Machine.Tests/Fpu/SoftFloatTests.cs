using Disco.Actors.Machine.Fpu;
using Xunit;

namespace Disco.Actors.Machine.Tests.Fpu;

/// <summary>
/// The integer implementation against the host's FPU, which conforms to IEEE 754 in round-to-nearest.
/// NaN results are compared as NaNs, since the host's quiet bit has the other sense.
/// </summary>
public sealed class SoftFloatTests
{
    private const int Pairs = 300_000;

    [Fact]
    public void Software_double_in_nearest_mode_gives_the_host_result()
    {
        FpuOperands operands = new(754);
        for (int n = 0; n < Pairs; n++)
        {
            ulong[] pair = operands.Next('d', 2);
            (ulong a, ulong b) = (pair[0], pair[1]);
            double x = BitConverter.UInt64BitsToDouble(a);
            double y = BitConverter.UInt64BitsToDouble(b);
            FpEnvironment env = default;
            Same("add", a, b, x + y, SoftFloat<Binary64>.Add(a, b, ref env));
            Same("sub", a, b, x - y, SoftFloat<Binary64>.Sub(a, b, ref env));
            Same("mul", a, b, x * y, SoftFloat<Binary64>.Mul(a, b, ref env));
            Same("div", a, b, x / y, SoftFloat<Binary64>.Div(a, b, ref env));
            Same("sqrt", a, b, Math.Sqrt(x), SoftFloat<Binary64>.Sqrt(a, ref env));
            Same("cvt.s", a, b, (float)x, (uint)SoftFloat<Binary64>.ToFormat<Binary32>(a, ref env));
            Relation(x < y, x == y, x > y, SoftFloat<Binary64>.Compare(a, b, false, ref env));
        }
    }

    [Fact]
    public void Software_single_in_nearest_mode_gives_the_host_result()
    {
        FpuOperands operands = new(1985);
        for (int n = 0; n < Pairs; n++)
        {
            ulong[] pair = operands.Next('s', 2);
            (ulong a, ulong b) = (pair[0], pair[1]);
            float x = BitConverter.UInt32BitsToSingle((uint)a);
            float y = BitConverter.UInt32BitsToSingle((uint)b);
            FpEnvironment env = default;
            Same("add", a, b, x + y, (uint)SoftFloat<Binary32>.Add(a, b, ref env));
            Same("sub", a, b, x - y, (uint)SoftFloat<Binary32>.Sub(a, b, ref env));
            Same("mul", a, b, x * y, (uint)SoftFloat<Binary32>.Mul(a, b, ref env));
            Same("div", a, b, x / y, (uint)SoftFloat<Binary32>.Div(a, b, ref env));
            Same("sqrt", a, b, MathF.Sqrt(x), (uint)SoftFloat<Binary32>.Sqrt(a, ref env));
            Same("cvt.d", a, b, (double)x, SoftFloat<Binary32>.ToFormat<Binary64>(a, ref env));
            Relation(x < y, x == y, x > y, SoftFloat<Binary32>.Compare(a, b, false, ref env));
        }
    }

    /// <summary>Nothing is inexact that converts there and back, and everything else is (IEEE 754, 7.5).</summary>
    [Fact]
    public void Conversion_of_an_integer_is_inexact_exactly_when_it_does_not_return()
    {
        FpuOperands operands = new(31);
        for (int n = 0; n < Pairs; n++)
        {
            long value = (long)operands.Next('l', 1)[0];
            FpEnvironment env = default;
            ulong bits = SoftFloat<Binary64>.FromInteger(value, ref env);
            var back = (Int128)BitConverter.UInt64BitsToDouble(bits);
            Assert.Equal(back != value, env.Raised == FpFlags.Inexact);
            Assert.Equal((double)(Int128)value, BitConverter.UInt64BitsToDouble(bits));
        }
    }

    private static void Same(string operation, ulong a, ulong b, double expected, ulong actual)
    {
        bool same = double.IsNaN(expected)
            ? actual == Binary64.DefaultNaN
            : actual == BitConverter.DoubleToUInt64Bits(expected);
        Assert.True(same, $"{operation} {a:x} {b:x}: {actual:x}, expected {expected:R}");
    }

    private static void Same(string operation, ulong a, ulong b, float expected, uint actual)
    {
        bool same = float.IsNaN(expected)
            ? actual == Binary32.DefaultNaN
            : actual == BitConverter.SingleToUInt32Bits(expected);
        Assert.True(same, $"{operation} {a:x} {b:x}: {actual:x}, expected {expected:R}");
    }

    private static void Relation(bool less, bool equal, bool greater, FpRelation actual)
    {
        FpRelation expected = less ? FpRelation.Less
            : equal ? FpRelation.Equal
            : greater ? FpRelation.Greater
            : FpRelation.Unordered;
        Assert.Equal(expected, actual);
    }
}
