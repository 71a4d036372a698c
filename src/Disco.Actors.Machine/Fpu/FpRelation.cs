namespace Disco.Actors.Machine.Fpu;

/// <summary>
/// The outcome of a comparison as a single bit, placed where the condition field of C.cond.fmt tests it
/// (MIPS64 manual, volume II, C.cond.fmt: bit 0 unordered, bit 1 equal, bit 2 less).
/// </summary>
[Flags]
public enum FpRelation : byte
{
    Greater = 0,
    Unordered = 1,
    Equal = 2,
    Less = 4,
}
