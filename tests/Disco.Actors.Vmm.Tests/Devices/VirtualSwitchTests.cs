using System.Buffers.Binary;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Devices;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Devices;

/// <summary>The virtual subnet (Disco 4.2.6, virtual network interface).</summary>
public sealed class VirtualSwitchTests
{
    private const ulong Source = 0x10_0000;
    private const ulong Target = 0x20_0000;

    /// <summary>"Messages transferred between virtual machines do not have a maximum transmission unit, and whole
    /// pages are remapped": 16 MB in one message, of which no byte is copied.</summary>
    [Fact]
    public void An_aligned_transfer_of_16_megabytes_copies_no_payload_byte()
    {
        const int bytes = 16 << 20;
        NetBench bench = new(2, (bytes >> Page.Shift) + 0x300);
        byte[] data = Data(bytes, 1);
        bench.Write(0, Source, data);
        ulong block = bench.Post(1, Source, bytes >> Page.Shift);
        bench.Send(0, NetAddress.Of(1), (Source, bytes));

        bench.Run();

        Assert.Equal([1], bench.Cpus[0].Results);
        Assert.Equal(0, bench.Switch.Statistics.CopiedBytes);
        Assert.Equal(bytes, bench.Switch.Statistics.PayloadBytes);
        Assert.Equal(data, bench.Read(1, Source, bytes));
        Assert.Equal(1UL, bench.Word(1, block + 16));
        Assert.Equal(NetAddress.Of(0), bench.Word(1, block + 24));
        Assert.Equal((ulong)bytes, bench.Word(1, block + 40));
        Assert.True(bench.Lines[1].Levels[16]);
    }

    /// <summary>Fragments keep their alignment: what is a whole page is remapped, the rest copied, and all is right.
    /// </summary>
    [Fact]
    public void Fragments_of_any_alignment_arrive_at_theirs()
    {
        NetBench bench = new(2, 0x400);
        byte[] data = Data(0x8000, 2);
        bench.Write(0, Source, data);
        ulong block = bench.Post(1, Target, 16);
        bench.Send(0, NetAddress.Of(1), (Source + 0x10, 40), (Source + 0x1000, 0x2000), (Source + 0x3F00, 0x1300));

        bench.Run();

        Assert.Equal(data[0x10..0x38], bench.Read(1, Target + 0x10, 40));
        Assert.Equal(data[0x1000..0x3000], bench.Read(1, Target + 0x1000, 0x2000));
        Assert.Equal(data[0x3F00..0x5200], bench.Read(1, Target + 0x3F00, 0x1300));
        Assert.Equal(3, bench.Switch.Statistics.PagesRemapped);
        Assert.Equal(40 + 0x300, bench.Switch.Statistics.CopiedBytes);
        ulong entries = block + 48 + 16;
        Assert.Equal(
            [0x10UL, 40, 0, 0x2000, 0xF00, 0x1300],
            Enumerable.Range(0, 6).Select(word => bench.Word(1, entries + ((ulong)word * 8))));
    }

    /// <summary>A virtual machine that stays on nodes of its own is not to be lost with the frames of another one.
    /// </summary>
    [Fact]
    public void Who_stays_on_nodes_of_its_own_receives_copies()
    {
        NetBench bench = new(3, 0x400, nodesOf: vm => vm == 2 ? NodeSet.Below(2) : NodeSet.None.With(vm));
        byte[] data = Data(0x2000, 2);
        bench.Write(0, Source, data);
        bench.Post(1, Target, 2);
        bench.Post(2, Target, 2);
        bench.Send(0, NetAddress.Of(1), (Source, 0x2000));

        Engine engine = bench.Run();

        Assert.Equal(data, bench.Read(1, Target, 0x2000));
        Assert.Equal(1, bench.NodeOf(1, Target));
        Assert.Equal((0, 0x2000), (bench.Switch.Statistics.PagesRemapped, bench.Switch.Statistics.CopiedBytes));

        bench.Send(0, NetAddress.Of(2), (Source, 0x2000));
        bench.Go(engine);
        engine.Run(new Cycle(1L << 41));

        Assert.Equal(data, bench.Read(2, Target, 0x2000));
        Assert.Equal(0, bench.NodeOf(2, Target));
        Assert.Equal((2, 0x2000), (bench.Switch.Statistics.PagesRemapped, bench.Switch.Statistics.CopiedBytes));
    }

