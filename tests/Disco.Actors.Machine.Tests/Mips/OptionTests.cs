using Disco.Actors.Core;
using Disco.Actors.Machine.Mips;
using Xunit;

namespace Disco.Actors.Machine.Tests.Mips;

/// <summary>What a core can be wired with beyond the board's CPU, and corners few programs visit.</summary>
public sealed class OptionTests
{
    private const uint Vectored = 0x20;
    private const ulong Device = 0x9F00_0000;

    /// <summary>Config3.VInt: a vector per line, the highest pending one first. [Vol III, 6.1.2, table 6.4]</summary>
    [Theory]
    [InlineData(0x04, 0x240)]
    [InlineData(0x24, 0x2A0)]
    [InlineData(0x80, 0x2E0)]
    public void Vectored_interrupt_goes_to_the_vector_of_its_line(uint lines, ulong vector)
    {
        CoreConfig config = new();
        Rig rig = new("nop", config with { Config3 = config.Config3 | Vectored });
        rig.Handler(vector, "here: b here\nnop");
        rig.Core.WriteCp0(12, 1, 0x20);
        rig.Core.WriteCp0(13, 0, 1 << 23);
        rig.Core.WriteCp0(12, 0, Rig.KernelStatus | 0xFF01);
        rig.Core.SetInterruptLines(lines);

        rig.Run(20);

        Assert.Equal(vector, rig.Core.Pc & 0xFF8);
        Assert.Equal(0u, (rig.Core.Cause >> 2) & 31);
    }

    /// <summary>Without Config3.VInt the spacing reads 0 and all lines share the special vector.</summary>
    [Fact]
    public void Spacing_of_vectors_cannot_be_set_without_the_option()
    {
        Rig rig = new("nop");
        rig.Core.WriteCp0(12, 1, 0x20);
        rig.Core.WriteCp0(13, 0, 1 << 23);
        rig.Core.WriteCp0(12, 0, Rig.KernelStatus | 0xFF01);
        rig.Core.SetInterruptLines(0x24);

        rig.Run(20);

        Assert.Equal(0UL, rig.Core.ReadCp0(12, 1) & 0x3E0);
        Assert.Equal(0x200UL, rig.Core.Pc & 0xFF8);
    }

    /// <summary>Config7.WII: an enabled line ends WAIT though IE is 0, and nothing is taken. [board spec 2.5]</summary>
    [Theory]
    [InlineData(0x8000_0000, true)]
    [InlineData(0, false)]
    public void Wait_ends_for_a_masked_interrupt_only_with_the_option(uint config7, bool wakes)
    {
        Rig rig = new("wait\nli s0,1", new CoreConfig { Config7 = config7 });
        rig.Core.WriteCp0(12, 0, Rig.KernelStatus | 0x0400);
        rig.Core.Run(new Cycle(0), 10);
        Assert.True(rig.Core.IsWaiting);

        rig.Core.SetInterruptLines(1 << 2);
        rig.Core.Run(new Cycle(10), 10);

        Assert.Equal(wakes, rig[16] == 1);
        Assert.Equal(0UL, rig.Core.Epc);
    }

    /// <summary>The same for the timer, whose cycle the core tells its owner.</summary>
    [Fact]
    public void Wait_ends_for_the_masked_timer_with_the_option()
    {
        Rig rig = new("wait\nli s0,1", new CoreConfig { Config7 = 0x8000_0000 });
        rig.Core.WriteCp0(11, 0, 500);
        rig.Core.WriteCp0(12, 0, Rig.KernelStatus | 0x8000);

        rig.Core.Run(new Cycle(0), 2000);

        Assert.Equal(1UL, rig[16]);
        Assert.Equal(999, rig.Core.WaitCycles);
    }

    /// <summary>The change to the processor that lets a kernel run in supervisor mode. [Disco 4.1]</summary>
    [Theory]
    [InlineData(0xFFFF_FFFF_8002_0000)]
    [InlineData(0xFFFF_FFFF_A002_0000)]
    [InlineData(0x9800_0000_0002_0000)]
    public void Supervisor_reaches_kernel_segments_through_the_tlb_with_the_option(ulong address)
    {
        Rig rig = Supervisor(address);
        rig.Run();
        Assert.Equal((2u, 0x80UL), ((rig.Core.Cause >> 2) & 31, rig.Core.Pc & 0x1F8));
        Assert.Equal(address, rig.Core.BadVAddr);

        rig = Supervisor(address);
        UserRig.Map(rig, 1, address, 0x30000, 0x1F, 0);
        rig.Memory.Span(0x30000, 4)[0] = 42;
        rig.Run();
        Assert.Equal(8u, (rig.Core.Cause >> 2) & 31);
        Assert.Equal(42UL, rig[2]);
    }

