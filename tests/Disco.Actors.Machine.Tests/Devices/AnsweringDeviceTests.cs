using System.Buffers.Binary;
using System.Text;
using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Devices.Virtio;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;
using Xunit;

namespace Disco.Actors.Machine.Tests.Devices;

/// <summary>Network, console, entropy and balloon behind the virtio transport (VIRTIO 1.2, 5.1, 5.3 to 5.5).</summary>
public sealed class AnsweringDeviceTests
{
    private const uint QueueSize = 8;
    private const ulong RingBytes = 0x1000;
    private const ulong Rings = 0x10000;
    private const ulong Data = 0x5ff0;

    private readonly DeviceBench _bench = new();
    private readonly MachineMemory _memory;
    private readonly int[] _offered = new int[3];

    public AnsweringDeviceTests()
    {
        _memory = new MachineMemory(_bench.Fabric.Homes, [new MemoryNode(0, _bench.Fabric, 128)]);
        _bench.Fabric.Place(new Address(Role.Device, 0), 0);
        _bench.Fabric.Place(new Address(Role.Console, 1), 0);
        _bench.Fabric.Place(new Address(Role.Nic, 0), 0);
        _bench.Fabric.Place(new Address(Role.Nic, 1), 0);
    }

    private FastDma Dma => new(_memory);

    [Fact]
    public void Entropy_fills_what_it_is_given_with_bytes_of_its_seed()
    {
        byte[] first = Random(seed: 1, 40);
        byte[] again = Random(seed: 1, 40);
        byte[] other = Random(seed: 2, 40);

        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
        Assert.True(first.Distinct().Count() > 20);
    }

    [Fact]
    public void Two_requests_for_entropy_are_answered_differently()
    {
        Start(new EntropyDevice(new Address(Role.Device, 0), 0, _bench.Wiring, Dma, seed: 1));
        Offer(0, (Data, 16, true));
        byte[] first = Bytes(Data, 16);

        Offer(0, (Data, 16, true));

        Assert.NotEqual(first, Bytes(Data, 16));
    }

    [Fact]
    public void Printed_text_is_put_out_over_all_parts_of_its_chain()
    {
        Start(Console());
        _memory.Write(new MachineAddress(Data), Encoding.ASCII.GetBytes("hello "));
        _memory.Write(new MachineAddress(Data + 0x100), Encoding.ASCII.GetBytes("world\n"));

        Offer(1, (Data, 6, false), (Data + 0x100, 6, false));

        Assert.Equal("hello world\n", _bench.Printed);
        Assert.Equal((1, 0u), Used(1));
    }

    [Fact]
    public void Typed_text_waits_for_room_and_room_waits_for_text()
    {
        Start(Console());
        Offer(0, (Data, 4, true));
        Assert.Equal(0, Used(0).Index);

        _bench.Deliver(Uart.Input("abcdef"u8));
        Assert.Equal((1, 4u), Used(0));
        Assert.Equal("abcd"u8.ToArray(), Bytes(Data, 4));
        Offer(0, (Data, 4, true));

        Assert.Equal((2, 2u), Used(0));
        Assert.Equal("ef"u8.ToArray(), Bytes(Data, 2));
    }

    [Fact]
    public void Printing_goes_on_while_nothing_is_typed()
    {
        Start(Console());
        Offer(0, (Data, 4, true));
        _memory.Write(new MachineAddress(Data), "x"u8);

        Offer(1, (Data, 1, false));

        Assert.Equal("x", _bench.Printed);
    }

    [Fact]
    public void Console_saved_with_typed_text_has_it_still()
    {
        Start(Console());
        _bench.Deliver(Uart.Input("ok"u8));
        Snapshot state = Snapshot.Of(_bench.Device);
        _bench.Attach(Console()).Load(state.Read());

        Offer(0, (Data, 4, true));

        Assert.Equal("ok"u8.ToArray(), Bytes(Data, 2));
    }

