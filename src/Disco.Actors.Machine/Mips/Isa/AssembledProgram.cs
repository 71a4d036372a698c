namespace Disco.Actors.Machine.Mips.Isa;

/// <summary>What <see cref="Assembler"/> made of a text: bytes from BaseAddress up, and where labels lie.</summary>
public sealed record AssembledProgram(ulong BaseAddress, byte[] Bytes, IReadOnlyDictionary<string, ulong> Symbols)
{
    /// <summary>Address of a label or value of an .equ; KeyNotFoundException for a name not in the text.</summary>
    public ulong this[string symbol] => Symbols[symbol];
}
