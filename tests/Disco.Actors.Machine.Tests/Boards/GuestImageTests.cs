using Disco.Actors.Machine.Boards;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Machine.Tests.Boards;

/// <summary>The committed guests, made by a real linker, are images the boards accept.</summary>
public sealed class GuestImageTests
{
    [Theory]
    [InlineData("hello.elf", true, true)]
    [InlineData("hello-be.elf", true, false)]
    [InlineData("hello32.elf", false, true)]
    public void Committed_guest_is_an_image(string file, bool is64, bool isLittleEndian)
    {
        var image = ElfImage.Parse(File.ReadAllBytes(Repository.PathOf("guests", "images", file)), file);

        Assert.Equal((is64, isLittleEndian), (image.Is64, image.IsLittleEndian));
        Assert.Null(image.WhyNotIn(64 << 20));
        Assert.Contains(
            image.Segments,
            s => image.Entry >= s.VirtualAddress && image.Entry < s.VirtualAddress + (ulong)s.Bytes.Length);
    }
}
