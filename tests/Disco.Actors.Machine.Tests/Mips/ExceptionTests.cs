using Disco.Actors.Machine.Mips;
using Xunit;

namespace Disco.Actors.Machine.Tests.Mips;

/// <summary>
/// Each exception by itself and in a delay slot: vector, EPC, Cause.BD, ExcCode, CE, BadVAddr. [MIPS64 Vol III, 6.2]
/// </summary>
[Trait("level", "basic")]
public sealed class ExceptionTests
{
    private const ulong General = 0xFFFF_FFFF_8000_0180;

    public static TheoryData<string, int, int> Causes => new()
    {
        { "syscall", 8, 0 },
        { "break", 9, 0 },
        { "add v0,a0,a1", 12, 0 },
        { "addi v0,a0,1", 12, 0 },
        { "sub v0,a1,a0", 12, 0 },
        { "dadd v0,a2,a3", 12, 0 },
        { "daddi v0,a2,1", 12, 0 },
        { "dsub v0,t0,a3", 12, 0 },
        { "teq a0,a0", 13, 0 },
        { "tne a0,a1", 13, 0 },
        { "tge a0,a1", 13, 0 },
        { "tgeu t0,a1", 13, 0 },
        { "tlt a1,a0", 13, 0 },
        { "tltu a1,t0", 13, 0 },
        { "teqi a1,1", 13, 0 },
        { "tnei a1,2", 13, 0 },
        { "tgei a1,1", 13, 0 },
        { "tgeiu a1,1", 13, 0 },
        { "tlti a1,2", 13, 0 },
        { "tltiu a1,2", 13, 0 },
        { ".word 0x7c00003f", 10, 0 },
        { "sdbbp", 10, 0 },
        { "lwc2 $1,0(t8)", 11, 2 },
        { "mfc2 v0,$1", 11, 2 },
        { "rdhwr v0,$5", 10, 0 },
    };

    public static TheoryData<string, int, long> AddressErrors => new()
    {
        { "lh v0,1(t8)", 4, 1 },
        { "lw v0,2(t8)", 4, 2 },
        { "lwu v0,2(t8)", 4, 2 },
        { "ld v0,4(t8)", 4, 4 },
        { "ll v0,2(t8)", 4, 2 },
        { "lld v0,4(t8)", 4, 4 },
        { "sh v0,1(t8)", 5, 1 },
        { "sw v0,2(t8)", 5, 2 },
        { "sd v0,4(t8)", 5, 4 },
        { "sc v0,2(t8)", 5, 2 },
        { "scd v0,4(t8)", 5, 4 },
        { "ldc1 $f2,4(t8)", 4, 4 },
        { "swc1 $f2,2(t8)", 5, 2 },
    };

    [Theory]
    [MemberData(nameof(Causes))]
    public void Exception_reports_its_instruction(string instruction, int code, int coprocessor)
    {
        Rig rig = Start($"here: {instruction}", "here", out ulong epc);

        Assert.Equal(General, rig.Core.Pc & ~7UL);
        Assert.Equal(epc, rig.Core.Epc);
        Assert.Equal((uint)code, (rig.Core.Cause >> 2) & 31);
        Assert.Equal((uint)coprocessor, (rig.Core.Cause >> 28) & 3);
        Assert.Equal(0u, rig.Core.Cause >> 31);
        Assert.Equal(StatusExl, rig.Core.Status & StatusExl);
        Assert.Equal(77UL, rig[2]);
    }

    /// <summary>In a delay slot EPC is the branch and BD is set. [Vol III, 6.2, Cause.BD]</summary>
    [Theory]
    [MemberData(nameof(Causes))]
    public void Exception_in_a_delay_slot_reports_the_branch(string instruction, int code, int coprocessor)
    {
        foreach (string branch in (string[])["b stop", "bne zero,zero,stop", "jal stop", "beql zero,zero,after"])
        {
            Rig rig = Start($"here: {branch}\n{instruction}\nafter: nop", "here", out ulong epc);

            Assert.Equal(epc, rig.Core.Epc);
            Assert.Equal((uint)code, (rig.Core.Cause >> 2) & 31);
            Assert.Equal((uint)coprocessor, (rig.Core.Cause >> 28) & 3);
            Assert.Equal(1u, rig.Core.Cause >> 31);
        }
    }