    /// <summary>PABITS of 40: frames and xkphys beyond 64 GB. [Vol III, 4.3, EntryLo]</summary>
    [Theory]
    [InlineData(40, 0xAB_0000_0000)]
    [InlineData(36, 0x0B_0000_0000)]
    public void Frame_has_as_many_bits_as_the_physical_address(int bits, ulong physical)
    {
        DevicePort? port = null;
        CoreConfig config = new() { PhysicalAddressBits = bits };
        Rig rig = new("lw v0,0(t8)\nlw v1,0(t9)\nsyscall", config, memory => port = new DevicePort(memory));
        UserRig.Map(rig, 0, 0x40_0000, 0xAB_0000_0000, 0x1F, 0);
        rig[24] = 0x40_0000;
        rig[25] = 0x9000_00AB_0000_0000;

        rig.Run();

        Assert.Equal(physical, port!.Accesses[0].Physical);
        Assert.Equal(bits == 40 ? 8u : 4u, (rig.Core.Cause >> 2) & 31);
        Assert.Equal(bits == 40 ? 2 : 1, port.Accesses.Count);
    }

    /// <summary>TLBINV: the entries of this address space that are not global. [Vol II, TLBINV]</summary>
    [Fact]
    public void Invalidation_of_an_address_space_spares_others_and_global_entries()
    {
        Rig rig = new("li t0,7\ndmtc0 t0,$10\ntlbinv");
        UserRig.Map(rig, 1, 0x10_0000, 0x20000, 0x1E, asid: 7);
        UserRig.Map(rig, 2, 0x20_0000, 0x20000, 0x1E, asid: 8);
        UserRig.Map(rig, 3, 0x30_0000, 0x20000, 0x1F, asid: 7);

        rig.Run();

        Assert.Equal((true, false, false), (rig.Core.Tlb[1].Hidden, rig.Core.Tlb[2].Hidden, rig.Core.Tlb[3].Hidden));
    }

    /// <summary>The slot cannot be fetched: EPC is the branch, BadVAddr the slot. [Vol III, 6.2, EPC and BD]</summary>
    [Fact]
    public void Fetch_fault_in_a_delay_slot_reports_the_branch()
    {
        // The branch is the last word that is mapped.
        Rig rig = UserRig.Running("b last\nnop\n.org 0x1ffc\nlast: b last");

        Assert.Equal(UserRig.Text + 0x1FFC, rig.Core.Epc);
        Assert.Equal(UserRig.Text + 0x2000, rig.Core.BadVAddr);
        Assert.Equal(1u, rig.Core.Cause >> 31);
        Assert.Equal(2u, (rig.Core.Cause >> 2) & 31);
        Assert.Equal(0x80UL, rig.Core.Pc & 0x1F8);
    }

    /// <summary>A register of a device has no parts: SWL and its family are bus errors and reach nothing.</summary>
    [Theory]
    [InlineData("swl v0,1(t8)")]
    [InlineData("swr v0,1(t8)")]
    [InlineData("sdl v0,1(t8)")]
    [InlineData("sdr v0,1(t8)")]
    public void Partial_store_to_a_device_is_a_bus_error(string store)
    {
        DevicePort? port = null;
        Rig rig = new($"here: {store}", port: memory => port = new DevicePort(memory));
        rig[24] = 0x9000_0000_0000_0000 + Device;

        rig.Run();

        Assert.Equal(7u, (rig.Core.Cause >> 2) & 31);
        Assert.Equal(rig.Program["here"], rig.Core.Epc);
        Assert.Empty(port!.Accesses);
    }

    /// <summary>
    /// A partial load reads the aligned register once and takes its part. What LWR leaves above the word is the
    /// processor's choice. [Vol II, LWL, LWR, LDL]
    /// </summary>
    [Theory]
    [InlineData("lwl v0,1(t8)", 4, ulong.MaxValue, 0xFFFF_FFFF_8788_BBAA)]
    [InlineData("lwr v0,1(t8)", 4, uint.MaxValue, 0x5585_8687)]
    [InlineData("ldl v0,1(t8)", 8, ulong.MaxValue, 0x8788_33AA_55AA_BBAA)]
    public void Partial_load_from_a_device_reads_its_register_once(string load, int bytes, ulong mask, ulong expected)
    {
        DevicePort? port = null;
        Rig rig = new(load, port: memory => port = new DevicePort(memory));
        rig[24] = 0x9000_0000_0000_0000 + Device;
        rig[2] = 0x1122_33AA_55AA_BBAA;

        rig.Run();

        Assert.Equal((Device, bytes), Assert.Single(port!.Accesses));
        Assert.Equal(expected, rig[2] & mask);
    }

    private static Rig Supervisor(ulong address)
    {
        Rig rig = new("lw v0,0(t8)\nsyscall", new CoreConfig { SupervisorMapsKernelSegments = true });
        UserRig.Map(rig, 0, UserRig.Text, UserRig.Text, 0x1F, 0);
        rig.Core.WriteCp0(12, 0, 0x2400_00E8);
        rig.Core.Pc = UserRig.Text;
        rig[24] = address;
        return rig;
    }

    /// <summary>A device everywhere above the memory; its registers read 8182838485868788, in as many bytes.</summary>
    private sealed unsafe class DevicePort(FlatMemory memory) : FlatMemoryPort(memory)
    {
        public List<(ulong Physical, int Bytes)> Accesses { get; } = [];

        public override PortStatus Device(
            ulong physical, Access access, int sizeBytes, ref ulong data, ref long stallCycles)
        {
            Accesses.Add((physical, sizeBytes));
            data = sizeBytes == 8 ? 0x8182_8384_8586_8788 : 0x8586_8788;
            return PortStatus.Ready;
        }

        protected override bool IsDevice(ulong physical) => true;
    }
}