    /// <summary>"Mapped read-only into both": a later write of either side is its own affair.</summary>
    [Fact]
    public void A_write_after_the_transfer_is_not_seen_by_the_other_side()
    {
        NetBench bench = new(3, 0x400);
        byte[] page = Data(Page.Bytes, 3);
        byte[] other = Data(100, 4);
        bench.Write(0, Source, page);
        bench.Write(2, Source, other);
        bench.Post(1, Target, 1);
        bench.Send(0, NetAddress.Of(1), (Source, Page.Bytes));
        Engine engine = bench.Run();

        // A message that is copied into the page is a write to it.
        bench.Post(0, Source, 1);
        bench.Go(engine);
        engine.Run(new Cycle(1L << 41));
        bench.Send(2, NetAddress.Of(0), (Source, 100));
        bench.Go(engine);
        engine.Run(new Cycle(1L << 42));

        Assert.Equal(page, bench.Read(1, Target, Page.Bytes));
        Assert.Equal([.. other, .. page[100..]], bench.Read(0, Source, Page.Bytes));
    }

    [Fact]
    public void What_finds_no_buffer_is_dropped_and_the_sender_told()
    {
        NetBench bench = new(2, 0x400);
        bench.Post(1, Target, 1);
        bench.Send(0, NetAddress.Of(1), (Source, 0x2000));
        bench.Send(0, NetAddress.Of(7), (Source, 10));
        bench.Send(0, NetAddress.Of(1), (Source, 10));
        bench.Send(0, NetAddress.Of(1), (Source, 10));

        bench.Run();

        Assert.Equal(
            [HypercallResult.NotTaken, HypercallResult.NotTaken, 1, HypercallResult.NotTaken], bench.Cpus[0].Results);
        Assert.Equal(0, bench.Switch.BuffersOf(1));
    }

    [Fact]
    public void A_broadcast_reaches_everybody_but_its_sender()
    {
        NetBench bench = new(4, 0x400);
        byte[] data = Data(5000, 5);
        bench.Write(0, Source, data);
        for (int vm = 0; vm < 4; vm++)
        {
            bench.Post(vm, Target, 2);
        }
        bench.Send(0, NetAddress.Broadcast, (Source, 5000));

        bench.Run();

        Assert.Equal([0, 3], bench.Cpus[0].Results);
        Assert.All(Enumerable.Range(1, 3), vm => Assert.Equal(data, bench.Read(vm, Target, 5000)));
        Assert.Equal(1, bench.Switch.BuffersOf(0));
    }

