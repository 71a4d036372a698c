namespace Disco.Actors.Machine.Mips;

/// <summary>Bits of EntryLo0 and EntryLo1. [MIPS64 Vol III, 9.6; board spec 2.3]</summary>
public static class EntryLo
{
    public const ulong ReadInhibit = 1UL << 63;
    public const ulong ExecuteInhibit = 1UL << 62;
    public const ulong Dirty = 1 << 2;
    public const ulong Valid = 1 << 1;
    public const ulong Global = 1;
}
