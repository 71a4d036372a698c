using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Devices;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Devices;

/// <summary>Disks that virtual machines share (Disco 4.2.5, virtual I/O devices; copy-on-write disks).</summary>
public sealed class CowDiskTests
{
    private const int Sectors = 512;

    private readonly byte[] _image = DiskBench.Image(Sectors);

    /// <summary>"If the disk request size is a multiple of the machine's page size, Disco can process the DMA request
    /// by simply mapping the page into the virtual machine's physical memory."</summary>
    [Fact]
    public void Whole_pages_are_mapped_and_no_byte_is_copied()
    {
        DiskBench bench = new(DiskBench.Sharing(4, _image));
        for (int vm = 0; vm < 4; vm++)
        {
            bench.Request(vm, write: false, 16, 24, DiskBench.Data(0), DiskBench.Data(5), DiskBench.Data(1));
        }

        bench.Run();

        DiskStatistics statistics = bench.Disks[0].Statistics;
        Assert.Equal(12, statistics.PagesMapped);
        Assert.Equal(0, statistics.BytesCopied);
        Assert.Equal(3, bench.Disks[0].CachedPages);
        for (int vm = 0; vm < 4; vm++)
        {
            Assert.Equal(_image[(18 * 512)..(19 * 512)], bench.Vms[vm].Read(DiskBench.Data(0) + 1024, 512));
            Assert.Equal(_image[(24 * 512)..(32 * 512)], bench.Vms[vm].Read(DiskBench.Data(5), Page.Bytes));
            Assert.Equal(bench.Vms[0].FrameOf(DiskBench.DataPage + 1), bench.Vms[vm].FrameOf(DiskBench.DataPage + 1));
            Assert.True(bench.Vms[vm].NothingPinned);
        }
    }

    /// <summary>"Disco intercepts every disk request that DMAs data into memory. When a virtual machine requests to
    /// read a disk block that is already in main memory, Disco can process the request without going to disk."
    /// </summary>
    [Fact]
    public void What_is_in_memory_needs_no_arm()
    {
        DiskBench bench = new(DiskBench.Sharing(1, _image), Slow());
        bench.Request(0, write: false, 8, 16, DiskBench.Data(0), DiskBench.Data(1));
        bench.Request(0, write: false, 16, 8, DiskBench.Data(2));
        bench.Request(0, write: false, 17, 2, DiskBench.Data(3) + 100);

        bench.Run();

        Assert.Equal(1, bench.Disks[0].Statistics.Services);
        Assert.True(bench.Cpus[0].Took[0] > 1_000_000);
        Assert.True(bench.Cpus[0].Took[1] < 10_000);
        Assert.True(bench.Cpus[0].Took[2] < 10_000);
        Assert.Equal(_image[(17 * 512)..(19 * 512)], bench.Vms[0].Read(DiskBench.Data(3) + 100, 1024));
    }

    /// <summary>"Modifications by one virtual machine are never visible to others": byte for byte, with all of them
    /// reading and writing the same sectors at once, at any alignment.</summary>
    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public void Writes_of_one_vm_are_never_seen_by_another(ulong seed, bool bigEndian)
    {
        const int vms = 6;
        DiskBench bench = new(DiskBench.Sharing(vms, _image, bigEndian));
        byte[][] expectedDisks = [.. Enumerable.Range(0, vms).Select(_ => (byte[])_image.Clone())];
        List<(int Vm, ulong At, byte[] Bytes)> expectedReads = [];
        SeededRandom random = new(seed);
        for (int vm = 0; vm < vms; vm++)
        {
            int page = 0;
            for (int i = 0; i < 20; i++)
            {
                PlanRandom(bench, vm, ref page, ref random, expectedDisks[vm], expectedReads);
            }
        }

        bench.Run();

        Assert.All(bench.Cpus, cpu => Assert.Equal(20, cpu.Results.Count(result => result == HypercallResult.Ok)));
        foreach ((int vm, ulong at, byte[] bytes) in expectedReads)
        {
            Assert.Equal(bytes, bench.Vms[vm].Read(at, bytes.Length));
        }
        for (int vm = 0; vm < vms; vm++)
        {
            Assert.Equal(expectedDisks[vm], bench.Disks[0].ContentsFor(vm));
            Assert.True(bench.Vms[vm].NothingPinned);
        }
        Assert.True(bench.Disks[0].Statistics.PagesMapped > 20);
    }

