using Disco.Actors.Machine.Fpu;
using Xunit;

namespace Disco.Actors.Machine.Tests.Fpu;

/// <summary>Single cases worth reading, each from a sentence of IEEE 754-1985 or of the MIPS64 manual.</summary>
public sealed class FpArithmeticTests
{
    private const ulong One = 0x3FF0_0000_0000_0000;
    private const ulong Infinity = 0x7FF0_0000_0000_0000;
    private const ulong Largest = 0x7FEF_FFFF_FFFF_FFFF;
    private const ulong SmallestNormal = 0x0010_0000_0000_0000;
    private const ulong QuietNaN = 0x7FF0_0000_0000_0001;
    private const ulong SignalingNaN = 0x7FF8_0000_0000_0000;
    private const ulong DefaultNaN = 0x7FF7_FFFF_FFFF_FFFF;
    private const ulong Sign = 0x8000_0000_0000_0000;

    /// <summary>
    /// IEEE 754-1985, 7.1 and 7.2; MIPS64 manual, volume I, "Values supplied for untrapped exceptions".
    /// </summary>
    [Theory]
    [InlineData("sub.d", Infinity, Infinity, DefaultNaN, FpFlags.Invalid)]
    [InlineData("add.d", Infinity, Infinity | Sign, DefaultNaN, FpFlags.Invalid)]
    [InlineData("mul.d", 0UL, Infinity, DefaultNaN, FpFlags.Invalid)]
    [InlineData("div.d", 0UL, Sign, DefaultNaN, FpFlags.Invalid)]
    [InlineData("div.d", Infinity, Infinity, DefaultNaN, FpFlags.Invalid)]
    [InlineData("div.d", One, Sign, Infinity | Sign, FpFlags.DivideByZero)]
    [InlineData("div.d", Infinity, 0UL, Infinity, FpFlags.None)]
    [InlineData("div.d", One, Infinity | Sign, Sign, FpFlags.None)]
    [InlineData("add.d", QuietNaN, One, DefaultNaN, FpFlags.None)]
    [InlineData("add.d", QuietNaN, SignalingNaN, DefaultNaN, FpFlags.Invalid)]
    [InlineData("mul.d", Largest, Largest, Infinity, FpFlags.Overflow | FpFlags.Inexact)]
    [InlineData("mul.d", SmallestNormal, SmallestNormal, 0UL, FpFlags.Underflow | FpFlags.Inexact)]
    [InlineData("add.d", 1UL, 1UL, 2UL, FpFlags.None)]
    public void Exceptional_operands_give_the_default_result(
        string name, ulong a, ulong b, ulong expected, FpFlags flags)
    {
        FpEnvironment env = default;
        Assert.Equal(expected, FpuOperation.Named(name).Facade([a, b], ref env));
        Assert.Equal(flags, env.Raised);
    }

    /// <summary>IEEE 754-1985, 6.3: the root of -0 is -0; 7.1: any other negative has none.</summary>
    [Theory]
    [InlineData(Sign, Sign, FpFlags.None)]
    [InlineData(One | Sign, DefaultNaN, FpFlags.Invalid)]
    [InlineData(Infinity, Infinity, FpFlags.None)]
    [InlineData(0x4010_0000_0000_0000UL, 0x4000_0000_0000_0000UL, FpFlags.None)]
    [InlineData(1UL, 0x1E60_0000_0000_0000UL, FpFlags.None)]
    public void Square_root_gives_the_standard_result(ulong a, ulong expected, FpFlags flags)
    {
        FpEnvironment env = default;
        Assert.Equal(expected, FpArithmetic.SqrtD(a, ref env));
        Assert.Equal(flags, env.Raised);
    }

    /// <summary>
    /// MIPS64 manual, volume I, "Values supplied for untrapped exceptions", invalid operation with an integer result:
    /// the largest positive integer, whatever the operand's sign. The range ends are exact.
    /// </summary>
    [Theory]
    [InlineData(-2147483648.0, 0x8000_0000U, FpFlags.None)]
    [InlineData(-2147483648.5, 0x8000_0000U, FpFlags.Inexact)]
    [InlineData(-2147483649.0, 0x7FFF_FFFFU, FpFlags.Invalid)]
    [InlineData(2147483647.0, 0x7FFF_FFFFU, FpFlags.None)]
    [InlineData(2147483647.5, 0x7FFF_FFFFU, FpFlags.Invalid)]
    [InlineData(double.NaN, 0x7FFF_FFFFU, FpFlags.Invalid)]
    [InlineData(double.NegativeInfinity, 0x7FFF_FFFFU, FpFlags.Invalid)]
    [InlineData(-0.5, 0U, FpFlags.Inexact)]
    [InlineData(2.5, 2U, FpFlags.Inexact)]
    [InlineData(3.5, 4U, FpFlags.Inexact)]
    public void Conversion_to_a_word_saturates_upward_when_invalid(double value, uint expected, FpFlags flags)
    {
        FpEnvironment env = default;
        ulong bits = BitConverter.DoubleToUInt64Bits(value);
        Assert.Equal(expected, FpArithmetic.DToW(bits, Rounding.Nearest, ref env));
        Assert.Equal(flags, env.Raised);
    }

