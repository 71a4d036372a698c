using Disco.Actors.Machine.Interconnect;
using Xunit;

namespace Disco.Actors.Vmm.Tests;

/// <summary>The three kinds of addresses (Disco 4.2.2).</summary>
public sealed class AddressTypeTests
{
    [Fact]
    public void A_page_is_named_by_any_address_in_it()
    {
        Assert.Equal(new PhysicalPage(0x12), PhysicalPage.Of(0x12FFF));
        Assert.Equal(0x12000UL, new PhysicalPage(0x12).Address);
        Assert.Equal(new Frame(0x34), Frame.Of(new MachineAddress(0x34008)));
        Assert.Equal(0x34000UL, new Frame(0x34).Address.Value);
    }

    [Fact]
    public void No_frame_is_no_frame() => Assert.False(Frame.None.Exists);
}
