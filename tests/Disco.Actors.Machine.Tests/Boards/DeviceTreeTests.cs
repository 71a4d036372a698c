using Disco.Actors.Core;
using Disco.Actors.Machine.Boards;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Machine.Tests.Boards;

/// <summary>Devicetree Specification 0.4, chapters 2 and 5. With `dtc` on the machine, compared with it too.</summary>
public sealed class DeviceTreeTests
{
    /// <summary>Section 5: header, reservation map, structure block, strings block; worked out by hand.</summary>
    [Fact]
    public void Smallest_tree_has_the_bytes_of_the_specification()
    {
        var root = new DeviceTreeNode("").SetCells("a", 1);

        var blob = FlattenedDeviceTree.Write(root, new MemoryReservation(0x1000, 0x20));

        Assert.Equal(
            "D00DFEED" + "0000006A" + "00000048" + "00000068" + "00000028" + "00000011" + "00000010" + "00000000"
            + "00000002" + "00000020"
            + "0000000000001000" + "0000000000000020" + "0000000000000000" + "0000000000000000"
            + "00000001" + "00000000" + "00000003" + "00000004" + "00000000" + "00000001" + "00000002" + "00000009"
            + "6100",
            Convert.ToHexString(blob));
    }

    [Fact]
    public void Written_tree_reads_back_with_every_kind_of_property()
    {
        var root = new DeviceTreeNode("");
        var child = root.AddChild("child@10");
        root.SetStrings("text", "one", "two").SetCells("cells", 1, 0xffff_ffff).SetLongs("longs", 0x1_0000_0002)
            .SetBytes("bytes", [1, 2, 3]).SetEmpty("empty").SetReference("reference", child);

        var (read, reservations) = FlattenedDeviceTree.Read(
            FlattenedDeviceTree.Write(root, new MemoryReservation(1, 2), new MemoryReservation(3, 4)));

        Assert.Equal([new MemoryReservation(1, 2), new MemoryReservation(3, 4)], reservations);
        Assert.Equal(["one", "two"], read.Property("text")!.Strings);
        Assert.Equal([1, 0xffff_ffff], read.Property("cells")!.Cells);
        Assert.Equal([1, 2], read.Property("longs")!.Cells);
        Assert.Equal([1, 2, 3], read.Property("bytes")!.Bytes);
        Assert.Empty(read.Property("empty")!.Bytes);
        Assert.Equal(read.Property("reference")!.Cells, read.Find("child@10")!.Property("phandle")!.Cells);
    }

    /// <summary>Section 2.2.4: a property occurs once in its node.</summary>
    [Fact]
    public void Property_set_twice_is_a_bug_of_the_caller() =>
        Assert.Throws<InvariantBroken>(() => new DeviceTreeNode("").SetEmpty("a").SetEmpty("a"));

    [Fact]
    public void Damaged_blob_never_crashes_the_reader()
    {
        var blob = BoardDeviceTree.Write(Board(2));
        for (var at = 0; at < blob.Length; at++)
        {
            Assert.Throws<FormatException>(() => FlattenedDeviceTree.Read(blob.AsSpan(0, at)));
            foreach (var value in new byte[] { 0, 1, 3, 0x7f, 0xff })
            {
                var changed = (byte[])blob.Clone();
                changed[at] = value;
                Assert.True(Record.Exception(() => FlattenedDeviceTree.Read(changed)) is null or FormatException);
            }
        }
    }

    [Fact]
    public void Board_tree_follows_its_parameters()
    {
        var (root, _) = FlattenedDeviceTree.Read(BoardDeviceTree.Write(Board(17) with
        {
            VirtioSlots = 2,
            HasPowerController = false,
            Initrd = null,
            RngSeed = default,
            Bootargs = "quiet",
        }));

        Assert.Equal(17, root.Find("cpus")!.Children.Count);
        Assert.Equal([16], root.Find("cpus/cpu@10")!.Property("reg")!.Cells);
        Assert.Equal([0, 0, 0, 0x2000_0000], root.Find("memory@0")!.Property("reg")!.Cells);
        Assert.Equal([200_000_000], root.Find("clock-cpu")!.Property("clock-frequency")!.Cells);
        Assert.Equal(["quiet"], root.Find("chosen")!.Property("bootargs")!.Strings);
        Assert.Equal(2, root.Find("chosen")!.Properties.Count);
        Assert.Null(root.Find("power-controller@e0010000"));
        Assert.NotNull(root.Find("soc/virtio@e0201000"));
        Assert.Null(root.Find("soc/virtio@e0202000"));
    }

    /// <summary>The board's source compiled by the device tree compiler is the very blob written here.</summary>
    [Fact]
    public void Board_tree_equals_the_compiled_source()
    {
        var source = Repository.PathOf("tests", "Disco.Actors.Machine.Tests", "Boards", "disco-board.dts");
        var compiled = Dtc([], "-q", "-I", "dts", "-O", "dtb", source);
        if (compiled is not null)
        {
            Assert.Equal(Convert.ToHexString(compiled), Convert.ToHexString(BoardDeviceTree.Write(Board(4))));
        }
    }

    /// <summary>The compiler reads our blob, and compiling its text again gives our blob.</summary>
    [Fact]
    public void Blob_survives_the_compiler_both_ways()
    {
        var blob = FlattenedDeviceTree.Write(
            BoardDeviceTree.Build(Board(3)), new MemoryReservation(0x600_0000, 0x1_0000));
        var text = Dtc(blob, "-q", "-I", "dtb", "-O", "dts", "-");
        if (text is not null)
        {
            var again = Dtc(text, "-q", "-I", "dts", "-O", "dtb", "-");
            Assert.Equal(Convert.ToHexString(blob), Convert.ToHexString(again!));
        }
    }

    private static BoardDeviceTreeOptions Board(int cpus) => new()
    {
        CpuCount = cpus,
        MemoryBytes = 0x2000_0000,
        ClockHz = 200_000_000,
        CounterHz = 100_000_000,
        Initrd = (0x0680_0000, 0x0690_0000),
        RngSeed = new byte[] { 1, 2, 3, 4, 5 },
        HasPowerController = true,
    };

    /// <summary>What the compiler prints; null where it is not installed.</summary>
    private static byte[]? Dtc(byte[] input, params string[] arguments) =>
        Tool.IsInstalled("dtc") ? Tool.Bytes("dtc", input, arguments) : null;
}