    /// <summary>A guest that writes to a page it got by mapping writes to a copy of its own.</summary>
    [Fact]
    public void A_write_to_a_mapped_page_changes_neither_disk_nor_neighbour()
    {
        DiskBench bench = new(DiskBench.Sharing(2, _image));
        bench.Request(0, write: false, 0, 8, DiskBench.Data(0));
        bench.Request(1, write: false, 0, 8, DiskBench.Data(0));
        bench.Run();

        bench.Vms[0].Write(DiskBench.Data(0), [1, 2, 3]);

        Assert.Equal(_image[..Page.Bytes], bench.Vms[1].Read(DiskBench.Data(0), Page.Bytes));
        Assert.Equal(_image, bench.Disks[0].ContentsFor(0));
    }

    [Fact]
    public void Malformed_requests_give_an_error_and_nothing_else()
    {
        DiskBench bench = new(DiskBench.Sharing(1, _image));
        ulong page = DiskBench.Data(0);
        ulong outside = (ulong)DiskBench.VmPages * Page.Bytes;
        ulong[][] blocks =
        [
            [1, 0, 0, 8, 1, page], [0, 4, 0, 8, 1, page], [0, 0, Sectors, 1, 1, page], [0, 0, Sectors - 1, 2, 1, page],
            [0, 0, 0, 0, 1, page], [0, 0, 0, 8, 0], [0, 0, 0, 9, 1, page], [0, 0, 0, 8, 2, page, page],
            [0, 0, 0, 8, 1, outside], [0, 0, 0, 8, 1, ulong.MaxValue], [0, 0, 0, 8, 505, page],
            [0, 0, ulong.MaxValue, 8, 1, page], [0, 0, 0, ulong.MaxValue, 1, page], [ulong.MaxValue, 0, 0, 8, 1, page],
            [0, 0, 0, 8, ulong.MaxValue, page], [0, 1, 0, 16, 2, page, outside],
        ];
        Array.ForEach(blocks, block => bench.Block(0, block));
        bench.Call(0, outside);
        bench.Call(0, 0x1FF8);
        bench.Request(0, write: false, 0, 8, page);

        bench.Run();

        Assert.All(bench.Cpus[0].Results[..^1], result => Assert.Equal(HypercallResult.Invalid, result));
        Assert.Equal(HypercallResult.Ok, bench.Cpus[0].Results[^1]);
        Assert.Equal(blocks.Length + 3, bench.Cpus[0].Results.Count);
        Assert.Equal(0, bench.Disks[0].WrittenBytes(0));
        Assert.True(bench.Vms[0].NothingPinned);
    }

    /// <summary>"A persistent disk can only be mounted by a single virtual machine at any given time."</summary>
    [Fact]
    public void A_second_mount_of_a_persistent_disk_is_refused_in_words()
    {
        DeviceSetup setup = new(
            [new DiskSpec("home", _image, Persistent: true), new DiskSpec("root", _image, Persistent: false)],
            [
                new VmAttachments(0, "alpha") { Disks = [1, 0] }, new VmAttachments(1, "beta") { Disks = [1, 0] },
                new VmAttachments(2, "gamma") { Disks = [2] },
            ]);

        Assert.Equal(
            [
                "Disk 'home' is persistent and mounted by VM 'alpha' already; give VM 'beta' a disk of its own, make "
                + "the disk shared, or reach its files over the network.",
                "VM 'gamma' mounts disk 2, but the machine has 2.",
            ],
            setup.Problems());
    }

    /// <summary>A guest's second disk is another actor; the first passes the call on.</summary>
    [Fact]
    public void A_request_for_a_second_disk_reaches_it()
    {
        byte[] home = [.. _image.Reverse()];
        DeviceSetup setup = new(
            [new DiskSpec("root", _image, Persistent: false), new DiskSpec("home", home, Persistent: true)],
            [new VmAttachments(0, "alpha") { Pages = DiskBench.VmPages, Disks = [0, 1] }]);
        DiskBench bench = new(setup);
        bench.Block(0, [1, 0, 0, 8, 1, DiskBench.Data(0)]);
        bench.Block(0, [1, 1, 8, 8, 1, DiskBench.Data(0)]);

        bench.Run();

        Assert.Equal([0, 0], bench.Cpus[0].Results);
        Assert.Equal(home[..4096], bench.Vms[0].Read(DiskBench.Data(0), 4096));
        Assert.Equal(home[..4096], bench.Disks[1].ContentsFor(0)[4096..8192]);
        Assert.Equal(0, bench.Disks[0].Statistics.Reads);
    }

