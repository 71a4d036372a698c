using Disco.Actors.Machine.Mips;
using Disco.Actors.Machine.Mips.Isa;
using Xunit;

namespace Disco.Actors.Machine.Tests.Mips;

/// <summary>
/// Status.RE, an option of the core: a user program of the other byte order. [MIPS64 Vol III, 9.21; Vol II, the
/// pseudocode of loads, stores and instruction fetch] The program and its data are put into memory as a kernel would
/// from a file of that order: byte a of the program at physical byte a ^ 7.
/// </summary>
public sealed class ReverseEndianTests
{
    private const ulong Data = 0x1_1000;

    /// <summary>Every size, both halves of partial accesses, a branch and its slot, LL and SC: all as the other order's
    /// own machine has it.</summary>
    private const string Program = """
        ld    v0,0(t8)
        lw    v1,4(t8)
        lhu   a0,2(t8)
        lbu   a1,1(t8)
        lwl   a2,9(t8)
        lwr   a2,12(t8)
        ldl   a3,3(t8)
        ldr   a3,10(t8)
        sd    v0,16(t8)
        sw    v0,24(t8)
        sh    v0,30(t8)
        sb    v0,33(t8)
        swl   v0,41(t8)
        swr   v0,46(t8)
        sdl   v0,50(t8)
        sdr   v0,68(t8)
        li    t0,3
        loop: bgtz t0,loop
        addiu t0,t0,-1
        ll    s0,20(t8)
        addiu s0,s0,5
        sc    s0,20(t8)
        lwc1  $f2,8(t8)
        sdc1  $f2,72(t8)
        syscall
        """;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void User_program_of_the_other_order_runs_as_on_a_machine_of_that_order(bool bigEndianMachine)
    {
        Rig expected = Run(new CoreConfig { BigEndian = !bigEndianMachine }, reversed: false);
        Rig actual = Run(new CoreConfig { BigEndian = bigEndianMachine }, reversed: true);

        Assert.Equal(8u, (actual.Core.Cause >> 2) & 31);
        Assert.Equal(expected.Core.Epc, actual.Core.Epc);
        for (int register = 1; register < 26; register++)
        {
            Assert.True(
                expected[register] == actual[register],
                $"register {register}: {expected[register]:x} and {actual[register]:x}");
        }
        Assert.Equal(Visible(expected, 0), Visible(actual, 7));
    }

    /// <summary>Kernel mode keeps the configured order, and so does every mode of a core without the option.</summary>
    [Theory]
    [InlineData(true, 0xE0)]
    [InlineData(false, 0xF0)]
    public void Other_modes_and_cores_keep_their_order(bool hasOption, uint status)
    {
        Rig rig = new("lw v0,0(t8)\nsyscall", WithOption(new CoreConfig(), hasOption));
        UserRig.Map(rig, 0, UserRig.Text, UserRig.Text, 0x1F, 0);
        rig.Core.WriteCp0(12, 0, 0x2400_0000 | status | StatusBits.Re);
        rig.Core.Pc = UserRig.Text;
        rig.Memory.Span(Data, 4)[0] = 1;
        rig[24] = Data;

        rig.Run();

        Assert.Equal(hasOption, (rig.Core.Status & StatusBits.Re) != 0);
        Assert.Equal(1UL, rig[2]);
    }

    /// <summary>An instruction stored by the program is the one executed, though its word is elsewhere.</summary>
    [Fact]
    public void Stored_instruction_is_executed()
    {
        const string text = """
            jal   patched
            nop
            sw    a0,0(t8)
            jal   patched
            nop
            syscall
            .org  0x80
            patched: li v0,1
            jr    ra
            nop
            """;
        Rig rig = Start(text, WithOption(new CoreConfig(), true), reversed: true);
        rig[24] = UserRig.Text + 0x80;
        rig[4] = 0x2402_0002; // addiu v0,zero,2

        rig.Run();

        Assert.Equal(8u, (rig.Core.Cause >> 2) & 31);
        Assert.Equal(2UL, rig[2]);
    }

    private static Rig Run(CoreConfig config, bool reversed)
    {
        Rig rig = Start(Program, WithOption(config, reversed), reversed);
        for (int i = 0; i < 80; i++)
        {
            rig.Memory.Span(Data, 80)[i ^ (reversed ? 7 : 0)] = (byte)(0x80 + (i * 3));
        }
        rig[24] = Data;
        return rig.Run();
    }

    // The text as the program's own order has it, each byte where the machine's order finds it.
    private static Rig Start(string text, CoreConfig config, bool reversed)
    {
        Rig rig = new("nop", config);
        UserRig.Map(rig, 0, UserRig.Text, UserRig.Text, 0x1F, 0);
        byte[] bytes = Assembler.Assemble(text, UserRig.Text, config.BigEndian != reversed).Bytes;
        for (int i = 0; i < bytes.Length; i++)
        {
            rig.Memory.Span(UserRig.Text, 4096)[i ^ (reversed ? 7 : 0)] = bytes[i];
        }
        rig.Core.WriteCp0(12, 0, 0x2400_00F0 | (reversed ? StatusBits.Re : 0));
        rig.Core.Pc = UserRig.Text;
        return rig;
    }

    private static CoreConfig WithOption(CoreConfig config, bool hasOption) => config with
    {
        StatusWriteMask = config.StatusWriteMask | (hasOption ? StatusBits.Re : 0),
    };

    private static byte[] Visible(Rig rig, int reversal) =>
        [.. Enumerable.Range(0, 80).Select(i => rig.Memory.Span(Data, 80)[i ^ reversal])];
}
