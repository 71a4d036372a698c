using Disco.Actors.Core;
using Disco.Actors.Machine.Mips;
using Disco.Actors.Machine.Mips.Isa;
using Xunit;

namespace Disco.Actors.Machine.Tests.Mips;

/// <summary>Timer, interrupts, WAIT, links, self-modifying code, RDHWR, the trap monitor.</summary>
[Trait("level", "basic")]
public sealed class SystemTests
{
    private const ulong Interrupts = 0x3400_80E1;

    /// <summary>Count runs at half the clock; MTC0 Count is ignored. [board spec 2.6]</summary>
    [Fact]
    public void Count_is_half_the_cycles_and_cannot_be_set()
    {
        Rig rig = new("nop\nnop\nli t0,99\nmtc0 t0,$9\nmfc0 v0,$9\nnop\nmfc0 v1,$9");

        rig.Run();

        Assert.Equal((2UL, 3UL), (rig[2], rig[3]));
    }

    /// <summary>TI comes when Count reaches Compare, not when Compare is in the past. [board spec 2.6]</summary>
    [Fact]
    public void Timer_fires_when_count_reaches_compare()
    {
        Rig rig = new("mfc0 t0,$9\nmtc0 t0,$11\nmfc0 v0,$13\nli t0,10\nmtc0 t0,$11\nmfc0 v1,$13\n"
            + "loop: mfc0 t1,$13\nsrl t1,t1,30\nbeqz t1,loop\nmfc0 s0,$9\nmfc0 s1,$13\nmtc0 t0,$11\nmfc0 s2,$13");

        rig.Run();

        Assert.Equal(0UL, rig[2] & (1 << 30));
        Assert.Equal(0UL, rig[3] & (1 << 30));
        Assert.InRange(rig[16], 10UL, 13UL);
        Assert.Equal(0x4000_8000UL, rig[17] & 0x4000_8000);
        Assert.Equal(0UL, rig[18] & 0x4000_8000);
    }

    /// <summary>The timer interrupt comes at the exact cycle, at 0x200 with Cause.IV. [Vol III, 6.1]</summary>
    [Theory]
    [InlineData(false, 0x180)]
    [InlineData(true, 0x200)]
    public void Timer_interrupt_is_exact(bool special, int vector)
    {
        Rig rig = new("loop: daddiu s0,s0,1\nb loop\nnop");
        rig.Core.WriteCp0(13, 0, special ? 1UL << 23 : 0);
        rig.Core.WriteCp0(11, 0, 50);
        rig.Core.WriteCp0(12, 0, Interrupts);

        rig.Core.Run(new Cycle(0), 100);
        Assert.Equal(34UL, rig[16]);
        rig.Core.Run(new Cycle(100), 1);

        Assert.Equal(0xFFFF_FFFF_8000_0000 + (ulong)vector, rig.Core.Pc & ~7UL);
        Assert.Equal(0u, (rig.Core.Cause >> 2) & 31);
        Assert.Equal(34UL, rig[16]);
    }

    /// <summary>Lines are levels; masked ones wait. [Vol III, 6.1]</summary>
    [Fact]
    public void Line_interrupts_when_unmasked()
    {
        Rig rig = new("mfc0 v0,$13\nli t0,0x0401\nmfc0 t1,$12\nor t0,t0,t1\nmtc0 t0,$12\nhere: nop");
        rig.Core.SetInterruptLines(1 << 2);

        rig.Run();

        Assert.Equal(0x400UL, rig[2]);
        Assert.Equal(rig.Program["here"], rig.Core.Epc);
        Assert.Equal(0xFFFF_FFFF_8000_0180, rig.Core.Pc & ~7UL);
    }

    /// <summary>EI and DI return the old Status. [Vol II, EI]</summary>
    [Fact]
    public void Enable_and_disable_return_the_old_status()
    {
        Rig rig = new("ei v0\nmfc0 s0,$12\ndi v1\nmfc0 s1,$12");

        rig.Run();

        Assert.Equal((0UL, 1UL, 1UL, 0UL), (rig[2] & 1, rig[16] & 1, rig[3] & 1, rig[17] & 1));
    }

    /// <summary>An interrupt that ends WAIT reports the address behind it. [board spec 2.5]</summary>
    [Fact]
    public void Wait_sleeps_until_the_timer_and_reports_the_address_behind_it()
    {
        Rig rig = new("here: wait\nnop");
        rig.Core.WriteCp0(11, 0, 500);
        rig.Core.WriteCp0(12, 0, Interrupts);

        long used = rig.Core.Run(new Cycle(0), 100);
        Assert.Equal(1, used);
        Assert.Equal(RunStop.Waiting, rig.Core.Stop);
        Assert.Equal(1000, rig.Core.WakeCycle);
        rig.Core.Run(new Cycle(1000), 1);

        Assert.Equal(rig.Program["here"] + 4, rig.Core.Epc);
        Assert.Equal(999, rig.Core.WaitCycles);
    }

