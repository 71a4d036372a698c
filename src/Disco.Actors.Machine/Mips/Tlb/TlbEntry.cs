namespace Disco.Actors.Machine.Mips;

/// <summary>
/// One entry of the joint TLB: an even and an odd page behind one tag. [MIPS64 Vol III, 4.9; board spec 2.5]
/// </summary>
public struct TlbEntry
{
    /// <summary>R and VPN2 as in EntryHi, low bits that the page mask covers zero.</summary>
    public ulong Tag;

    /// <summary>PageMask as written.</summary>
    public uint PageMask;

    public byte Asid;

    public bool Global;

    /// <summary>EHINV: the entry never matches.</summary>
    public bool Hidden;

    /// <summary>The two pages as in EntryLo0 and EntryLo1, without G.</summary>
    public ulong Even;
    public ulong Odd;

    /// <summary>Address bits inside the pair of pages.</summary>
    public readonly ulong OffsetMask => PageMask | 0x1FFFUL;

    public readonly ulong PageBytes => (OffsetMask + 1) >> 1;

    public readonly ulong PageFor(ulong address) => (address & PageBytes) != 0 ? Odd : Even;
}