    [Theory]
    [MemberData(nameof(AddressErrors))]
    public void Unaligned_access_reports_its_address(string instruction, int code, long offset)
    {
        Rig rig = Start($"here: {instruction}", "here", out ulong epc);

        Assert.Equal((uint)code, (rig.Core.Cause >> 2) & 31);
        Assert.Equal(epc, rig.Core.Epc);
        Assert.Equal(Rig.DataAddress + (ulong)offset, rig.Core.BadVAddr);
    }

    /// <summary>The slot of a branch in the last word of a granule is in the next one.</summary>
    [Fact]
    public void Exception_in_a_slot_across_granules_reports_the_branch()
    {
        Rig rig = Start("b here\nnop\n.org 0x3fc\nhere: b stop\nsyscall", "here", out ulong epc);

        Assert.Equal(epc, rig.Core.Epc);
        Assert.Equal(1u, rig.Core.Cause >> 31);
    }

    /// <summary>JR to an unaligned address faults at the target, outside the slot. [Vol II, JR]</summary>
    [Fact]
    public void Jump_to_an_unaligned_address_is_an_address_error_of_the_fetch()
    {
        Rig rig = Start("here: dli t0,0xffffffff80010002\njr t0\nnop", "here", out _);

        Assert.Equal(4u, (rig.Core.Cause >> 2) & 31);
        Assert.Equal(0xFFFF_FFFF_8001_0002, rig.Core.BadVAddr);
        Assert.Equal(0xFFFF_FFFF_8001_0002, rig.Core.Epc);
        Assert.Equal(0u, rig.Core.Cause >> 31);
    }

    /// <summary>Nothing answers: bus errors. [Vol III, 6.2.14]</summary>
    [Theory]
    [InlineData("dli t0,0xffffffff9f000000\nhere: lw v0,0(t0)", 7)]
    [InlineData("dli t0,0xffffffff9f000000\nhere: sw v0,0(t0)", 7)]
    public void Access_to_nowhere_is_a_bus_error(string text, int code)
    {
        Rig rig = Start(text, "here", out ulong epc);

        Assert.Equal((uint)code, (rig.Core.Cause >> 2) & 31);
        Assert.Equal(epc, rig.Core.Epc);
    }

    /// <summary>While EXL is set EPC and BD stay. [Vol III, 6.2]</summary>
    [Fact]
    public void Nested_exception_keeps_the_first_epc()
    {
        Rig rig = new("here: syscall");
        rig.Handler(0x180, "beqz s0,first\nnop\nself: b self\nnop\nfirst: li s0,1\nbreak");

        rig.Run();

        Assert.Equal(rig.Program["here"], rig.Core.Epc);
        Assert.Equal(9u, (rig.Core.Cause >> 2) & 31);
    }

    /// <summary>BEV moves the vectors to the boot exception area. [Vol III, table 6.3]</summary>
    [Fact]
    public void Boot_vectors_are_used_while_bev_is_set()
    {
        Rig rig = new("mfc0 t0,$12\nlui t1,0x40\nor t0,t0,t1\nmtc0 t0,$12\nsyscall");

        rig.Core.Run(new(0), 6);

        Assert.Equal(0xFFFF_FFFF_BFC0_0380, rig.Core.Pc);
    }

    /// <summary>EBase moves the vectors. [Vol III, 9.30]</summary>
    [Fact]
    public void Vectors_are_at_ebase()
    {
        Rig rig = new("lui t0,0x8000\nori t0,t0,0x5000\nmtc0 t0,$15,1\nsyscall");

        rig.Core.Run(new(0), 4);

        Assert.Equal(0xFFFF_FFFF_8000_5180, rig.Core.Pc);
    }

    /// <summary>Without CU0 a user program has no CP0. [Vol III, 6.2.21]</summary>
    [Theory]
    [InlineData("mfc0 v0,$12")]
    [InlineData("mtc0 v0,$12")]
    [InlineData("tlbwi")]
    [InlineData("tlbr")]
    [InlineData("tlbwr")]
    [InlineData("tlbp")]
    [InlineData("eret")]
    [InlineData("wait")]
    [InlineData("di")]
    [InlineData("ei")]
    [InlineData("cache 0,0(zero)")]
    public void Privileged_instruction_in_user_mode_is_coprocessor_unusable(string instruction)
    {
        Rig rig = UserRig.Running($"here: {instruction}");

        Assert.Equal(11u, (rig.Core.Cause >> 2) & 31);
        Assert.Equal(0u, (rig.Core.Cause >> 28) & 3);
        Assert.Equal(UserRig.Text, rig.Core.Epc);
    }

