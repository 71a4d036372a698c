using System.Runtime.InteropServices;
using Disco.Actors.Core;

namespace Disco.Actors.Vmm.VirtualCpus;

/// <summary>A saved state as words without names: what travels in messages.</summary>
internal sealed class WordWriter : StateWriter
{
    private readonly List<ulong> _words = [];

    public ReadOnlySpan<ulong> Words => CollectionsMarshal.AsSpan(_words);

    public override void Write(string name, ulong value) => _words.Add(value);

    public override void Write(string name, ReadOnlySpan<byte> bytes)
    {
        Invariant.Holds(bytes.Length % sizeof(ulong) == 0);
        _words.AddRange(MemoryMarshal.Cast<byte, ulong>(bytes));
    }
}

/// <summary>Reads what a <see cref="WordWriter"/> wrote.</summary>
internal sealed class WordReader(ulong[] words) : StateReader
{
    private int _next;

    public override ulong ReadUInt64(string name) => words[_next++];

    public override void ReadBytes(string name, Span<byte> into)
    {
        Invariant.Holds(into.Length % sizeof(ulong) == 0);
        int count = into.Length / sizeof(ulong);
        MemoryMarshal.AsBytes(words.AsSpan(_next, count)).CopyTo(into);
        _next += count;
    }
}