    /// <summary>A line ends WAIT; with none, the core stays asleep.</summary>
    [Fact]
    public void Wait_ends_with_an_enabled_line()
    {
        Rig rig = new("here: wait\nnop");
        rig.Core.WriteCp0(12, 0, 0x3400_04E1);
        rig.Core.Run(new Cycle(0), 100);
        rig.Core.Run(new Cycle(100), 100);
        Assert.True(rig.Core.IsWaiting);

        rig.Core.SetInterruptLines(1 << 2);
        rig.Core.Run(new Cycle(200), 10);

        Assert.False(rig.Core.IsWaiting);
        Assert.Equal(rig.Program["here"] + 4, rig.Core.Epc);
    }

    /// <summary>LL and SC without interference; ERET in between breaks the link. [Vol II, SC]</summary>
    [Theory]
    [InlineData("ll v0,0(t8)", "sc v1,0(t8)", "", 1)]
    [InlineData("lld v0,0(t8)", "scd v1,0(t8)", "", 1)]
    [InlineData("ll v0,0(t8)", "sc v1,0(t8)", "syscall", 0)]
    [InlineData("ll v0,0(t8)", "sc v1,0(t8)", "li t1,9\nsw t1,0(t8)", 0)]
    [InlineData("nop", "sc v1,0(t8)", "", 0)]
    public void Store_conditional_succeeds_while_the_link_holds(string load, string store, string between, int success)
    {
        Rig rig = new($"dli t8,{Rig.DataAddress}\n{load}\n{between}\nli v1,5\n{store}\nld s0,0(t8)");
        rig.Handler(0x180, "dmfc0 k0,$14\ndaddiu k0,k0,4\ndmtc0 k0,$14\neret");

        rig.Run();

        Assert.Equal((ulong)success, rig[3]);
        Assert.Equal(success != 0 ? 5UL : between.Contains("sw", StringComparison.Ordinal) ? 9UL : 0, rig[16]);
    }

    /// <summary>A store over code that ran is executed as stored, also in the next instruction.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Stored_instruction_is_executed(bool bigEndian)
    {
        uint patch = BitConverter.ToUInt32(Assembler.Assemble("li v0,2").Bytes);
        Rig rig = new($"""
            la    t8,there
            li    t0,{patch}
            li    s0,2
            again: beqz s1,there
            nop
            sw    t0,0(t8)
            there: li v0,1
            daddu v1,v1,v0
            li    s1,1
            addiu s0,s0,-1
            bnez  s0,again
            nop
            """, new() { BigEndian = bigEndian });

        rig.Run();

        Assert.Equal(3UL, rig[3]);
    }

    /// <summary>A branch's delay slot is stored over.</summary>
    [Fact]
    public void Stored_delay_slot_is_executed()
    {
        uint patch = BitConverter.ToUInt32(Assembler.Assemble("daddiu v0,v0,100").Bytes);
        Rig rig = new($"""
            la    t8,slot
            li    t0,{patch}
            li    s0,2
            again: bnez s0,next
            slot: daddiu v0,v0,1
            next: sw t0,0(t8)
            addiu s0,s0,-1
            bnez  s0,again
            nop
            """);

        rig.Run();

        Assert.Equal(101UL, rig[2]);
    }

    /// <summary>Another core on the same memory executes what this one stored.</summary>
    [Fact]
    public void Code_stored_by_another_core_is_executed()
    {
        uint patch = BitConverter.ToUInt32(Assembler.Assemble("li v0,2").Bytes);
        Rig rig = new($"there: li v0,1\nb there\nnop\nother: la t8,there\nli t0,{patch}\nsw t0,0(t8)");
        FlatMemoryPort port = new(rig.Memory);
        MipsCore other = new(rig.Core.Config with { CpuNumber = 1, ResetPc = rig.Program["other"] }, port);
        port.Attach(other);
        other.WriteCp0(12, 0, Rig.KernelStatus);
        rig.Run(100);
        Assert.Equal(1UL, rig[2]);

        other.Run(new Cycle(0), 100);
        rig.Run(100);

        Assert.Equal(2UL, rig[2]);
    }

    /// <summary>RDHWR in user mode by HWREna; UserLocal. [Vol II, RDHWR]</summary>
    [Fact]
    public void Hardware_registers_are_read_where_enabled()
    {
        Rig allowed = UserRig.Ready("rdhwr v0,$29\nrdhwr v1,$1\nsyscall");
        allowed.Core.WriteCp0(7, 0, 0x2000_000F);
        allowed.Core.WriteCp0(4, 2, 0x1234_5678_9ABC);
        allowed.Run();
        Assert.Equal((0x1234_5678_9ABCUL, 64UL), (allowed[2], allowed[3]));

        Rig refused = UserRig.Running("rdhwr v0,$29");
        Assert.Equal(10u, (refused.Core.Cause >> 2) & 31);
    }