    /// <summary>With CU1 clear the FPU is unusable. [Vol III, 6.2.21]</summary>
    [Theory]
    [InlineData("add.d $f0,$f2,$f4")]
    [InlineData("mfc1 v0,$f2")]
    [InlineData("lwc1 $f2,0(t8)")]
    [InlineData("sdc1 $f2,0(t8)")]
    [InlineData("bc1t stop")]
    [InlineData("c.eq.s $f0,$f2")]
    [InlineData("movf v0,a0,$fcc0")]
    [InlineData("madd.d $f0,$f2,$f4,$f6")]
    [InlineData(".word 0x4600003d")]
    public void Float_instruction_without_the_unit_is_coprocessor_unusable(string instruction)
    {
        Rig rig = new($"here: {instruction}\nnop");
        rig.Core.WriteCp0(12, 0, Rig.KernelStatus & ~(1u << 29));

        rig.Run();

        Assert.Equal(11u, (rig.Core.Cause >> 2) & 31);
        Assert.Equal(1u, (rig.Core.Cause >> 28) & 3);
        Assert.Equal(rig.Program["here"], rig.Core.Epc);
    }

    /// <summary>Without UX and PX a user program has no 64-bit operations. [Vol III, 4.5]</summary>
    [Fact]
    public void Wide_operation_in_a_narrow_user_program_is_reserved()
    {
        Assert.Equal(10u, (UserRig.Running("daddu v0,a0,a1", 0x10).Core.Cause >> 2) & 31);
        Assert.Equal(8u, (UserRig.Running("daddu v0,a0,a1\nsyscall", 0x30).Core.Cause >> 2) & 31);
    }

    /// <summary>ERET with ERL goes to ErrorEPC and clears ERL only. [Vol II, ERET]</summary>
    [Fact]
    public void Return_prefers_the_error_level()
    {
        Rig rig = new("""
            la    t0,there
            dmtc0 t0,$30
            mfc0  t1,$12
            ori   t1,t1,6
            mtc0  t1,$12
            eret
            li    v0,1
            there: mfc0 v1,$12
            """);

        rig.Run();

        Assert.Equal(0UL, rig[2]);
        Assert.Equal(2UL, rig[3] & 6);
    }

    private const uint StatusExl = 2;

    private static Rig Start(string text, string label, out ulong epc)
    {
        Rig rig = new(text)
        {
            [2] = 77,
            [4] = 0x7FFF_FFFF,
            [5] = 1,
            [6] = long.MaxValue,
            [7] = 1,
            [12] = 1UL << 63,
            [24] = Rig.DataAddress,
        };
        if (text.Contains("sub v0,a1,a0", StringComparison.Ordinal))
        {
            rig[4] = 0xFFFF_FFFF_8000_0000;
        }
        rig.Run();
        epc = rig.Program[label];
        return rig;
    }
}

/// <summary>A user program at 0x10000, mapped one to one by a wired entry.</summary>
internal static class UserRig
{
    public const ulong Text = 0x10000;

    /// <summary>Runs the text in user mode; <paramref name="status"/> has the low byte of Status.</summary>
    public static Rig Running(string text, uint status = 0xF0, long cycles = 1000) => Ready(text, status).Run(cycles);

    public static Rig Ready(string text, uint status = 0xF0)
    {
        Rig rig = new(text);
        Map(rig, 0, Text, Text, 0x1F, 0);
        rig.Core.WriteCp0(12, 0, 0x2400_0000 | status);
        rig.Core.Pc = Text;
        return rig;
    }

    /// <summary>Maps a pair of 4 KB pages; flags as in EntryLo (C, D, V, G).</summary>
    public static void Map(Rig rig, int index, ulong address, ulong physical, ulong flags, byte asid)
    {
        MipsCore core = rig.Core;
        ulong oldHi = core.ReadCp0(10);
        core.WriteCp0(0, 0, (ulong)index);
        core.WriteCp0(5, 0, 0);
        core.WriteCp0(10, 0, (address & ~0x1FFFUL) | asid);
        core.WriteCp0(2, 0, (physical >> 6) | flags);
        core.WriteCp0(3, 0, ((physical + 0x1000) >> 6) | flags);
        core.TlbWrite(random: false);
        core.WriteCp0(10, 0, oldHi);
    }
}