    /// <summary>With the interrupt flag the call ends at once and the result comes later, with an interrupt.</summary>
    [Fact]
    public void A_request_may_end_with_an_interrupt()
    {
        DiskBench bench = new(DiskBench.Sharing(1, _image), Slow());
        ulong block = bench.Block(0, [0, 2, 0, 8, 1, DiskBench.Data(0), 77]);
        Engine engine = bench.Start();

        engine.Run(new Cycle(100_000));
        Assert.Equal([0], bench.Cpus[0].Results);
        Assert.Empty(bench.Vms[0].Lines);
        engine.Run(new Cycle(1L << 40));

        Assert.Equal(0UL, Guest.Read(bench.Vms[0].Read(block + 48, 8), 0, false));
        Assert.True(bench.Vms[0].Lines[24]);
        bench.Call(0, 0);
        engine.Post(new Address(Role.Outside, 0), bench.Cpus[0].Address, default, engine.Now);
        engine.Run(new Cycle(1L << 41));
        Assert.False(bench.Vms[0].Lines[24]);
    }

    /// <summary>Whoever is first has the frame of a page of the image, on his node; elsewhere it is copied.</summary>
    [Fact]
    public void Vms_that_stay_on_nodes_of_their_own_share_no_frame()
    {
        DeviceSetup together = DiskBench.Sharing(4, _image);
        VmAttachments[] vms = [.. together.Vms.Select(vm => vm with { Nodes = new NodeSet(1UL << (vm.Vm % 2)) })];
        DiskBench bench = new(new DeviceSetup(together.Disks, vms));
        for (int vm = 0; vm < 4; vm++)
        {
            bench.Request(vm, write: false, 16, 8, DiskBench.Data(0));
        }

        bench.Run();

        Assert.Equal(2, bench.Disks[0].Statistics.PagesMapped);
        Assert.Equal(2 * Page.Bytes, bench.Disks[0].Statistics.BytesCopied);
        Assert.NotEqual(bench.Vms[0].FrameOf(DiskBench.DataPage), bench.Vms[1].FrameOf(DiskBench.DataPage));
        for (int vm = 0; vm < 4; vm++)
        {
            Assert.Equal(_image[(16 * 512)..(24 * 512)], bench.Vms[vm].Read(DiskBench.Data(0), Page.Bytes));
        }
    }

    /// <summary>Where memory is short the data is copied, and guests that have frames keep them.</summary>
    [Fact]
    public void Without_free_frames_data_is_copied()
    {
        DiskBench bench = new(DiskBench.Sharing(2, _image), frames: (2 * DiskBench.VmPages) + 3);
        for (int i = 0; i < 8; i++)
        {
            bench.Request(0, write: false, i * 8, 8, DiskBench.Data(i));
            bench.Request(1, write: false, i * 8, 8, DiskBench.Data(i));
        }

        bench.Run();

        for (int i = 0; i < 8; i++)
        {
            Assert.Equal(_image[(i * 4096)..((i + 1) * 4096)], bench.Vms[0].Read(DiskBench.Data(i), 4096));
            Assert.Equal(_image[(i * 4096)..((i + 1) * 4096)], bench.Vms[1].Read(DiskBench.Data(i), 4096));
        }
    }

    [Fact]
    public void A_detached_vm_leaves_nothing_behind()
    {
        DiskBench bench = new(DiskBench.Sharing(2, _image), Slow());
        bench.Request(0, write: true, 0, 8, DiskBench.Data(0));
        bench.Request(0, write: false, 64, 8, DiskBench.Data(1));
        bench.Request(1, write: false, 128, 8, DiskBench.Data(1));
        Engine engine = bench.Start();
        engine.Run(new Cycle(100_000));

        bench.Fabric.Place(new Address(Role.Vm, 0), 0);
        Message detach = new() { Kind = (ushort)DeviceKind.Detach, A = 0 };
        detach.D = ((uint)Role.Vm << 28) | ((uint)Role.Disk << 12) | 512;
        engine.Post(new Address(Role.Outside, 0), bench.Disks[0].Address, detach, engine.Now);
        engine.Run(new Cycle(1L << 40));

        Assert.Equal(1, bench.Vms[0].Detached);
        Assert.Single(bench.Cpus[0].Results);
        Assert.Equal([0], bench.Cpus[1].Results);
        Assert.Equal(0, bench.Disks[0].WrittenBytes(0));
        Assert.True(bench.Vms[0].NothingPinned);
    }

