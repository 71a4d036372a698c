using Disco.Actors.Machine.Boards;
using Disco.Actors.Vmm.Boards;
using Xunit;

namespace Disco.Actors.Vmm.Tests;

/// <summary>Reports and filters know messages by their names.</summary>
public sealed class MessageNameTests
{
    [Fact]
    public void No_two_kinds_of_messages_have_one_name()
    {
        DiscoMessageNames names = new(new MachineMessageNames());

        // A kind without a name is shown as a number.
        IEnumerable<string> twice = Enumerable.Range(0x100, 0xF00).Select(kind => names.NameOf((ushort)kind))
            .Where(name => char.IsAsciiLetterUpper(name[0]) && name != "None")
            .GroupBy(name => name, StringComparer.Ordinal)
            .Where(group => group.Count() > 1)
            .Select(group => group.Key);

        Assert.Empty(twice);
    }
}
