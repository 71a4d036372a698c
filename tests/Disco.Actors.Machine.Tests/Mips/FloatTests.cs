using Xunit;

namespace Disco.Actors.Machine.Tests.Mips;

/// <summary>
/// Floating-point instructions as the core binds them: registers, condition codes, control registers, exceptions. The
/// arithmetic itself is tested in Fpu/. [MIPS64 Vol I, 5; Vol II; board spec 2.4]
/// </summary>
[Trait("level", "basic")]
public sealed class FloatTests
{
    private const uint Status = 0x3400_00E0;
    private const uint HalfRegisters = 0x3000_00E0;

    // 2.5 and 4.0 in both formats.
    private const string Operands = """
        dli    t0,0x4004000000000000
        dmtc1  t0,$f2
        dli    t0,0x4010000000000000
        dmtc1  t0,$f4
        li     t0,0x40200000
        mtc1   t0,$f6
        li     t0,0x40800000
        mtc1   t0,$f8

        """;

    public static TheoryData<string, double> Doubles => new()
    {
        { "add.d $f0,$f2,$f4", 6.5 },
        { "sub.d $f0,$f2,$f4", -1.5 },
        { "mul.d $f0,$f2,$f4", 10 },
        { "div.d $f0,$f2,$f4", 0.625 },
        { "sqrt.d $f0,$f4", 2 },
        { "abs.d $f0,$f2", 2.5 },
        { "neg.d $f0,$f2", -2.5 },
        { "mov.d $f0,$f2", 2.5 },
        { "recip.d $f0,$f4", 0.25 },
        { "rsqrt.d $f0,$f4", 0.5 },
        { "cvt.d.s $f0,$f6", 2.5 },
        { "li t0,-7\nmtc1 t0,$f1\ncvt.d.w $f0,$f1", -7 },
        { "dli t0,-7\ndmtc1 t0,$f1\ncvt.d.l $f0,$f1", -7 },
        { "madd.d $f0,$f2,$f4,$f4", 18.5 },
        { "msub.d $f0,$f2,$f4,$f4", 13.5 },
        { "nmadd.d $f0,$f2,$f4,$f4", -18.5 },
        { "nmsub.d $f0,$f2,$f4,$f4", -13.5 },
        { "mov.d $f0,$f4\nmovz.d $f0,$f2,zero", 2.5 },
        { "mov.d $f0,$f4\nmovn.d $f0,$f2,zero", 4 },
        { "mov.d $f0,$f4\nmovf.d $f0,$f2,$fcc0", 2.5 },
        { "mov.d $f0,$f4\nmovt.d $f0,$f2,$fcc0", 4 },
        { "dli t8,0xffffffff80020000\nsdc1 $f2,8(t8)\nldc1 $f0,8(t8)", 2.5 },
        { "dli t8,0xffffffff80020000\nli t9,8\nsdxc1 $f2,t9(t8)\nldxc1 $f0,t9(t8)", 2.5 },
        { "dli t8,0xffffffff80020003\nli t9,8\nsuxc1 $f2,t9(t8)\nluxc1 $f0,t9(t8)", 2.5 },
        { "mfc1 t0,$f2\nmfhc1 t1,$f2\nmtc1 t0,$f0\nmthc1 t1,$f0", 2.5 },
    };

    public static TheoryData<string, float> Singles => new()
    {
        { "add.s $f0,$f6,$f8", 6.5f },
        { "sub.s $f0,$f6,$f8", -1.5f },
        { "mul.s $f0,$f6,$f8", 10 },
        { "div.s $f0,$f6,$f8", 0.625f },
        { "sqrt.s $f0,$f8", 2 },
        { "abs.s $f0,$f6", 2.5f },
        { "neg.s $f0,$f6", -2.5f },
        { "mov.s $f0,$f6", 2.5f },
        { "recip.s $f0,$f8", 0.25f },
        { "rsqrt.s $f0,$f8", 0.5f },
        { "cvt.s.d $f0,$f2", 2.5f },
        { "li t0,-7\nmtc1 t0,$f1\ncvt.s.w $f0,$f1", -7 },
        { "dli t0,-7\ndmtc1 t0,$f1\ncvt.s.l $f0,$f1", -7 },
        { "madd.s $f0,$f6,$f8,$f8", 18.5f },
        { "msub.s $f0,$f6,$f8,$f8", 13.5f },
        { "nmadd.s $f0,$f6,$f8,$f8", -18.5f },
        { "nmsub.s $f0,$f6,$f8,$f8", -13.5f },
        { "mov.s $f0,$f8\nmovz.s $f0,$f6,zero", 2.5f },
        { "mov.s $f0,$f8\nmovn.s $f0,$f6,zero", 4 },
        { "mov.s $f0,$f8\nmovf.s $f0,$f6,$fcc3", 2.5f },
        { "mov.s $f0,$f8\nmovt.s $f0,$f6,$fcc3", 4 },
        { "dli t8,0xffffffff80020000\nswc1 $f6,4(t8)\nlwc1 $f0,4(t8)", 2.5f },
        { "dli t8,0xffffffff80020000\nli t9,4\nswxc1 $f6,t9(t8)\nlwxc1 $f0,t9(t8)", 2.5f },
    };

