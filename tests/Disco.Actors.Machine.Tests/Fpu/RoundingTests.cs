using Disco.Actors.Machine.Fpu;
using Xunit;

namespace Disco.Actors.Machine.Tests.Fpu;

/// <summary>Identities between the four rounding modes (IEEE 754-1985, 4).</summary>
public sealed class RoundingTests
{
    public static TheoryData<string> Names =>
    [
        "add.d", "sub.d", "mul.d", "div.d", "sqrt.d", "cvt.s.d", "add.s", "sub.s", "mul.s", "div.s", "sqrt.s",
        "cvt.s.l",
    ];

    /// <summary>
    /// Down and up enclose the exact result: equal when it is exact, neighbours when not; nearest and zero are each one
    /// of the two, and zero is the one of the smaller magnitude.
    /// </summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Directed_modes_enclose_the_exact_result(string name)
    {
        FpuOperation operation = FpuOperation.Named(name);
        bool single = name.EndsWith(".s", StringComparison.Ordinal)
            || name.StartsWith("cvt.s", StringComparison.Ordinal);
        FpuOperands operands = new(4);
        for (int n = 0; n < 30_000; n++)
        {
            ulong[] tuple = operands.Next(operation.Kind, operation.OperandCount);
            (ulong nearest, FpFlags flags) = Run(operation, tuple, Rounding.Nearest);
            (ulong zero, _) = Run(operation, tuple, Rounding.Zero);
            (ulong up, FpFlags upFlags) = Run(operation, tuple, Rounding.Up);
            (ulong down, FpFlags downFlags) = Run(operation, tuple, Rounding.Down);
            if ((flags & (FpFlags.Invalid | FpFlags.DivideByZero)) != 0 || Ordinal(nearest, single) is not { } middle)
            {
                continue;
            }

            long below = Ordinal(down, single)!.Value;
            long above = Ordinal(up, single)!.Value;
            bool inexact = (flags & FpFlags.Inexact) != 0;
            Assert.Equal(inexact, (upFlags & FpFlags.Inexact) != 0);
            Assert.Equal(inexact, (downFlags & FpFlags.Inexact) != 0);
            Assert.Equal(inexact ? 1 : 0, above - below);
            Assert.True(middle == below || middle == above, name);
            Assert.Equal(Math.Min(Math.Abs(below), Math.Abs(above)), Math.Abs(Ordinal(zero, single)!.Value));
        }
    }

    /// <summary>Negating the operands of an odd function mirrors up and down.</summary>
    [Theory]
    [InlineData("mul.d")]
    [InlineData("div.d")]
    [InlineData("cvt.s.d")]
    public void Negating_an_operand_mirrors_up_and_down(string name)
    {
        FpuOperation operation = FpuOperation.Named(name);
        ulong resultSign = name == "cvt.s.d" ? Binary32.SignMask : Binary64.SignMask;
        FpuOperands operands = new(5);
        for (int n = 0; n < 30_000; n++)
        {
            ulong[] tuple = operands.Next('d', operation.OperandCount);
            ulong[] mirrored = [tuple[0] ^ Binary64.SignMask, .. tuple[1..]];
            (ulong up, FpFlags upFlags) = Run(operation, tuple, Rounding.Up);
            (ulong down, FpFlags downFlags) = Run(operation, mirrored, Rounding.Down);
            Assert.Equal(upFlags, downFlags);
            Assert.Equal(up & ~resultSign, down & ~resultSign);
        }
    }

    /// <summary>x - x is +0, but -0 when rounding down (IEEE 754-1985, 6.3).</summary>
    [Theory]
    [InlineData(Rounding.Nearest, 0UL)]
    [InlineData(Rounding.Zero, 0UL)]
    [InlineData(Rounding.Up, 0UL)]
    [InlineData(Rounding.Down, 0x8000_0000_0000_0000UL)]
    public void Exact_cancellation_gives_the_zero_of_the_mode(Rounding rounding, ulong expected)
    {
        FpEnvironment env = new() { Rounding = rounding };
        ulong x = BitConverter.DoubleToUInt64Bits(Math.PI);
        Assert.Equal(expected, FpArithmetic.SubD(x, x, ref env));
        Assert.Equal(FpFlags.None, env.Raised);
    }

    private static (ulong Result, FpFlags Raised) Run(FpuOperation operation, ulong[] operands, Rounding rounding)
    {
        FpEnvironment env = new() { Rounding = rounding };
        ulong result = operation.Facade(operands, ref env);
        return (result, env.Raised);
    }

    /// <summary>Neighbouring numbers have neighbouring ordinals; null for a NaN.</summary>
    private static long? Ordinal(ulong bits, bool single)
    {
        ulong sign = single ? Binary32.SignMask : Binary64.SignMask;
        long magnitude = (long)(bits & (sign - 1));
        long infinity = single ? 0x7F80_0000 : 0x7FF0_0000_0000_0000;
        return magnitude > infinity ? null : (bits & sign) != 0 ? -magnitude : magnitude;
    }
}