    /// <summary>
    /// IEEE 754-1985, 7.4, tininess after rounding: 2^-126 (1 - 2^-26) rounds to 2^-126 with an unbounded exponent too
    /// and is not tiny; 2^-126 (1 - 2^-24) has 24 bits, so it is tiny, although it also ends as 2^-126.
    /// </summary>
    [Theory]
    [InlineData(0x380F_FFFF_F800_0000UL, FpFlags.Inexact)]
    [InlineData(0x380F_FFFF_E000_0000UL, FpFlags.Underflow | FpFlags.Inexact)]
    public void Underflow_looks_at_the_rounded_result(ulong value, FpFlags flags)
    {
        FpEnvironment env = default;
        Assert.Equal(0x0080_0000U, FpArithmetic.DToS(value, ref env));
        Assert.Equal(flags, env.Raised);
    }

    /// <summary>MIPS64 manual, volume I, FCSR.FS: tiny before rounding is enough to be flushed.</summary>
    [Fact]
    public void Flush_to_zero_looks_at_the_result_before_rounding()
    {
        FpEnvironment env = new() { FlushToZero = true };
        Assert.Equal(0U, FpArithmetic.DToS(0x380F_FFFF_F800_0000, ref env));
        Assert.Equal(FpFlags.None, env.Raised);
    }

    /// <summary>IEEE 754-1985, 7.4: with the trap enabled, tininess alone signals underflow.</summary>
    [Fact]
    public void Enabled_underflow_trap_signals_an_exact_denormal()
    {
        FpEnvironment env = new() { UnderflowTrapEnabled = true };
        Assert.Equal(2UL, FpArithmetic.AddD(1, 1, ref env));
        Assert.Equal(FpFlags.Underflow, env.Raised);
    }

    /// <summary>MIPS64 manual, volume I, FCSR.FS: denormal results are flushed to zero; operands are not.</summary>
    [Fact]
    public void Flush_to_zero_flushes_results_and_not_operands()
    {
        FpEnvironment env = new() { FlushToZero = true };
        Assert.Equal(Sign, FpArithmetic.AddD(Sign | 1, Sign | 1, ref env));
        Assert.Equal(SmallestNormal, FpArithmetic.AddD(0x000F_FFFF_FFFF_FFFF, 1, ref env));
        Assert.Equal(FpFlags.None, env.Raised);
    }

    /// <summary>MIPS64 manual, volume II, ABS.fmt and NEG.fmt: arithmetic, so a signaling NaN is invalid.</summary>
    [Fact]
    public void Absolute_value_and_negation_of_a_signaling_NaN_are_invalid()
    {
        FpEnvironment env = default;
        Assert.Equal(DefaultNaN, FpArithmetic.AbsD(SignalingNaN | Sign, ref env));
        Assert.Equal(FpFlags.Invalid, env.Raised);
        env = default;
        Assert.Equal(0x7FBF_FFFFU, FpArithmetic.NegS(0x7FC0_0000, ref env));
        Assert.Equal(FpFlags.Invalid, env.Raised);
        env = default;
        Assert.Equal(QuietNaN | Sign, FpArithmetic.NegD(QuietNaN, ref env));
        Assert.Equal(FpFlags.None, env.Raised);
    }

    /// <summary>MIPS64 manual, volume II, C.cond.fmt, table of comparison predicates.</summary>
    [Theory]
    [InlineData(One, One, 0xCCCC)]
    [InlineData(0UL, Sign, 0xCCCC)]
    [InlineData(0UL, One, 0xF0F0)]
    [InlineData(One, 0UL, 0x0000)]
    [InlineData(One, QuietNaN, 0xAAAA)]
    public void Conditions_hold_as_the_predicate_table_says(ulong a, ulong b, int expected)
    {
        FpEnvironment env = default;
        Assert.Equal((ulong)expected, FpuOperation.Named("c.d").Facade([a, b], ref env));
    }

    /// <summary>MIPS64 manual, volume II, C.cond.fmt: quiet NaNs are invalid only for conditions 8 to 15.</summary>
    [Theory]
    [InlineData(2, QuietNaN, FpFlags.None)]
    [InlineData(2, SignalingNaN, FpFlags.Invalid)]
    [InlineData(12, QuietNaN, FpFlags.Invalid)]
    public void Comparison_signals_by_condition_and_NaN(int condition, ulong a, FpFlags flags)
    {
        FpEnvironment env = default;
        Assert.False(FpArithmetic.ConditionD(condition, a, One, ref env));
        Assert.Equal(flags, env.Raised);
    }

    /// <summary>
    /// Two roundings: the fused result of (1 + 2^-52)^2 - (1 + 2^-51) would be 2^-104 (FCSR.MAC2008 = 0).
    /// </summary>
    [Fact]
    public void Multiply_add_rounds_the_product_first()
    {
        FpEnvironment env = default;
        ulong x = 0x3FF0_0000_0000_0001;
        Assert.Equal(0UL, FpArithmetic.MsubD(x, x, 0x3FF0_0000_0000_0002, ref env));
        Assert.Equal(FpFlags.Inexact, env.Raised);
    }
}