    /// <summary>"Disco acts as a gateway between the virtual subnet and the outside."</summary>
    [Fact]
    public void The_gateway_carries_messages_out_and_in()
    {
        NetBench bench = new(2, 0x400);
        byte[] data = Data(5000, 6);
        bench.Write(0, Source + 8, data);
        ulong block = bench.Post(1, Target, 2);
        bench.Send(0, NetAddress.Gateway, (Source + 8, 5000));
        Engine engine = bench.Run();

        byte[] answer = Data(4500, 7);
        foreach (Message message in VirtualSwitch.FromOutside(NetAddress.Of(1), answer))
        {
            engine.Post(new Address(Role.Outside, 1), VirtualSwitch.TheSwitch, message, engine.Now);
        }
        engine.Run(new Cycle(1L << 41));

        byte[] header = new byte[VirtualSwitch.OutputHeaderBytes];
        BinaryPrimitives.WriteInt32LittleEndian(header, 5000);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(4), NetAddress.Of(0));
        Assert.Equal([.. header, .. data], bench.Outside);
        Assert.Equal(answer, bench.Read(1, Target, answer.Length));
        Assert.Equal(NetAddress.Gateway, bench.Word(1, block + 24));
    }

    [Fact]
    public void Malformed_blocks_give_an_error_and_nothing_else()
    {
        NetBench bench = new(2, 0x400);
        ulong end = 0x400 * Page.Bytes;
        ulong to = NetAddress.Of(1);
        ulong[][] sends =
        [
            [to, 0], [to, 1, Source, 0], [to, 1, end - 8, 9], [to, 1, end, 1], [to, 1, ulong.MaxValue - 3, 8],
            [to, 300, Source, 8], [1UL << 48, 1, Source, 8], [to, ulong.MaxValue, Source, 8],
            [to, 1, 8, ulong.MaxValue],
        ];
        ulong[][] receives =
        [
            [0, 1, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0, Target + 8, 1], [1, 1, 0, 0, 0, 0, Target, 0],
            [1, 1, 0, 0, 0, 0, end, 1], [1, 1, 0, 0, 0, 0, end - Page.Bytes, 2], [1, 500, 0, 0, 0, 0, Target, 1],
            [ulong.MaxValue, 1, 0, 0, 0, 0, Target, 1], [1, 1, 0, 0, 0, 0, 0, ulong.MaxValue],
        ];
        Array.ForEach(sends, block => bench.Block(0, DeviceKind.NetSend, 0, block));
        Array.ForEach(receives, block => bench.Block(0, DeviceKind.NetReceive, 0, block));
        bench.Call(0, DeviceKind.NetSend, end);
        bench.Call(0, DeviceKind.NetSend, 0x1FF8);

        bench.Run();

        Assert.Equal(sends.Length + receives.Length + 2, bench.Cpus[0].Results.Count);
        Assert.All(bench.Cpus[0].Results, result => Assert.Equal(HypercallResult.Invalid, result));
        Assert.Equal(0, bench.Switch.Statistics.PayloadBytes);
        Assert.Equal(0, bench.Switch.BuffersOf(0));
    }

    [Fact]
    public void A_receiver_learns_how_many_messages_have_come()
    {
        NetBench bench = new(2, 0x400);
        bench.Post(1, Target, 1);
        bench.Post(1, Target + 0x1000, 1);
        bench.Send(0, NetAddress.Of(1), (Source, 10));
        bench.Send(0, NetAddress.Of(1), (Source, 10));
        Engine engine = bench.Run();
        Assert.True(bench.Lines[1].Levels[16]);

        bench.Call(1, DeviceKind.NetReceive, 0);
        bench.Go(engine);
        engine.Run(new Cycle(1L << 41));

        Assert.Equal(2, bench.Cpus[1].Results[^1]);
        Assert.False(bench.Lines[1].Levels[16]);
    }

    /// <summary>On coherent memory, disk and switch together: what was read from the disk, sent to another VM and from
    /// there out of the gateway, is the image.</summary>
    [Fact]
    public void What_goes_from_disk_over_the_subnet_to_the_outside_is_the_image()
    {
        byte[] image = DiskBench.Image(64);
        NetBench bench = new(2, 0x400, coherent: true, image: image);
        bench.Post(1, Target, 4);
        bench.Block(0, DeviceKind.DiskCall, 0, [0, 0, 8, 16, 2, Source, Source + 0x1000]);
        bench.Block(0, DeviceKind.DiskCall, 0, [0, 0, 25, 3, 1, Source + 0x2000]);
        bench.Send(0, NetAddress.Of(1), (Source, 0x2000), (Source + 0x2000, 1536));
        Engine engine = bench.Run();
        bench.Send(1, NetAddress.Gateway, (Target, 0x2000), (Target + 0x2000, 1536));
        bench.Go(engine);
        engine.Run(new Cycle(1L << 41));

        Assert.Equal([0, 0, 1], bench.Cpus[0].Results);
        Assert.Equal([.. image[4096..12288], .. image[12800..14336]], bench.Outside.Skip(12));
        Assert.Equal(2, bench.Switch.Statistics.PagesRemapped);
        Assert.Equal(2, bench.Disk.Statistics.PagesMapped);
    }

    /// <summary>One state at the end, whatever the threads, and after a restart in the middle.</summary>
    [Fact]
    public void Thread_counts_and_restarts_do_not_matter()
    {
        ulong whole = Finish(1, null);

        Assert.Equal(whole, Finish(1, null));
        Assert.Equal(whole, Finish(2, null));
        Assert.Equal(whole, Finish(1, 310_000));
        Assert.Equal(whole, Finish(2, 345_000));
    }

    [Fact]
    public void A_detached_receiver_does_not_hold_up_its_senders()
    {
        NetBench bench = new(2, 0x400);
        bench.Write(0, Source, Data(0x40000, 8));
        bench.Post(1, Target, 64);
        bench.Send(0, NetAddress.Of(1), (Source, 0x40000));
        Engine engine = bench.Start();
        engine.Run(new Cycle(110_000));
        Assert.Empty(bench.Cpus[0].Results);

        Message detach = new() { Kind = (ushort)DeviceKind.Detach, A = 1, D = ((uint)Role.Driver << 28) | (1 << 16) };
        engine.Post(new Address(Role.Outside, 0), VirtualSwitch.TheSwitch, detach, engine.Now);
        engine.Run(new Cycle(1L << 40));

        Assert.Equal([HypercallResult.NotTaken], bench.Cpus[0].Results);
        Assert.Equal(1, bench.Lines[1].Detached);
    }

    /// <summary>
    /// VMs that end in the middle of everything leave no frame behind: what is not free is the disk's cache.
    /// </summary>
    [Theory]
    [InlineData(1, 301_000)]
    [InlineData(2, 305_000)]
    [InlineData(3, 312_345)]
    [InlineData(4, 330_000)]
    [InlineData(5, 5_000_000)]
    public void Virtual_machines_that_end_leave_no_frame_behind(ulong seed, long at)
    {
        int free = new NetBench(4, 0x400, coherent: true).FreeFrames;
        NetBench bench = Busy();
        Engine engine = bench.Start(1, seed);
        for (int vm = 0; vm < 4; vm++)
        {
            NetBench.End(engine, vm, new Cycle(at + (vm * 700)));
        }

        engine.Run(new Cycle(1L << 40));

        Assert.All(bench.Lines, line => Assert.True(line.TornDown));
        Assert.Equal(free - bench.Disk.CachedPages, bench.FreeFrames);
        Assert.All(Enumerable.Range(0, 4), vm => Assert.Equal(0, bench.Switch.BuffersOf(vm)));
    }

    private static ulong Finish(int threads, long? cutAt)
    {
        Engine engine = Busy().Start(threads);
        if (cutAt is { } cut)
        {
            engine.Run(new Cycle(cut));
            Snapshot snapshot = new();
            engine.Save(snapshot);
            engine = Busy().Start(threads);
            engine.Load(snapshot.Read());
        }
        engine.Run(new Cycle(1L << 40));
        return engine.StateHash();
    }

    private static NetBench Busy()
    {
        NetBench bench = new(4, 0x400, coherent: true, image: DiskBench.Image(128));
        for (int vm = 3; vm >= 0; vm--)
        {
            bench.Write(vm, Source, Data(0x8000, (ulong)vm));
            bench.Post(vm, Target, 8);
            bench.Post(vm, Target + 0x10000, 8);
            bench.Block(vm, DeviceKind.DiskCall, 0, [0, 0, 16, 24, 3, Source, Source + 0x1000, Source + 0x2000]);
            bench.Block(vm, DeviceKind.DiskCall, 0, [0, 1, 3, 4, 1, Source + 0x1800]);
            bench.Send(vm, NetAddress.Of((vm + 1) % 4), (Source, 0x3000), (Source + 0x3100, 0x600));
            bench.Send(vm, NetAddress.Broadcast, (Source + 0x1F00, 0x200));
        }
        return bench;
    }

    private static byte[] Data(int bytes, ulong seed)
    {
        byte[] data = new byte[bytes];
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        for (int at = 0; at < bytes; at += sizeof(ulong))
        {
            BinaryPrimitives.WriteUInt64LittleEndian(word, TotalOrder.Mix(seed + ((ulong)at << 8)));
            word[..Math.Min(sizeof(ulong), bytes - at)].CopyTo(data.AsSpan(at));
        }
        return data;
    }
}
