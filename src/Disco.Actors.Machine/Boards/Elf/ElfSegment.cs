namespace Disco.Actors.Machine.Boards;

/// <summary>
/// A PT_LOAD segment. <see cref="Bytes"/> go to <see cref="PhysicalAddress"/>; the rest up to
/// <see cref="MemoryBytes"/> is zero.
/// </summary>
public sealed record ElfSegment(
    int Index, ulong VirtualAddress, ulong PhysicalAddress, ReadOnlyMemory<byte> Bytes, ulong MemoryBytes,
    bool IsExecutable)
{
    /// <summary>First physical address behind the segment.</summary>
    public ulong PhysicalEnd => PhysicalAddress + MemoryBytes;

    // MIPS64 vol. III, table 4-1: the unmapped windows.
    private const ulong Kseg0 = 0xffff_ffff_8000_0000;
    private const ulong Kseg2 = 0xffff_ffff_c000_0000;
    private const ulong KsegMask = 0x1fff_ffff;
    private const ulong XkphysMask = (1UL << 59) - 1;

    /// <summary>Physical address of an unmapped virtual range (KSEG0, KSEG1, XKPHYS); false for a mapped one.</summary>
    public static bool TryPhysical(ulong virtualAddress, ulong bytes, out ulong physical)
    {
        var mask = virtualAddress >= Kseg0 && virtualAddress < Kseg2 ? KsegMask
            : virtualAddress >> 62 == 2 ? XkphysMask
            : 0;
        physical = virtualAddress & mask;
        return mask != 0 && bytes <= mask + 1 - physical;
    }
}
