using Disco.Actors.Machine.Mips;
using Xunit;

namespace Disco.Actors.Machine.Tests.Mips;

/// <summary>Translation, its exceptions and the registers they write. [MIPS64 Vol III, 4.9; board spec 2.5]</summary>
[Trait("level", "basic")]
public sealed class TlbTests
{
    private const ulong Valid = 0x1E;
    private const ulong Global = 1;
    private const ulong Dirty = 4;
    private const ulong Address = 0x12_3456_7000;

    /// <summary>No entry: the refill vector for 64-bit addresses, and what a handler needs. [Vol III, 6.2.9]</summary>
    [Theory]
    [InlineData("ld v0,0(t8)", 2)]
    [InlineData("sd v0,0(t8)", 3)]
    public void Miss_goes_to_the_refill_vector(string access, int code)
    {
        Rig rig = new($"dli t8,{Address}\nhere: {access}");
        rig.Core.WriteCp0(4, 0, 0xFFFF_FFFF_FF80_0000);
        rig.Core.WriteCp0(20, 0, 0xFFFF_FFFE_0000_0000);

        rig.Run();

        MipsCore core = rig.Core;
        Assert.Equal(0xFFFF_FFFF_8000_0080, core.Pc & ~7UL);
        Assert.Equal((uint)code, (core.Cause >> 2) & 31);
        Assert.Equal(rig.Program["here"], core.Epc);
        Assert.Equal(Address, core.BadVAddr);
        Assert.Equal(0xFFFF_FFFF_FF80_0000 | (Address >> 13 << 4 & 0x7FFFF0), core.ReadCp0(4));
        Assert.Equal(0xFFFF_FFFE_0000_0000 | (Address >> 13 << 4 & 0x7FFF_FFF0), core.ReadCp0(20));
        Assert.Equal(Address & ~0x1FFFUL, core.ReadCp0(10));
    }

    /// <summary>Without 64-bit addresses the vector is at 0; a matching invalid entry goes to 0x180.</summary>
    [Fact]
    public void Vector_depends_on_address_width_and_on_a_match()
    {
        Rig narrow = new("li t8,0x1000\nlw v0,0(t8)");
        narrow.Core.WriteCp0(12, 0, 0x3400_0000);
        narrow.Run();
        Assert.Equal(0xFFFF_FFFF_8000_0000, narrow.Core.Pc & ~7UL);

        Rig invalid = new("li t8,0x2000\nlw v0,0(t8)");
        UserRig.Map(invalid, 3, 0x2000, 0x20000, 0, 0);
        invalid.Run();
        Assert.Equal(0xFFFF_FFFF_8000_0180, invalid.Core.Pc & ~7UL);
        Assert.Equal(2u, (invalid.Core.Cause >> 2) & 31);
    }

    /// <summary>A miss while EXL is set goes to 0x180 and keeps EPC. [Vol III, 6.2.9]</summary>
    [Fact]
    public void Miss_in_a_handler_goes_to_the_general_vector()
    {
        Rig rig = new("here: syscall");
        rig.Handler(0x180, "bnez s0,end\nli s0,1\nlw v0,0(zero)\nend: b end\nnop");

        rig.Run();

        Assert.Equal(rig.Program["here"], rig.Core.Epc);
        Assert.Equal(2u, (rig.Core.Cause >> 2) & 31);
    }

    /// <summary>Store without D: TLB Modified. [Vol III, 6.2.11]</summary>
    [Fact]
    public void Store_to_a_clean_page_is_modified()
    {
        Rig rig = new($"dli t8,{Address}\nld v0,0(t8)\nhere: sd v0,0(t8)");
        UserRig.Map(rig, 5, Address, 0x20000, 0x1A, 0);

        rig.Run();

        Assert.Equal(1u, (rig.Core.Cause >> 2) & 31);
        Assert.Equal(rig.Program["here"], rig.Core.Epc);
        Assert.Equal(Address, rig.Core.BadVAddr);
    }

    /// <summary>RI and XI, with codes of their own only when PageGrain.IEC is set. [board spec 2.5]</summary>
    [Theory]
    [InlineData(0xC000_0000UL, 2)]
    [InlineData(0xC800_0000UL, 19)]
    public void Read_inhibited_page_is_not_read(ulong pageGrain, int code)
    {
        Rig rig = new($"dli t8,{Address}\nsd v0,0(t8)\nhere: ld v0,0(t8)");
        rig.Core.WriteCp0(5, 1, pageGrain);
        UserRig.Map(rig, 5, Address, 0x20000, Valid | (1UL << 63), 0);

        rig.Run();

        Assert.Equal((uint)code, (rig.Core.Cause >> 2) & 31);
        Assert.Equal(rig.Program["here"], rig.Core.Epc);
    }

    [Theory]
    [InlineData(0x4000_0000UL, 2)]
    [InlineData(0x4800_0000UL, 20)]
    public void Execute_inhibited_page_is_not_executed(ulong pageGrain, int code)
    {
        Rig rig = new($"dli t8,{Address}\njr t8\nnop");
        rig.Core.WriteCp0(5, 1, pageGrain);
        UserRig.Map(rig, 5, Address, 0x20000, Valid | (1UL << 62), 0);

        rig.Run();

        Assert.Equal((uint)code, (rig.Core.Cause >> 2) & 31);
        Assert.Equal(Address, rig.Core.Epc);
    }

