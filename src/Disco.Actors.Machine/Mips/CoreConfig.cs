namespace Disco.Actors.Machine.Mips;

/// <summary>
/// What is wired into a core. The defaults are the board specification's CPU (sections 2.3 and 2.4): a MIPS64
/// Release 2 processor with a 64-entry TLB, 40-bit segments and a 64-bit FPU with legacy NaNs.
/// </summary>
public sealed record CoreConfig
{
    /// <summary>EBase.CPUNum and RDHWR $0.</summary>
    public int CpuNumber { get; init; }

    /// <summary>Virtual address of the first instruction after reset.</summary>
    public ulong ResetPc { get; init; } = 0xFFFF_FFFF_BFC0_0000;

    public bool BigEndian { get; init; }

    public bool HasFpu { get; init; } = true;

    /// <summary>Physical address bits, 36..40.</summary>
    public int PhysicalAddressBits { get; init; } = 36;

    /// <summary>Bits of a 64-bit segment.</summary>
    public int SegmentBits { get; init; } = 40;

    public int TlbEntries { get; init; } = 64;

    /// <summary>Cycles per increment of Count.</summary>
    public int CountDividerCycles { get; init; } = 2;

    /// <summary>Seed of the choice that TLBWR makes; part of the saved state from then on.</summary>
    public ulong RandomSeed { get; init; } = 1;

    /// <summary>
    /// About how often execution arrives at an instruction by a branch before what follows is translated to code of the
    /// host; 0 translates everything at once, for tests, null nothing. No effect but speed.
    /// </summary>
    public int? TranslateAfter { get; init; }

    public uint ProcessorId { get; init; } = 0x0001_0000;

    public uint Status { get; init; } = 0x0040_0004;

    /// <summary>The bits of Status that software can write.</summary>
    public uint StatusWriteMask { get; init; } = 0x34D8_FFFF;

    public uint Config { get; init; } = 0x8000_4485;

    public uint Config1 { get; init; } = 0xFE28_1401;

    public uint Config2 { get; init; } = 0x8000_0000;

    public uint Config3 { get; init; } = 0xA000_3000;

    public uint Config4 { get; init; } = 0x40FC_0000;

    public uint Config7 { get; init; }

    public uint FpuImplementation { get; init; } = 0x0073_0000;

    /// <summary>CMGCRBase: physical address of the coherence manager's registers, shifted right by 4.</summary>
    public ulong CoherenceManagerBase { get; init; } = 0x0E00_0000;

    /// <summary>
    /// Supervisor references to the kernel's unmapped segments go through the TLB instead of being address errors:
    /// the change to the processor that lets an unmodified kernel run in supervisor mode under the monitor.
    /// [Disco 4.1]
    /// </summary>
    public bool SupervisorMapsKernelSegments { get; init; }
}