    [Fact]
    public void Balloon_counts_pages_given_and_taken_back()
    {
        BalloonDevice balloon = Balloon();
        Start(balloon);

        Offer(0, (Data, 12, false));
        Offer(1, (Data, 4, false));

        Assert.Equal(2, balloon.HeldPages);
    }

    [Fact]
    public void Balloon_asks_for_pages_by_a_change_of_its_configuration()
    {
        Start(Balloon());

        _bench.Deliver(BalloonDevice.Want(300));

        Assert.Equal(300UL, _bench.Read(0x100));
        Assert.Equal(2UL, _bench.Read(0x060));
        Assert.Equal([(5UL, 1UL)], _bench.Take(InterruptKind.LineLevel, new Address(Role.Interrupts, 0)));
        _bench.Write(0x104, 300);
        Assert.Equal(300UL, _bench.Read(0x104));
    }

    [Fact]
    public void Free_pages_reported_are_given_back_at_once()
    {
        BalloonDevice balloon = Balloon();
        Start(balloon);

        Offer(2, (0x20000, 0x4000, true));

        Assert.Equal(0x4000, balloon.ReportedBytes);
        Assert.Equal(1, Used(2).Index);
    }

    /// <summary>5.1.6: a header of 12 bytes before each frame, which stays with the driver.</summary>
    [Fact]
    public void Frame_that_goes_comes_out_at_the_other_end()
    {
        byte[] frame = [.. Enumerable.Range(0, 300).Select(at => (byte)at)];
        _memory.Write(new MachineAddress(Data), new byte[12]);
        _memory.Write(new MachineAddress(0x7000), frame);
        Start(Nic(0));
        Offer(1, (Data, 12, false), (0x7000, 300, false));
        Envelope[] pieces = _bench.TakeEnvelopes((ushort)UncachedKind.FramePiece, new Address(Role.Nic, 1));

        Start(Nic(1));
        foreach (Envelope piece in pieces)
        {
            _bench.Deliver(piece);
        }
        Offer(0, (0x8000, 2000, true));

        Assert.Equal(3, pieces.Length);
        Assert.Equal((1, 312u), Used(0));
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, .. frame], Bytes(0x8000, 312));
    }

    /// <summary>5.1.6.4: a packet that is to be cut goes only to a driver that accepted GUEST_TSO4.</summary>
    [Theory]
    [InlineData(0u, 1554u, 554u)]
    [InlineData(0x82u, 2054u, 0u)]
    public void Large_frame_is_cut_for_a_driver_that_does_not_take_it_whole(uint features, uint first, uint second)
    {
        byte[] frame = new byte[54 + 1988];
        frame[12] = 8;
        frame[14] = 0x45;
        frame[23] = 6;
        frame[46] = 0x50;
        NetFrame large = new(frame, new FrameOffload(true, 34, 16, 1488, 54), default);
        Start(Nic(1), features);
        for (int at = 0; at < frame.Length; at += 128)
        {
            Envelope piece = default;
            piece.Message = large.Piece(at);
            piece.Message.PayloadBytes = (byte)Math.Min(128, frame.Length - at);
            frame.AsSpan(at, piece.Message.PayloadBytes).CopyTo(piece.Payload);
            _bench.Deliver(piece);
        }

        Offer(0, (0x8000, 4000, true));
        Assert.Equal((1, first), Used(0));
        Offer(0, (0x8000, 4000, true));

        Assert.Equal(second == 0 ? (1, first) : (2, second + 12), Used(0));
    }

    [Fact]
    public void Frames_are_lost_when_too_many_wait()
    {
        NetworkDevice nic = Nic(0);
        Start(nic);

        for (int sent = 0; sent < 300; sent++)
        {
            Envelope piece = default;
            piece.Message = new NetFrame(new byte[64]).Piece(0);
            piece.Message.PayloadBytes = 64;
            _bench.Deliver(piece);
        }

        Assert.Equal(44, nic.LostFrames);
    }

    [Fact]
    public void Interfaces_have_addresses_of_their_own()
    {
        Start(Nic(0));
        ulong first = _bench.Read(0x104) & 0xffff;
        Start(Nic(1));

        Assert.NotEqual(first, _bench.Read(0x104) & 0xffff);
        Assert.Equal(2UL, _bench.Read(0x100) & 3);
    }

    private NetworkDevice Nic(int end) => new(
        new Address(Role.Nic, (ushort)end), 0, _bench.Wiring, Dma, new Address(Role.Nic, (ushort)(1 - end)));

    private ConsoleDevice Console() => new(new Address(Role.Console, 1), 0, _bench.Wiring, Dma);

    private BalloonDevice Balloon() => new(new Address(Role.Device, 0), 0, _bench.Wiring, Dma);

    private byte[] Random(ulong seed, int bytes)
    {
        Start(new EntropyDevice(new Address(Role.Device, 0), 0, _bench.Wiring, Dma, seed));
        Offer(0, (Data, (uint)bytes, true));
        Assert.Equal((1, (uint)bytes), Used(0));
        return Bytes(Data, bytes);
    }

    // The driver's part of the beginning, with all queues the device has. [VIRTIO 1.2, 3.1]
    private void Start(VirtioDevice device, uint features = 0)
    {
        _memory.Write(new MachineAddress(Rings), new byte[9 * RingBytes]);
        Array.Clear(_offered);
        _bench.Attach(device);
        _bench.Write(0x024, 0);
        _bench.Write(0x020, features);
        _bench.Write(0x024, 1);
        _bench.Write(0x020, 1);
        _bench.Write(0x070, 0x0b);
        for (uint queue = 0; queue < 3; queue++)
        {
            _bench.Write(0x030, queue);
            _bench.Write(0x038, QueueSize);
            _bench.Write(0x080, Ring(queue, 0));
            _bench.Write(0x090, Ring(queue, 1));
            _bench.Write(0x0a0, Ring(queue, 2));
            _bench.Write(0x044, 1);
        }
        _bench.Write(0x070, 0x0f);
    }

    private static ulong Ring(uint queue, uint part) => Rings + (((queue * 3) + part) * RingBytes);

    private void Offer(uint queue, params (ulong Address, uint Bytes, bool ForDevice)[] parts)
    {
        byte[] table = new byte[16 * parts.Length];
        for (int at = 0; at < parts.Length; at++)
        {
            bool isLast = at == parts.Length - 1;
            Span<byte> descriptor = table.AsSpan(16 * at);
            BinaryPrimitives.WriteUInt64LittleEndian(descriptor, parts[at].Address);
            BinaryPrimitives.WriteUInt32LittleEndian(descriptor[8..], parts[at].Bytes);
            descriptor[12] = (byte)((parts[at].ForDevice ? 2 : 0) | (isLast ? 0 : 1));
            descriptor[14] = (byte)(isLast ? 0 : at + 1);
        }
        _memory.Write(new MachineAddress(Ring(queue, 0)), table);
        int slot = _offered[queue]++ % (int)QueueSize;
        _memory.Write(new MachineAddress(Ring(queue, 1) + 4 + (2 * (ulong)slot)), [0, 0]);
        _memory.Write(new MachineAddress(Ring(queue, 1) + 2), [(byte)_offered[queue], 0]);
        _bench.Write(0x050, queue);
    }

    // The device's index, and the length written of the last request it gave back.
    private (int Index, uint Written) Used(uint queue)
    {
        int index = Bytes(Ring(queue, 2) + 2, 1)[0];
        ulong last = Ring(queue, 2) + 4 + (8 * (ulong)Math.Max(0, index - 1));
        return (index, BinaryPrimitives.ReadUInt32LittleEndian(Bytes(last + 4, 4)));
    }

    private byte[] Bytes(ulong address, int length)
    {
        byte[] bytes = new byte[length];
        _memory.Read(new MachineAddress(address), bytes);
        return bytes;
    }
}