    /// <summary>Even and odd page, both reached through one entry; the entry is replaced and obeyed at once.</summary>
    [Fact]
    public void Replaced_entry_is_obeyed_at_once()
    {
        Rig rig = new($"""
            dli   t8,{Address}
            ld    v0,0(t8)
            li    t0,0x{(0x24000 >> 6) | 0x1F:x}
            dmtc0 t0,$2
            li    t0,0x{(0x25000 >> 6) | 0x1F:x}
            dmtc0 t0,$3
            dli   t0,{Address & ~0x1FFFUL}
            dmtc0 t0,$10
            li    t0,5
            mtc0  t0,$0
            tlbwi
            ld    v1,0(t8)
            """);
        UserRig.Map(rig, 5, Address, 0x22000, Valid | Global, 0);
        rig.Memory.Span(0x23000, 8)[0] = 7;
        rig.Memory.Span(0x25000, 8)[0] = 9;

        rig.Run();

        Assert.Equal((7UL, 9UL), (rig[2], rig[3]));
    }

    /// <summary>ASIDs tell address spaces apart, G joins them. [Vol III, 4.9.2]</summary>
    [Fact]
    public void Address_spaces_are_told_apart_by_asid()
    {
        Rig rig = new("""
            li    t8,0x4000
            li    t9,0x8000
            ld    v0,0(t8)
            ld    s0,0(t9)
            li    t0,2
            dmtc0 t0,$10
            ld    v1,0(t8)
            ld    s1,0(t9)
            """);
        UserRig.Map(rig, 1, 0x4000, 0x20000, Valid, 1);
        UserRig.Map(rig, 2, 0x4000, 0x22000, Valid, 2);
        UserRig.Map(rig, 3, 0x8000, 0x24000, Valid | Global, 9);
        rig.Core.WriteCp0(10, 0, 1);
        rig.Memory.Span(0x20000, 8)[0] = 5;
        rig.Memory.Span(0x22000, 8)[0] = 6;
        rig.Memory.Span(0x24000, 8)[0] = 8;

        rig.Run();

        Assert.Equal((5UL, 6UL, 8UL, 8UL), (rig[2], rig[3], rig[16], rig[17]));
    }

    /// <summary>Page masks from 4 KB to 256 MB. [Vol III, 9.9]</summary>
    [Theory]
    [InlineData(0x0000_0000u, 0x1000)]
    [InlineData(0x0000_6000u, 0x4000)]
    [InlineData(0x0001_E000u, 0x10000)]
    [InlineData(0x001F_E000u, 0x100000)]
    [InlineData(0x1FFF_E000u, 0x10000000)]
    public void Page_mask_sets_the_size_of_a_page(uint mask, int pageBytes)
    {
        ulong page = (ulong)pageBytes;
        Rig rig = new($"dli t8,{page * 2 * 3}\nld v0,0x18(t8)\ndli t8,{(page * 2 * 3) + page}\nld v1,0x10(t8)");
        MipsCore core = rig.Core;
        core.WriteCp0(5, 0, mask);
        core.WriteCp0(10, 0, page * 2 * 3);
        core.WriteCp0(2, 0, Valid | Global);
        core.WriteCp0(3, 0, Valid | Global);
        core.TlbWrite(random: false);
        rig.Memory.Span(0x18, 8)[0] = 21;
        rig.Memory.Span(0x10, 8)[0] = 22;

        rig.Run();

        Assert.Equal(mask, (uint)core.ReadCp0(5));
        Assert.Equal((21UL, 22UL), (rig[2], rig[3]));
    }

    /// <summary>TLBP finds or sets P; TLBR reads back; EHINV hides; TLBINVF empties. [Vol II; board spec 2.5]</summary>
    [Fact]
    public void Probe_read_and_invalidate_agree()
    {
        Rig rig = new($"""
            dli   t0,{Address & ~0x1FFFUL}
            dmtc0 t0,$10
            tlbp
            mfc0  v0,$0
            dmtc0 zero,$10
            tlbr
            dmfc0 v1,$10
            dmfc0 s0,$2
            dli   t1,0x9000
            dmtc0 t1,$10
            tlbp
            mfc0  s1,$0
            mtc0  zero,$0
            tlbinvf
            dmtc0 t0,$10
            tlbp
            mfc0  s2,$0
            li    t1,9
            mtc0  t1,$0
            tlbr
            dmfc0 s3,$10
            """);
        UserRig.Map(rig, 9, Address, 0x20000, Valid | Global, 0);

        rig.Run();

        Assert.Equal(9UL, rig[2]);
        Assert.Equal(Address & ~0x1FFFUL, rig[3]);
        Assert.Equal((0x20000UL >> 6) | Valid | Global, rig[16]);
        Assert.Equal(0xFFFF_FFFF_8000_0009, rig[17]);
        Assert.Equal(1UL, rig[18] >> 63);
        Assert.Equal(0x400UL, rig[19] & 0x400);
    }

