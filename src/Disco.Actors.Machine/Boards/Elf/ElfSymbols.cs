namespace Disco.Actors.Machine.Boards;

/// <summary>A name from the symbol table. Bytes is 0 where the assembler gave none.</summary>
public readonly record struct ElfSymbol(string Name, ulong Address, ulong Bytes);

/// <summary>Address to name, for traces; name to address, for tests and tools.</summary>
public sealed class ElfSymbols
{
    private readonly ElfSymbol[] _byAddress;

    /// <summary>Where several names share an address the first given wins.</summary>
    public ElfSymbols(IEnumerable<ElfSymbol> symbols) =>
        _byAddress = [.. symbols.OrderBy(s => s.Address).DistinctBy(s => s.Address)];

    public int Count => _byAddress.Length;

    /// <summary>`name+0x10` or `name`; null when no symbol covers the address.</summary>
    public string? Describe(ulong address) =>
        !TryFind(address, out var symbol, out var offsetBytes) ? null
        : offsetBytes == 0 ? symbol.Name
        : $"{symbol.Name}+0x{offsetBytes:x}";

    /// <summary>The symbol at or below an address; one that has a size covers no more than it.</summary>
    public bool TryFind(ulong address, out ElfSymbol symbol, out ulong offsetBytes)
    {
        var low = 0;
        for (var high = _byAddress.Length; low < high;)
        {
            var middle = (low + high) / 2;
            (low, high) = _byAddress[middle].Address <= address ? (middle + 1, high) : (low, middle);
        }

        symbol = low > 0 ? _byAddress[low - 1] : default;
        offsetBytes = address - symbol.Address;
        return low > 0 && (symbol.Bytes == 0 || offsetBytes < symbol.Bytes);
    }

    public bool TryGetAddress(string name, out ulong address)
    {
        foreach (var symbol in _byAddress)
        {
            if (symbol.Name == name)
            {
                address = symbol.Address;
                return true;
            }
        }

        address = 0;
        return false;
    }
}
