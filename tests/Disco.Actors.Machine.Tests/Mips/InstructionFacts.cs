using Xunit;

namespace Disco.Actors.Machine.Tests.Mips;

/// <summary>
/// One basic fact per instruction: inputs in a0 and a1 (and HI:LO where it reads them), the result in v0, or HI in v0
/// and LO in v1. Sections are MIPS64 Vol II, the instruction of the same name.
/// </summary>
[Trait("level", "basic")]
public sealed class InstructionFacts
{
    public static TheoryData<string, ulong, ulong, ulong> ThreeRegisters => new()
    {
        { "addu v0,a0,a1", 0x7FFF_FFFF, 1, 0xFFFF_FFFF_8000_0000 },
        { "addiu v0,a0,-1", 0, 0, ulong.MaxValue },
        { "add v0,a0,a1", 5, 0xFFFF_FFFF_FFFF_FFF9, 0xFFFF_FFFF_FFFF_FFFE },
        { "addi v0,a0,-32768", 0, 0, 0xFFFF_FFFF_FFFF_8000 },
        { "daddu v0,a0,a1", 0x7FFF_FFFF, 1, 0x8000_0000 },
        { "daddiu v0,a0,1", ulong.MaxValue, 0, 0 },
        { "dadd v0,a0,a1", 1UL << 62, 5, (1UL << 62) + 5 },
        { "daddi v0,a0,-5", 3, 0, 0xFFFF_FFFF_FFFF_FFFE },
        { "subu v0,a0,a1", 0xFFFF_FFFF_8000_0000, 1, 0x7FFF_FFFF },
        { "sub v0,a0,a1", 3, 5, 0xFFFF_FFFF_FFFF_FFFE },
        { "dsubu v0,a0,a1", 0, 1, ulong.MaxValue },
        { "dsub v0,a0,a1", 7, 9, 0xFFFF_FFFF_FFFF_FFFE },
        { "and v0,a0,a1", 0xF0F0, 0xFF00, 0xF000 },
        { "andi v0,a0,0xff00", ulong.MaxValue, 0, 0xFF00 },
        { "or v0,a0,a1", 0xF0F0, 0x0F00, 0xFFF0 },
        { "ori v0,a0,0x8000", 1, 0, 0x8001 },
        { "xor v0,a0,a1", 0xFF, 0x0F, 0xF0 },
        { "xori v0,a0,0xffff", 0, 0, 0xFFFF },
        { "nor v0,a0,a1", 0, 1, 0xFFFF_FFFF_FFFF_FFFE },
        { "lui v0,0x8000", 0, 0, 0xFFFF_FFFF_8000_0000 },
        { "slt v0,a0,a1", ulong.MaxValue, 0, 1 },
        { "slti v0,a0,-1", 0, 0, 0 },
        { "sltu v0,a0,a1", ulong.MaxValue, 0, 0 },
        { "sltiu v0,a0,-1", 5, 0, 1 },
        { "movz v0,a0,a1", 9, 0, 9 },
        { "movn v0,a0,a1", 9, 1, 9 },
        { "sll v0,a0,4", 0x0800_0000, 0, 0xFFFF_FFFF_8000_0000 },
        { "sllv v0,a0,a1", 1, 0x21, 2 },
        { "srl v0,a0,4", 0xFFFF_FFFF_8000_0000, 0, 0x0800_0000 },
        { "srlv v0,a0,a1", 0xFFFF_FFFF_8000_0000, 31, 1 },
        { "sra v0,a0,4", 0xFFFF_FFFF_8000_0000, 0, 0xFFFF_FFFF_F800_0000 },
        { "srav v0,a0,a1", 0xFFFF_FFFF_8000_0000, 63, ulong.MaxValue },
        { "ror v0,a0,4", 0x1, 0, 0x1000_0000 },
        { "rorv v0,a0,a1", 0x1, 1, 0xFFFF_FFFF_8000_0000 },
        { "dsll v0,a0,4", 1UL << 60, 0, 0 },
        { "dsll32 v0,a0,4", 1, 0, 1UL << 36 },
        { "dsllv v0,a0,a1", 1, 63, 1UL << 63 },
        { "dsrl v0,a0,4", 1UL << 63, 0, 1UL << 59 },
        { "dsrl32 v0,a0,31", 1UL << 63, 0, 1 },
        { "dsrlv v0,a0,a1", 1UL << 63, 64, 1UL << 63 },
        { "dsra v0,a0,4", 1UL << 63, 0, 0xF800_0000_0000_0000 },
        { "dsra32 v0,a0,0", 1UL << 63, 0, 0xFFFF_FFFF_8000_0000 },
        { "dsrav v0,a0,a1", 1UL << 63, 63, ulong.MaxValue },
        { "dror v0,a0,1", 1, 0, 1UL << 63 },
        { "dror32 v0,a0,0", 1, 0, 1UL << 32 },
        { "drorv v0,a0,a1", 2, 2, 1UL << 63 },
        { "seb v0,a0", 0x80, 0, 0xFFFF_FFFF_FFFF_FF80 },
        { "seh v0,a0", 0x8000, 0, 0xFFFF_FFFF_FFFF_8000 },
        { "wsbh v0,a0", 0x1122_3344, 0, 0x2211_4433 },
        { "dsbh v0,a0", 0x1122_3344_5566_7788, 0, 0x2211_4433_6655_8877 },
        { "dshd v0,a0", 0x1122_3344_5566_7788, 0, 0x7788_5566_3344_1122 },
        { "clz v0,a0", 0x0000_8000, 0, 16 },
        { "clo v0,a0", 0xFFFF_FFFF_F000_0000, 0, 4 },
        { "dclz v0,a0", 1, 0, 63 },
        { "dclo v0,a0", ulong.MaxValue, 0, 64 },
        { "ext v0,a0,4,8", 0x1234, 0, 0x23 },
        { "dext v0,a0,4,32", 0x12_3456_789A, 0, 0x2345_6789 },
        { "dextm v0,a0,4,40", 0x0123_4567_89AB_CDEF, 0, 0x56_789A_BCDE },
        { "dextu v0,a0,32,16", 0x0123_4567_89AB_CDEF, 0, 0x4567 },
        { "move v0,a1\nins v0,a0,8,8", 0xAB, 0x1111_1111, 0x1111_AB11 },
        { "move v0,a1\ndins v0,a0,0,32", 0xAB, ulong.MaxValue, 0xFFFF_FFFF_0000_00AB },
        { "move v0,a1\ndinsm v0,a0,8,40", 0xAB, 0, 0xAB00 },
        { "move v0,a1\ndinsu v0,a0,40,8", 0xAB, 0, 0xAB00_0000_0000 },
        { "mul v0,a0,a1", 0x10000, 0x8000, 0xFFFF_FFFF_8000_0000 },
        { "addu zero,a0,a1\nmove v0,zero", 1, 2, 0 },
    };