    /// <summary>The CP0 registers of the board's table: reset values and what sticks. [board spec 2.3]</summary>
    [Theory]
    [InlineData(16, 0, 0xFFFF_FFFF_8000_4485, ulong.MaxValue, 0xFFFF_FFFF_8000_4487)]
    [InlineData(16, 1, 0xFFFF_FFFF_FE28_1401, 0UL, 0xFFFF_FFFF_FE28_1401)]
    [InlineData(16, 2, 0xFFFF_FFFF_8000_0000, 0UL, 0xFFFF_FFFF_8000_0000)]
    [InlineData(16, 3, 0xFFFF_FFFF_A000_3000, 0UL, 0xFFFF_FFFF_A000_3000)]
    [InlineData(16, 4, 0x40FC_0000UL, 0UL, 0x40FC_0000UL)]
    [InlineData(15, 0, 0x0001_0000UL, 0UL, 0x0001_0000UL)]
    [InlineData(15, 1, 0xFFFF_FFFF_8000_0000, ulong.MaxValue, 0xFFFF_FFFF_BFFF_F000)]
    [InlineData(15, 3, 0x0E00_0000UL, 0UL, 0x0E00_0000UL)]
    [InlineData(4, 0, 0UL, ulong.MaxValue, 0xFFFF_FFFF_FF80_0000)]
    [InlineData(20, 0, 0UL, ulong.MaxValue, 0xFFFF_FFFE_0000_0000)]
    [InlineData(4, 2, 0UL, ulong.MaxValue, ulong.MaxValue)]
    [InlineData(31, 2, 0UL, ulong.MaxValue, ulong.MaxValue)]
    [InlineData(31, 7, 0UL, ulong.MaxValue, ulong.MaxValue)]
    [InlineData(14, 0, 0UL, ulong.MaxValue, ulong.MaxValue)]
    [InlineData(30, 0, 0UL, ulong.MaxValue, ulong.MaxValue)]
    [InlineData(5, 0, 0UL, ulong.MaxValue, 0x1FFF_E000UL)]
    [InlineData(5, 1, 0UL, ulong.MaxValue, 0xC800_0000UL)]
    [InlineData(6, 0, 0UL, ulong.MaxValue, 63UL)]
    [InlineData(7, 0, 0UL, 0x2000_000FUL, 0x2000_000FUL)]
    [InlineData(2, 0, 0UL, ulong.MaxValue, 0x3FFF_FFFFUL)]
    [InlineData(13, 0, 0UL, ulong.MaxValue, 0x0080_0300UL)]
    [InlineData(26, 0, 0UL, ulong.MaxValue, 0UL)]
    [InlineData(8, 0, 0UL, ulong.MaxValue, 0UL)]
    public void Register_keeps_the_bits_that_software_owns(
        int number, int select, ulong reset, ulong written, ulong kept)
    {
        Rig rig = new("nop");

        Assert.Equal(reset, rig.Core.ReadCp0(number, select));
        rig.Core.WriteCp0(number, select, written);

        Assert.Equal(kept, rig.Core.ReadCp0(number, select));
    }

    /// <summary>A monitor sees the trap of a user program before the processor takes it. [Disco 4.1]</summary>
    [Fact]
    public void Monitor_takes_a_trap_in_place_of_the_processor()
    {
        Rig rig = UserRig.Ready("li v0,1\nsyscall\nli v1,2\nhere: b here\nnop");
        SkippingMonitor monitor = new();
        rig.Core.Monitor = monitor;

        rig.Run();

        Assert.Equal(ExceptionCode.Syscall, monitor.Seen[0].Code);
        Assert.Equal(UserRig.Text + 4, monitor.Seen[0].Pc);
        Assert.Equal(0x0000_000Cu, monitor.Seen[0].Word);
        Assert.Equal((1UL, 2UL), (rig[2], rig[3]));
        Assert.Equal(Mode.User, rig.Core.Mode);
        Assert.Equal(30, rig.Core.StallCycles);
    }

    private sealed class SkippingMonitor : ITrapMonitor
    {
        public List<GuestTrap> Seen { get; } = [];

        public TrapOutcome OnTrap(MipsCore core, in GuestTrap trap, ref long stallCycles)
        {
            Seen.Add(trap);
            core.Pc = trap.Pc + 4;
            stallCycles += 30;
            return TrapOutcome.Resume;
        }
    }
}