    /// <summary>TLBWR never touches wired entries and its choices are part of the state. [Vol III, 9.10]</summary>
    [Fact]
    public void Random_replacement_spares_wired_entries()
    {
        Rig rig = new("""
            li    t0,60
            mtc0  t0,$6
            li    t1,200
            dli   t3,0x100000
            loop: dmtc0 t3,$10
            tlbwr
            daddiu t3,t3,0x2000
            addiu t1,t1,-1
            bnez  t1,loop
            nop
            """);

        rig.Run(3000);

        for (int i = 0; i < 60; i++)
        {
            Assert.True(rig.Core.Tlb[i].Hidden);
        }
        for (int i = 60; i < 64; i++)
        {
            Assert.False(rig.Core.Tlb[i].Hidden);
        }
    }

    /// <summary>The segments of each mode. [board spec 2.2]</summary>
    [Theory]
    [InlineData(Mode.Kernel, 0xFFFF_FFFF_8002_0000, "ok")]
    [InlineData(Mode.Kernel, 0xFFFF_FFFF_A002_0000, "ok")]
    [InlineData(Mode.Kernel, 0xA800_0000_0002_0000, "ok")]
    [InlineData(Mode.Kernel, 0x9000_0000_0002_0000, "ok")]
    [InlineData(Mode.Kernel, 0x9800_0010_0000_0000, "address")]
    [InlineData(Mode.Kernel, 0x0000_00FF_FFFF_F000, "refill")]
    [InlineData(Mode.Kernel, 0x0000_0100_0000_0000, "address")]
    [InlineData(Mode.Kernel, 0x4000_0000_0000_0000, "refill")]
    [InlineData(Mode.Kernel, 0xC000_0000_0000_0000, "refill")]
    [InlineData(Mode.Kernel, 0xC000_00FF_7FFF_F000, "refill")]
    [InlineData(Mode.Kernel, 0xC000_00FF_8000_0000, "address")]
    [InlineData(Mode.Kernel, 0xFFFF_FFFF_C000_0000, "refill")]
    [InlineData(Mode.Kernel, 0xFFFF_FFFF_E000_0000, "refill")]
    [InlineData(Mode.Kernel, 0xFFFF_FFFF_7FFF_F000, "address")]
    [InlineData(Mode.Supervisor, 0x0000_0000_7FFF_F000, "refill")]
    [InlineData(Mode.Supervisor, 0x4000_0000_0000_0000, "refill")]
    [InlineData(Mode.Supervisor, 0xFFFF_FFFF_C000_0000, "refill")]
    [InlineData(Mode.Supervisor, 0xFFFF_FFFF_E000_0000, "address")]
    [InlineData(Mode.Supervisor, 0xFFFF_FFFF_8002_0000, "address")]
    [InlineData(Mode.Supervisor, 0xA800_0000_0002_0000, "address")]
    [InlineData(Mode.User, 0x0000_00FF_FFFF_F000, "refill")]
    [InlineData(Mode.User, 0x0000_0100_0000_0000, "address")]
    [InlineData(Mode.User, 0x4000_0000_0000_0000, "address")]
    [InlineData(Mode.User, 0xFFFF_FFFF_8002_0000, "address")]
    [InlineData(Mode.User, 0xFFFF_FFFF_C000_0000, "address")]
    [InlineData(Mode.User, 0xC000_0000_0000_0000, "address")]
    public void Segment_decides_by_mode(Mode mode, ulong address, string outcome)
    {
        Rig rig = UserRig.Ready("lw v0,0(t8)\nsyscall", 0xE0u | ((uint)mode << 3));
        rig[24] = address;

        rig.Run();

        uint code = (rig.Core.Cause >> 2) & 31;
        Assert.Equal(outcome switch { "ok" => 8u, "refill" => 2u, _ => 4u }, code);
        Assert.Equal(outcome == "refill" ? 0x80UL : 0x180, rig.Core.Pc & 0x1F8);
    }

    /// <summary>While ERL is set, useg is unmapped. [Vol III, 4.7]</summary>
    [Fact]
    public void User_segment_is_unmapped_at_the_error_level()
    {
        Rig rig = new("li t8,0x20000\nlw v0,0(t8)");
        rig.Core.WriteCp0(12, 0, Rig.KernelStatus | 4);
        rig.Memory.Span(0x20000, 4)[0] = 3;

        rig.Run();

        Assert.Equal(3UL, rig[2]);
    }

    /// <summary>EntryHi keeps R, VPN2 up to bit 39, EHINV, ASID: how software finds SEGBITS. [board spec 2.3]</summary>
    [Fact]
    public void Entry_high_reads_zero_above_the_segment()
    {
        Rig rig = new("dli t0,0x3fffffffffffe000\ndmtc0 t0,$10\ndmfc0 v0,$10");

        rig.Run();

        Assert.Equal(0x0000_00FF_FFFF_E000UL, rig[2]);
        Assert.Equal(Dirty, Valid & Dirty);
    }
}