    public static TheoryData<string, ulong, ulong, ulong, ulong> HiLo => new()
    {
        { "mult a0,a1", ulong.MaxValue, 2, ulong.MaxValue, 0xFFFF_FFFF_FFFF_FFFE },
        { "multu a0,a1", 0xFFFF_FFFF_FFFF_FFFF, 2, 1, 0xFFFF_FFFF_FFFF_FFFE },
        { "dmult a0,a1", ulong.MaxValue, 2, ulong.MaxValue, 0xFFFF_FFFF_FFFF_FFFE },
        { "dmultu a0,a1", ulong.MaxValue, 2, 1, 0xFFFF_FFFF_FFFF_FFFE },
        { "div zero,a0,a1", 0xFFFF_FFFF_FFFF_FFF9, 2, ulong.MaxValue, 0xFFFF_FFFF_FFFF_FFFD },
        { "divu zero,a0,a1", 7, 2, 1, 3 },
        { "div zero,a0,a1", 0xFFFF_FFFF_8000_0000, ulong.MaxValue, 0, 0xFFFF_FFFF_8000_0000 },
        { "ddiv zero,a0,a1", 0xFFFF_FFFF_FFFF_FFF9, 2, ulong.MaxValue, 0xFFFF_FFFF_FFFF_FFFD },
        { "ddiv zero,a0,a1", 1UL << 63, ulong.MaxValue, 0, 1UL << 63 },
        { "ddivu zero,a0,a1", 1UL << 63, 3, 2, 0x2AAA_AAAA_AAAA_AAAA },
        { "li t0,1\nmtlo t0\nmthi zero\nmadd a0,a1", 3, 4, 0, 13 },
        { "li t0,1\nmtlo t0\nmthi zero\nmaddu a0,a1", 0xFFFF_FFFF_FFFF_FFFF, 2, 1, ulong.MaxValue },
        { "li t0,1\nmtlo t0\nmthi zero\nmsub a0,a1", 3, 4, ulong.MaxValue, 0xFFFF_FFFF_FFFF_FFF5 },
        { "li t0,1\nmtlo t0\nmthi zero\nmsubu a0,a1", 3, 4, ulong.MaxValue, 0xFFFF_FFFF_FFFF_FFF5 },
        { "mthi a0\nmtlo a1", 3, 4, 3, 4 },
    };

