using Xunit;

namespace Disco.Actors.Core.Tests;

public sealed class AddressTests
{
    [Fact]
    public void Every_role_has_a_name_that_reads_back()
    {
        foreach (Role role in Enum.GetValues<Role>())
        {
            Address address = new(role, 65_000);

            Assert.True(Address.TryParse(address.ToString(), out Address read));
            Assert.Equal(address, read);
            Assert.Equal(address, Address.FromPacked(address.Packed));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("cpu")]
    [InlineData("cpu/")]
    [InlineData("cpu/-1")]
    [InlineData("cpu/65536")]
    [InlineData("gpu/1")]
    public void Text_that_is_no_address_is_refused(string text) => Assert.False(Address.TryParse(text, out _));
}