    public static TheoryData<string, long> Integers => new()
    {
        { "cvt.w.d $f0,$f2\nmfc1 v0,$f0", 2 },
        { "cvt.l.d $f0,$f2\ndmfc1 v0,$f0", 2 },
        { "cvt.w.s $f0,$f6\nmfc1 v0,$f0", 2 },
        { "cvt.l.s $f0,$f6\ndmfc1 v0,$f0", 2 },
        { "round.w.d $f0,$f2\nmfc1 v0,$f0", 2 },
        { "round.l.s $f0,$f6\ndmfc1 v0,$f0", 2 },
        { "trunc.w.s $f0,$f6\nmfc1 v0,$f0", 2 },
        { "trunc.l.d $f0,$f2\ndmfc1 v0,$f0", 2 },
        { "ceil.w.d $f0,$f2\nmfc1 v0,$f0", 3 },
        { "ceil.l.s $f0,$f6\ndmfc1 v0,$f0", 3 },
        { "floor.w.s $f0,$f6\nmfc1 v0,$f0", 2 },
        { "floor.l.d $f0,$f2\ndmfc1 v0,$f0", 2 },
        { "li t0,2\nctc1 t0,$31\ncvt.w.d $f0,$f2\nmfc1 v0,$f0", 3 },
        { "c.lt.d $f2,$f4\nbc1t here\nli v0,1\nli v0,2\nhere: nop", 1 },
        { "c.lt.d $fcc5,$f4,$f2\nbc1f $fcc5,here\nli v0,1\nli v0,2\nhere: nop", 1 },
        { "c.eq.s $f6,$f6\nbc1fl here\nli v0,1\nhere: nop", 0 },
        { "c.eq.s $f6,$f6\nbc1tl here\nli v0,1\nhere: nop", 1 },
        { "c.ule.s $fcc2,$f6,$f8\ncfc1 v0,$25", 4 },
        { "c.eq.d $fcc1,$f2,$f2\nli a0,9\nmovt v0,a0,$fcc1", 9 },
        { "c.eq.d $fcc1,$f2,$f2\nli a0,9\nmovf v0,a0,$fcc1", 0 },
        { "cfc1 v0,$0", 0x0073_0000 },
        { "li t0,-1\nctc1 t0,$25\ncfc1 v0,$31", unchecked((int)0xFE80_0000) },
        { "li t0,0x7c\nctc1 t0,$26\ncfc1 v0,$31", 0x7C },
        { "li t0,0xf87\nctc1 t0,$28\ncfc1 v0,$31", 0x0100_0F83 },
    };

    [Theory]
    [MemberData(nameof(Doubles))]
    public void Double_result_is_the_manuals(string text, double result) =>
        Assert.Equal(result, BitConverter.UInt64BitsToDouble(Ran(Operands + text).Core.GetFloatRegister(0)));

    [Theory]
    [MemberData(nameof(Singles))]
    public void Single_result_is_the_manuals(string text, float result) =>
        Assert.Equal(result, BitConverter.UInt32BitsToSingle((uint)Ran(Operands + text).Core.GetFloatRegister(0)));

    [Theory]
    [MemberData(nameof(Integers))]
    public void Integer_result_is_the_manuals(string text, long result) =>
        Assert.Equal((ulong)result, Ran(Operands + text)[2]);

    /// <summary>With FR=0 odd singles are the upper halves of even doubles. [Vol I, 5.5.1]</summary>
    [Fact]
    public void Half_registers_pair_up()
    {
        Rig rig = new("li t0,0x11111111\nmtc1 t0,$f2\nli t0,0x22222222\nmtc1 t0,$f3\ndmfc1 v0,$f2\nmfhc1 v1,$f2");
        rig.Core.WriteCp0(12, 0, HalfRegisters);

        rig.Run();

        Assert.Equal((0x2222_2222_1111_1111UL, 0x2222_2222UL), (rig[2], rig[3]));
    }

    /// <summary>Flags accumulate, Cause is the last operation's. [Vol I, 5.6]</summary>
    [Fact]
    public void Flags_accumulate_and_cause_does_not()
    {
        Rig rig = Ran(Operands + "mtc1 zero,$f10\ndiv.s $f0,$f6,$f10\nadd.s $f0,$f6,$f8");

        Assert.Equal(0x20u, rig.Core.Fcsr);
    }

    /// <summary>An enabled exception: FPE, Cause set, destination and flags unchanged. [Vol I, 5.8]</summary>
    [Theory]
    [InlineData("div.s $f0,$f6,$f10", 0x400, 8)]
    [InlineData("div.d $f0,$f10,$f10", 0x800, 16)]
    [InlineData("sub.s $f12,$f6,$f6\nhere: recip.s $f0,$f12", 0x400, 8)]
    [InlineData("li t1,0x7fbfffff\nmtc1 t1,$f12\nhere: c.seq.s $f12,$f6", 0x800, 16)]
    public void Enabled_exception_is_taken(string text, uint enables, uint cause)
    {
        Rig rig = new(Operands + $"li t0,{enables}\nctc1 t0,$31\ndmtc1 zero,$f10\nli t1,5\ndmtc1 t1,$f0\n"
            + (text.Contains("here", StringComparison.Ordinal) ? text : "here: " + text));
        rig.Core.WriteCp0(12, 0, Status);

        rig.Run();

        Assert.Equal(15u, (rig.Core.Cause >> 2) & 31);
        Assert.Equal(rig.Program["here"], rig.Core.Epc);
        Assert.Equal((cause << 12) | enables, rig.Core.Fcsr);
        Assert.Equal(5UL, rig.Core.GetFloatRegister(0));
    }

    /// <summary>CTC1 that sets an enabled cause traps at once. [Vol II, CTC1; board spec 2.4]</summary>
    [Fact]
    public void Written_cause_traps()
    {
        Rig rig = Ran("li t0,0x10800\nhere: ctc1 t0,$31");

        Assert.Equal(15u, (rig.Core.Cause >> 2) & 31);
        Assert.Equal(0x10800u, rig.Core.Fcsr);
    }

    private static Rig Ran(string text)
    {
        Rig rig = new(text);
        rig.Core.WriteCp0(12, 0, Status);
        return rig.Run();
    }
}