    /// <summary>The same run again, and one cut by saving into a fresh machine, end in one state.</summary>
    [Fact]
    public void Runs_are_equal_when_repeated_and_after_a_restart()
    {
        ulong whole = Finish(threads: 1, cutAt: null);

        Assert.Equal(whole, Finish(threads: 1, cutAt: null));
        Assert.Equal(whole, Finish(threads: 1, cutAt: 9_000));
        Assert.Equal(whole, Finish(threads: 1, cutAt: 30_000));
    }

    /// <summary>Neighbouring requests are sooner served than distant ones.</summary>
    [Fact]
    public void The_arm_takes_its_time()
    {
        DiskTiming timing = new() { FixedCycles = 0 };

        long near = timing.ServiceCycles(1000, 1008, 8, 0);
        long far = timing.ServiceCycles(1000, 2_000_000, 8, 0);

        Assert.InRange(near / 400e3, 2.2, 20);
        Assert.InRange(far / 400e3, 10, 45);
        Assert.Equal(8, new DiskTiming { FixedCycles = 8 }.ServiceCycles(0, 1, 1, 0));
    }

    private static DiskConfig Slow() => new() { Timing = new DiskTiming { FixedCycles = 1_000_000 } };

    private static ulong Finish(int threads, long? cutAt)
    {
        Engine engine = Planned().Start(threads);
        if (cutAt is { } cut)
        {
            engine.Run(new Cycle(cut));
            Snapshot snapshot = new();
            engine.Save(snapshot);
            engine = Planned().Start(threads);
            engine.Load(snapshot.Read());
        }
        engine.Run(new Cycle(1L << 40));
        return engine.StateHash();
    }

    private static DiskBench Planned()
    {
        DiskBench bench = new(DiskBench.Sharing(4, DiskBench.Image(Sectors)));
        SeededRandom random = new(9);
        for (int vm = 0; vm < 4; vm++)
        {
            int page = 0;
            for (int i = 0; i < 12; i++)
            {
                PlanRandom(bench, vm, ref page, ref random, new byte[Sectors * DiskSpec.SectorBytes], []);
            }
        }
        return bench;
    }

    /// <summary>Half reads, half writes, half whole pages; each to pages of its own.</summary>
    private static void PlanRandom(
        DiskBench bench, int vm, ref int page, ref SeededRandom random, byte[] disk,
        List<(int Vm, ulong At, byte[] Bytes)> reads)
    {
        bool aligned = random.OneIn(2);
        bool write = random.OneIn(3);
        int pages = 1 + random.Below(3);
        int sectors = aligned ? pages * 8 : 1 + random.Below((pages * 8) - 1);
        int sector = random.Below(Sectors - sectors) & (aligned ? ~7 : ~0);
        int bytes = sectors * DiskSpec.SectorBytes;
        ulong skew = aligned ? 0 : (ulong)random.Below(Page.Bytes);
        int needed = ((int)skew + bytes + Page.Bytes - 1) / Page.Bytes;
        ulong at = DiskBench.Data(page) + skew;
        ulong[] addresses = [at, .. Enumerable.Range(1, needed - 1)
            .Select(i => ((at >> Page.Shift) + (ulong)i) << Page.Shift)];
        page += needed;
        if (write)
        {
            byte[] data = new byte[bytes];
            for (int i = 0; i < bytes; i++)
            {
                data[i] = (byte)(random.Next() >> 8);
            }
            bench.Vms[vm].Write(at, data);
            data.CopyTo(disk, sector * DiskSpec.SectorBytes);
        }
        else
        {
            reads.Add((vm, at, disk[(sector * DiskSpec.SectorBytes)..((sector + sectors) * DiskSpec.SectorBytes)]));
        }
        bench.Request(vm, write, sector, sectors, addresses);
    }
}
