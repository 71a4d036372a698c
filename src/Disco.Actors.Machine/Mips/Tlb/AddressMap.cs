namespace Disco.Actors.Machine.Mips;

public enum Mode : byte
{
    Kernel = 0,
    Supervisor = 1,
    User = 2,
}

/// <summary>What a segment does with an address.</summary>
public enum Segment : byte
{
    AddressError,
    Mapped,
    Unmapped,
}

/// <summary>The virtual address space. [MIPS64 Vol III, 4.3 to 4.7; board spec 2.2]</summary>
public static class AddressMap
{
    /// <summary>Where ckseg0 begins, and ckseg1 behind it.</summary>
    public const ulong Kseg0 = 0xFFFF_FFFF_8000_0000;

    public const ulong KsegBytes = 0x2000_0000;

    /// <summary>Length of both together: what the kernel always reaches without a TLB.</summary>
    public const ulong UnmappedBytes = 2 * KsegBytes;


    /// <param name="core">Widths of segments and physical addresses.</param>
    /// <param name="status">Status: the enable bits and ERL.</param>
    /// <param name="mode">The mode that makes the reference.</param>
    /// <param name="address">Virtual address.</param>
    /// <param name="physical">Set when the segment is Unmapped.</param>
    public static Segment Classify(CoreConfig core, uint status, Mode mode, ulong address, out ulong physical)
    {
        physical = address;
        ulong segmentBytes = 1UL << core.SegmentBits;
        if (address < 0x8000_0000)
        {
            // useg is unmapped and uncached while ERL is set. [Vol III, 4.7]
            return (status & StatusBits.Erl) != 0 ? Segment.Unmapped : Segment.Mapped;
        }
        if (address >= Kseg0)
        {
            return Compatible(core, mode, address, out physical);
        }
        switch (address >> 62)
        {
            case 0:
                return (status & StatusBits.Ux) != 0 && address < segmentBytes ? Segment.Mapped : Segment.AddressError;
            case 1:
                return mode != Mode.User && (status & StatusBits.Sx) != 0
                    && (address & 0x3FFF_FFFF_FFFF_FFFF) < segmentBytes
                    ? Segment.Mapped : Segment.AddressError;
            case 2:
                return KernelPhysical(core, status, mode, address, out physical);
            default:
                return KernelOnly(core, mode) && (status & StatusBits.Kx) != 0
                    && address < 0xC000_0000_0000_0000 + segmentBytes - 0x8000_0000
                    ? Segment.Mapped : Segment.AddressError;
        }
    }

    /// <summary>Whether a refill for this address uses the 64-bit vector. [Vol III, 4.9.3]</summary>
    public static bool UsesWideRefill(uint status, ulong address) => (address >> 62) switch
    {
        0 => (status & StatusBits.Ux) != 0,
        1 => (status & StatusBits.Sx) != 0,
        _ => (status & StatusBits.Kx) != 0,
    };

    // ckseg0, ckseg1, cksseg, ckseg3.
    private static Segment Compatible(CoreConfig core, Mode mode, ulong address, out ulong physical)
    {
        physical = address & (KsegBytes - 1);
        uint segment = (uint)address >> 29;
        if (segment == 6)
        {
            return mode != Mode.User ? Segment.Mapped : Segment.AddressError;
        }
        if (mode == Mode.Kernel)
        {
            return segment < 6 ? Segment.Unmapped : Segment.Mapped;
        }
        return KernelOnly(core, mode) ? Segment.Mapped : Segment.AddressError;
    }

    // Bits 61:59 are a cache attribute, which caches that are always coherent ignore; 58 down to the physical
    // address must be 0.
    private static Segment KernelPhysical(
        CoreConfig core, uint status, Mode mode, ulong address, out ulong physical)
    {
        physical = address & 0x07FF_FFFF_FFFF_FFFF;
        if ((status & StatusBits.Kx) == 0 || physical >> core.PhysicalAddressBits != 0)
        {
            return Segment.AddressError;
        }
        return mode == Mode.Kernel ? Segment.Unmapped
            : KernelOnly(core, mode) ? Segment.Mapped : Segment.AddressError;
    }

    private static bool KernelOnly(CoreConfig core, Mode mode) =>
        mode == Mode.Kernel || (mode == Mode.Supervisor && core.SupervisorMapsKernelSegments);
}