    /// <summary>Loads: a0 is 0x1122334455667788 at the data address, a1 the byte of the address.</summary>
    public static TheoryData<string, ulong, ulong, ulong> Loads => new()
    {
        { "lb v0,0(t8)", 0x8899_AABB_CCDD_EEFF, 0xFFFF_FFFF_FFFF_FFFF, 0xFFFF_FFFF_FFFF_FF88 },
        { "lbu v0,0(t8)", 0x8899_AABB_CCDD_EEFF, 0xFF, 0x88 },
        { "lh v0,0(t8)", 0x8899_AABB_CCDD_EEFF, 0xFFFF_FFFF_FFFF_EEFF, 0xFFFF_FFFF_FFFF_8899 },
        { "lhu v0,2(t8)", 0x8899_AABB_CCDD_EEFF, 0xCCDD, 0xAABB },
        { "lw v0,4(t8)", 0x8899_AABB_CCDD_EEFF, 0xFFFF_FFFF_8899_AABB, 0xFFFF_FFFF_CCDD_EEFF },
        { "lwu v0,4(t8)", 0x8899_AABB_CCDD_EEFF, 0x8899_AABB, 0xCCDD_EEFF },
        { "ld v0,0(t8)", 0x8899_AABB_CCDD_EEFF, 0x8899_AABB_CCDD_EEFF, 0x8899_AABB_CCDD_EEFF },
        { "ll v0,0(t8)", 0x8899_AABB_CCDD_EEFF, 0xFFFF_FFFF_CCDD_EEFF, 0xFFFF_FFFF_8899_AABB },
        { "lld v0,0(t8)", 0x8899_AABB_CCDD_EEFF, 0x8899_AABB_CCDD_EEFF, 0x8899_AABB_CCDD_EEFF },
        { "li v0,0x12345678\nlwl v0,1(t8)", 0x8899_AABB_CCDD_EEFF, 0xFFFF_FFFF_EEFF_5678, 0xFFFF_FFFF_99AA_BB78 },
        { "li v0,0x12345678\nlwr v0,1(t8)", 0x8899_AABB_CCDD_EEFF, 0x12CC_DDEE, 0x1234_8899 },
        { "dli v0,0x1234567812345678\nldl v0,5(t8)", 0x8899_AABB_CCDD_EEFF,
            0xAABB_CCDD_EEFF_5678, 0xDDEE_FF78_1234_5678 },
        { "dli v0,0x1234567812345678\nldr v0,5(t8)", 0x8899_AABB_CCDD_EEFF,
            0x1234_5678_1288_99AA, 0x1234_8899_AABB_CCDD },
    };

    /// <summary>Stores of 0x1122334455667788 over zeros; the doubleword then, in each byte order.</summary>
    public static TheoryData<string, ulong, ulong> Stores => new()
    {
        { "sb a0,1(t8)", 0x8800, 0x0088_0000_0000_0000 },
        { "sh a0,2(t8)", 0x7788_0000, 0x0000_7788_0000_0000 },
        { "sw a0,4(t8)", 0x5566_7788_0000_0000, 0x5566_7788 },
        { "sd a0,0(t8)", 0x1122_3344_5566_7788, 0x1122_3344_5566_7788 },
        { "swl a0,1(t8)", 0x5566, 0x0055_6677_0000_0000 },
        { "swr a0,1(t8)", 0x6677_8800, 0x7788_0000_0000_0000 },
        { "sdl a0,5(t8)", 0x1122_3344_5566, 0x0000_0000_0011_2233 },
        { "sdr a0,5(t8)", 0x6677_8800_0000_0000, 0x3344_5566_7788_0000 },
    };

    [Theory]
    [MemberData(nameof(ThreeRegisters))]
    public void Result_is_the_manuals(string text, ulong a, ulong b, ulong result)
    {
        Rig rig = new(text) { [4] = a, [5] = b };

        rig.Run();

        Assert.Equal(result, rig[2]);
    }

    [Theory]
    [MemberData(nameof(HiLo))]
    public void Hi_and_lo_are_the_manuals(string text, ulong a, ulong b, ulong hi, ulong lo)
    {
        Rig rig = new(text + "\nmfhi v0\nmflo v1") { [4] = a, [5] = b };

        rig.Run();

        Assert.Equal((hi, lo), (rig[2], rig[3]));
    }

    [Theory]
    [MemberData(nameof(Loads))]
    public void Load_reads_in_the_processors_byte_order(string text, ulong datum, ulong little, ulong big)
    {
        Assert.Equal(little, LoadedWith(text, datum, bigEndian: false));
        Assert.Equal(big, LoadedWith(text, datum, bigEndian: true));
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public void Store_writes_in_the_processors_byte_order(string text, ulong little, ulong big)
    {
        string program = $"dli t8,{Rig.DataAddress}\ndli a0,0x1122334455667788\n{text}\nld v0,0(t8)";

        Assert.Equal(little, new Rig(program).Run()[2]);
        Assert.Equal(big, new Rig(program, new() { BigEndian = true }).Run()[2]);
    }

    private static ulong LoadedWith(string text, ulong datum, bool bigEndian) =>
        new Rig($"dli t8,{Rig.DataAddress}\ndli a0,{datum}\nsd a0,0(t8)\n{text}", new() { BigEndian = bigEndian })
            .Run()[2];
}
