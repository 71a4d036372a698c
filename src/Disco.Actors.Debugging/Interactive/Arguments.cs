using System.Globalization;
using Disco.Actors.Core;
using Disco.Actors.Debugging.Machines;

namespace Disco.Actors.Debugging.Interactive;

/// <summary>The words behind a command, taken one after the other. Errors: <see cref="CommandError"/>.</summary>
internal sealed class Arguments(IEnumerable<string> words)
{
    private readonly Queue<string> _words = new(words);

    public bool HasMore => _words.Count > 0;

    public string? Peek => _words.TryPeek(out string? word) ? word : null;

    public string Take(string what) =>
        _words.TryDequeue(out string? word) ? word : throw new CommandError($"{what} is missing; see help");

    /// <summary>Takes the next word if it is this one.</summary>
    public bool TryTake(string word)
    {
        bool isIt = Peek == word;
        if (isIt)
        {
            _words.Dequeue();
        }
        return isIt;
    }

    public void End()
    {
        if (HasMore)
        {
            throw new CommandError($"'{Peek}' is one word too many; see help");
        }
    }

    /// <summary>A number in decimal, or hexadecimal with 0x.</summary>
    public long Number(string what, long least, long most, long? otherwise = null)
    {
        if (!HasMore && otherwise is { } value)
        {
            return value;
        }
        string word = Take(what);
        return TryNumber(word, out ulong number) && number <= (ulong)most && number >= (ulong)least
            ? (long)number
            : throw new CommandError($"{what} is a number from {least} to {most}, not '{word}'");
    }

    /// <summary>0x80001000, a symbol, $ra; with +N or -N behind.</summary>
    public ulong Address(DebugThread thread)
    {
        string word = Take("an address");
        int sign = word.LastIndexOfAny(['+', '-']);
        ulong offset = 0;
        string name = word;
        if (sign > 0)
        {
            name = word[..sign];
            if (!TryNumber(word[(sign + 1)..], out offset))
            {
                throw new CommandError($"'{word[(sign + 1)..]}' is no number");
            }
            offset = word[sign] == '-' ? 0 - offset : offset;
        }
        return offset + (name[0] == '$' ? Register(thread, name[1..]) : Place(thread, name));
    }

    public Address Actor(World world)
    {
        string word = Take("an actor");
        return Core.Address.TryParse(word, out Address address) && world.Actors.Any(each => each.Address == address)
            ? address
            : throw new CommandError($"there is no actor '{word}'");
    }

    private static ulong Place(DebugThread thread, string name) =>
        TryNumber(name, out ulong number) ? Gdb.Hex.Extended(number)
        : thread.Symbols.TryGetAddress(name, out ulong address) ? address
        : throw new CommandError($"'{name}' is neither a number nor a symbol of {thread.Name}");

    private static ulong Register(DebugThread thread, string name)
    {
        if (thread.Registers is not { } registers)
        {
            throw new CommandError($"{thread.Name} is {thread.State}: it has no registers now");
        }
        int number = name == "pc" ? ThreadRegisters.Pc : Array.IndexOf(RegisterNames.General, name);
        return number >= 0 ? registers[number] : throw new CommandError($"there is no register ${name}");
    }

    private static bool TryNumber(string word, out ulong number) =>
        word.StartsWith("0x", StringComparison.Ordinal)
            ? ulong.TryParse(word.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number)
            : ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
