using Disco.Actors.Machine.Boards;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Machine.Tests.Boards;

/// <summary>System V ABI chapters 4 and 5; MIPS64 vol. III section 4 for the address windows.</summary>
public sealed class ElfImageTests
{
    private const ulong Kseg0 = 0xffff_ffff_8000_0000;

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void Executable_of_any_class_and_order_gives_entry_segments_and_symbols(bool is64, bool isLittleEndian)
    {
        var image = ElfImage.Parse(Small(is64, isLittleEndian).Build(), "small.elf");

        Assert.Equal((is64, isLittleEndian), (image.Is64, image.IsLittleEndian));
        Assert.Equal(Kseg0 + 0x100000, image.Entry);
        Assert.Equal(0x80000000, image.Flags);
        Assert.Equal(2, image.Segments.Count);
        Assert.Equal([1, 2, 3, 4], image.Segments[0].Bytes.ToArray());
        Assert.Equal((Kseg0 + 0x100000, 0x100000UL, 4UL), Place(image.Segments[0]));
        Assert.Equal((Kseg0 + 0x20200000, 0x200000UL, 0x1000UL), Place(image.Segments[1]));
        Assert.Equal("start+0x4", image.Symbols.Describe(Kseg0 + 0x100004));
        Assert.True(image.Symbols.TryGetAddress("data", out var data));
        Assert.Equal(Kseg0 + 0x20200000, data);
    }

    [Theory]
    [InlineData(0xffff_ffff_8000_0000, 0x0, true)]
    [InlineData(0xffff_ffff_bfc0_0000, 0x1fc0_0000, true)]
    [InlineData(0x9000_0000_e010_0000, 0xe010_0000, true)]
    [InlineData(0xa800_0001_0000_0000, 0x1_0000_0000, true)]
    [InlineData(0x0000_0001_2000_0000, 0, false)]
    [InlineData(0xc000_0000_0000_0000, 0, false)]
    [InlineData(0xffff_ffff_c000_0000, 0, false)]
    public void Unmapped_window_decides_the_physical_address(ulong address, ulong expected, bool unmapped)
    {
        Assert.Equal(unmapped, ElfSegment.TryPhysical(address, 16, out var physical));
        Assert.Equal(expected, physical);
    }

    [Fact]
    public void Range_that_leaves_its_window_is_not_unmapped() =>
        Assert.False(ElfSegment.TryPhysical(0xffff_ffff_9fff_fff0, 0x20, out _));

    [Fact]
    public void Symbols_cover_their_size_and_functions_hide_labels()
    {
        var writer = Small();
        writer.Symbols.Add(("label", Kseg0 + 0x100000, 0, 0));

        var symbols = ElfImage.Parse(writer.Build(), "small.elf").Symbols;

        Assert.Equal("start", symbols.Describe(Kseg0 + 0x100000));
        Assert.Null(symbols.Describe(Kseg0 + 0x100008));
        Assert.Null(symbols.Describe(0));
        Assert.Equal("data+0x100", symbols.Describe(Kseg0 + 0x20200100));
    }

    [Fact]
    public void Memory_too_small_is_said_in_one_sentence()
    {
        var image = ElfImage.Parse(Small().Build(), "small.elf");

        Assert.Null(image.WhyNotIn(0x201000));
        Assert.Equal(
            "small.elf: segment 1 ends at physical 0x201000, and the machine has 0x200fff bytes of memory; "
            + "give it more memory or link the image lower.",
            image.WhyNotIn(0x200fff));
    }

    [Fact]
    public void Wrong_file_is_said_in_one_sentence()
    {
        Fails("a: not an ELF file; give an executable built for MIPS.", [1, 2, 3]);
        Fails(
            "a: x86-64, not MIPS: build it with mips64el-linux-gnuabi64-gcc.",
            new ElfWriter { Machine = 62 }.Build());
        Fails("a: an object file, not an executable: link it.", new ElfWriter { Type = 1 }.Build());
        Fails(
            "a: position independent, not a fixed executable: link it with -static -no-pie.",
            new ElfWriter { Type = 3 }.Build());
        Fails("a: not an executable: it has no loadable segment.", new ElfWriter().Build());
    }

    [Fact]
    public void Segment_in_mapped_memory_says_where_to_link()
    {
        var writer = new ElfWriter();
        writer.Segments.Add((0x1_2000_0000, [1], 1));

        Fails(
            "a: segment 0 of 0x1 bytes at 0x120000000 is not in unmapped memory: "
            + "link the image into KSEG0 (0xffffffff80000000) or XKPHYS.",
            writer.Build());
    }

    [Fact]
    public void Truncated_file_names_the_part_the_offset_and_the_length()
    {
        var writer = new ElfWriter();
        writer.Segments.Add((Kseg0, new byte[16], 16));
        var file = writer.Build();

        Fails("a: truncated: segment 0 takes 0x10 bytes at offset 0x78, and the file has 0x87.", file[..^1]);
        Fails(
            "a: truncated: the table of program headers takes 0x38 bytes at offset 0x40, and the file has 0x50.",
            file[..0x50]);
        Fails("a: truncated: the ELF header takes 0x8 bytes at offset 0x18, and the file has 0x18.", file[..0x18]);
    }

    /// <summary>Every cut and every changed byte gives an image or an ElfException.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Damaged_file_never_crashes(bool is64)
    {
        var file = Small(is64).Build();
        for (var at = 0; at < file.Length; at++)
        {
            Try(file[..at]);
            foreach (byte value in new byte[] { 0, 1, 0x7f, 0x80, 0xff })
            {
                var changed = (byte[])file.Clone();
                changed[at] = value;
                Try(changed);
            }
        }

        static void Try(byte[] bytes)
        {
            try
            {
                ElfImage.Parse(bytes, "a").WhyNotIn(0);
            }
            catch (ElfException e)
            {
                Assert.EndsWith(".", e.Message, StringComparison.Ordinal);
            }
        }
    }

    private static ElfWriter Small(bool is64 = true, bool isLittleEndian = true)
    {
        var writer = new ElfWriter(is64, isLittleEndian);
        writer.Segments.Add((Kseg0 + 0x100000, [1, 2, 3, 4], 4));
        writer.Segments.Add((Kseg0 + 0x20200000, [5], 0x1000));
        writer.Symbols.Add(("start", Kseg0 + 0x100000, 8, 2));
        writer.Symbols.Add(("data", Kseg0 + 0x20200000, 0, 1));
        return writer;
    }

    private static (ulong VirtualAddress, ulong PhysicalAddress, ulong MemoryBytes) Place(ElfSegment segment) =>
        (segment.VirtualAddress, segment.PhysicalAddress, segment.MemoryBytes);

    private static void Fails(string message, byte[] file) =>
        Assert.Equal(message, Assert.Throws<ElfException>(() => ElfImage.Parse(file, "a")).Message);
}
