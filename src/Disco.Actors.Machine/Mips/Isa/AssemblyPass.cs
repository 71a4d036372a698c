using System.Buffers.Binary;

namespace Disco.Actors.Machine.Mips.Isa;

/// <summary>
/// The place where one of the two passes over a text has got to. The first pass learns the labels, the second knows
/// them; both emit, so that sizes agree by construction.
/// </summary>
internal sealed class AssemblyPass(ulong baseAddress, bool bigEndian, AssemblyPass? previous)
{
    private readonly Dictionary<string, ulong> _symbols = previous?._symbols ?? [];
    private readonly Dictionary<int, List<ulong>> _numbered = previous?._numbered ?? [];
    private readonly Dictionary<int, int> _numberedSeen = [];
    private readonly HashSet<string> _defined = [];

    internal List<byte> Bytes { get; } = [];

    internal IReadOnlyDictionary<string, ulong> Symbols => _symbols;

    internal ulong Address => baseAddress + (ulong)Bytes.Count;

    /// <summary>Addresses of this text are 32-bit addresses, sign extended: two instructions load one.</summary>
    internal bool HasShortAddresses => (long)baseAddress == (int)baseAddress;

    internal bool IsFinal => previous is not null;

    /// <summary>Defines a label or value. A number may be defined many times, a name once.</summary>
    internal void Define(string name, ulong value)
    {
        if (int.TryParse(name, out int number))
        {
            List<ulong> all = _numbered.TryGetValue(number, out List<ulong>? known) ? known : _numbered[number] = [];
            _numberedSeen[number] = _numberedSeen.GetValueOrDefault(number) + 1;
            if (!IsFinal)
            {
                all.Add(value);
            }

            return;
        }

        if (!_defined.Add(name))
        {
            throw new FormatException($"'{name}' is defined twice");
        }

        _symbols[name] = value;
    }

    /// <summary>Value of a name; null while the first pass has not met it. The second pass throws instead.</summary>
    internal ulong? Resolve(string name)
    {
        if (_symbols.TryGetValue(name, out ulong value))
        {
            return value;
        }

        return IsFinal ? throw new FormatException($"'{name}' is not defined") : null;
    }

    /// <summary>The nearest label of this number before (1b) or after (1f) this place.</summary>
    internal ulong? ResolveNumbered(int number, bool forward)
    {
        int index = _numberedSeen.GetValueOrDefault(number) - (forward ? 0 : 1);
        if (_numbered.TryGetValue(number, out List<ulong>? all) && index >= 0 && index < all.Count)
        {
            return all[index];
        }

        string where = forward ? "after" : "before";
        return forward && !IsFinal ? null : throw new FormatException($"no label {number}: {where} this line");
    }

    internal void EmitWord(uint word) => Emit(word, 4);

    /// <summary>Appends the low bytes of a value in the text's byte order.</summary>
    internal void Emit(ulong value, int bytes)
    {
        Span<byte> buffer = stackalloc byte[8];
        if (bigEndian)
        {
            BinaryPrimitives.WriteUInt64BigEndian(buffer, value << (64 - 8 * bytes));
        }
        else
        {
            BinaryPrimitives.WriteUInt64LittleEndian(buffer, value);
        }

        Bytes.AddRange(buffer[..bytes]);
    }
}
