using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Devices.Registers;
using Xunit;

namespace Disco.Actors.Machine.Tests.Devices;

/// <summary>A declaration that does not add up is refused when it is made.</summary>
public sealed class RegisterMapTests
{
    private enum Offsets : uint
    {
        First = 0,
        Second = 4,
    }

    [Fact]
    public void Overlapping_fields_are_refused() =>
        Assert.Throws<InvariantBroken>(() => Register.Of(
            Offsets.First, Field.ReadWrite("A", 7, 0), Field.ReadWrite("B", 31, 7)));

    [Fact]
    public void Fields_that_leave_a_gap_are_refused() =>
        Assert.Throws<InvariantBroken>(() => Register.Of(Offsets.First, Field.ReadWrite("A", 7, 0)));

    [Fact]
    public void Registers_that_share_a_word_are_refused() =>
        Assert.Throws<InvariantBroken>(() => RegisterMap.Of(
            Register.Array(Offsets.First, 2, 4, Field.Reserved(31, 0)),
            Register.Of(Offsets.Second, Field.Reserved(31, 0))));

    [Fact]
    public void Element_of_an_array_is_found_with_its_index()
    {
        RegisterMap map = RegisterMap.Of(Register.Array(Offsets.Second, 3, 0x20, Field.ReadWrite("A", 31, 0)));

        Assert.Equal(2, map.Find(0x44)!.Value.Index);
        Assert.Null(map.Find(0x48));
    }

    [Fact]
    public void Device_map_finds_the_range_that_holds_an_address()
    {
        DeviceRange low = new("low", 0x1000, 0x1000, new Address(Role.Console, 0), 0);
        DeviceRange high = new("high", 0x4000, 0x10, new Address(Role.Power, 0), 0);
        DeviceMap map = new([high, low]);

        Assert.Same(low, map.Find(0x1fff));
        Assert.Same(high, map.Find(0x4000));
        Assert.Null(map.Find(0x2000));
        Assert.Null(map.Find(0x4010));
    }
}
