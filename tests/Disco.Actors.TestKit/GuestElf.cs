using Disco.Actors.Machine.Mips.Isa;

namespace Disco.Actors.TestKit;

/// <summary>Guests of one segment from assembly text.</summary>
public static class GuestElf
{
    /// <summary>Where the text goes unless told otherwise: KSEG0, page aligned as a reset base must be.</summary>
    public const ulong Base = 0xffff_ffff_8010_0000;

    /// <summary>A little-endian executable that starts at the first instruction of the text.</summary>
    public static byte[] Assemble(string text, ulong address = Base) =>
        Of(Assembler.Assemble(text, address).Bytes, address);

    /// <summary>An executable with these bytes at this virtual address.</summary>
    public static byte[] Of(byte[] bytes, ulong address = Base, ushort machine = ElfWriter.Mips) => new ElfWriter
    {
        Machine = machine,
        Entry = address,
        Segments = { (address, bytes, (ulong)bytes.Length) },
    }.Build();
}
