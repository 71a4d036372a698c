using System.Buffers.Binary;
using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Devices.Virtio;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;
using Xunit;

namespace Disco.Actors.Machine.Tests.Devices;

/// <summary>The block device: transport registers and requests (VIRTIO 1.2, 4.2 and 5.2).</summary>
public sealed class BlockDeviceTests
{
    private const long ServiceCycles = 100;
    private const uint QueueSize = 8;
    private const ulong Descriptors = 0x1000;
    private const ulong Available = 0x2000;
    private const ulong Used = 0x3000;
    private const ulong Header = 0x4000;
    private const ulong Data = 0x5f00;
    private const ulong Result = 0x8000;

    private readonly DeviceBench _bench = new();
    private readonly MachineMemory _memory;
    private readonly byte[] _contents = [.. Enumerable.Range(0, 4096).Select(i => (byte)(i / 16))];

    public BlockDeviceTests()
    {
        _memory = new MachineMemory(_bench.Fabric.Homes, [new MemoryNode(0, _bench.Fabric, 128)]);
        _bench.Attach(new BlockDevice(
            new Address(Role.Disk, 0), 0, _bench.Wiring, new DiskImage(_contents), new FastDma(_memory),
            ServiceCycles));
    }

    [Theory]
    [InlineData("magic", 0x000, 0x74726976UL)]
    [InlineData("version", 0x004, 2UL)]
    [InlineData("block device", 0x008, 2UL)]
    [InlineData("queue size", 0x034, 128UL)]
    [InlineData("queue not ready", 0x044, 0UL)]
    [InlineData("no shared memory", 0x0b0, 0xffffffffUL)]
    [InlineData("capacity in sectors", 0x100, 8UL)]
    [InlineData("status", 0x070, 0UL)]
    public void Register_has_its_reset_value(string title, uint offset, ulong value)
    {
        Assert.NotEmpty(title);
        Assert.Equal(value, _bench.Read(offset));
    }

    [Fact]
    public void Version_1_is_offered_in_the_high_word()
    {
        _bench.Write(0x014, 1);

        Assert.Equal(1UL, _bench.Read(0x010));
    }

    [Theory]
    [InlineData("version 1 taken", 0UL, 1UL, 0x0bUL)]
    [InlineData("version 1 not taken", 0UL, 0UL, 0x03UL)]
    [InlineData("a feature that was not offered", 1UL << 20, 1UL, 0x03UL)]
    public void Features_ok_stays_only_for_offered_features(string title, ulong low, ulong high, ulong status)
    {
        Assert.NotEmpty(title);
        WriteFeatures(low, high);
        _bench.Write(0x070, 0x0b);

        Assert.Equal(status, _bench.Read(0x070));
    }

    [Fact]
    public void Other_queues_do_not_exist()
    {
        _bench.Write(0x030, 1);

        Assert.Equal(0UL, _bench.Read(0x034));
    }

    [Fact]
    public void Read_request_brings_the_sectors_and_interrupts()
    {
        Start();
        Put(0, Header, 16, flags: 1, next: 1);
        Put(1, Data, 1024, flags: 3, next: 2);
        Put(2, Result, 1, flags: 2, next: 0);
        PutHeader(type: 0, sector: 3);

        Submit(0);

        Assert.Equal(_contents[1536..2560], Bytes(Data, 1024));
        Assert.Equal(0, Bytes(Result, 1)[0]);
        Assert.Equal([1, 0], Bytes(Used + 2, 2));
        Assert.Equal(1025u, BinaryPrimitives.ReadUInt32LittleEndian(Bytes(Used + 8, 4)));
        Assert.Equal(1UL, _bench.Read(0x060));
        Assert.Equal([(5UL, 1UL)], _bench.Take(InterruptKind.LineLevel, new Address(Role.Interrupts, 0)));
    }

    [Fact]
    public void Interrupt_falls_when_it_is_acknowledged()
    {
        Read_request_brings_the_sectors_and_interrupts();

        _bench.Write(0x064, 1);

        Assert.Equal([(5UL, 0UL)], _bench.Take(InterruptKind.LineLevel, new Address(Role.Interrupts, 0)));
    }

    [Fact]
    public void Written_sectors_are_read_back_and_the_image_stays()
    {
        Start();
        _memory.Write(new MachineAddress(Data), Enumerable.Repeat((byte)0xa5, 512).ToArray());
        Put(0, Header, 16, flags: 1, next: 1);
        Put(1, Data, 512, flags: 1, next: 2);
        Put(2, Result, 1, flags: 2, next: 0);
        PutHeader(type: 1, sector: 2);
        Submit(0);
        _memory.Write(new MachineAddress(Data), new byte[512]);
        Put(1, Data, 512, flags: 3, next: 2);
        PutHeader(type: 0, sector: 2);

        Submit(1);

        Assert.All(Bytes(Data, 512), value => Assert.Equal(0xa5, value));
        Assert.Equal(64, _contents[1024]);
    }

    [Theory]
    [InlineData("behind the end", 0, 8, 512, 1)]
    [InlineData("half a sector", 0, 0, 100, 1)]
    [InlineData("unknown type", 99, 0, 512, 2)]
    [InlineData("flush", 4, 0, 512, 0)]
    public void Request_answers_with_its_result(string title, uint type, ulong sector, uint bytes, byte result)
    {
        Assert.NotEmpty(title);
        Start();
        Put(0, Header, 16, flags: 1, next: 1);
        Put(1, Data, bytes, flags: 3, next: 2);
        Put(2, Result, 1, flags: 2, next: 0);
        PutHeader(type, sector);
        _memory.Write(new MachineAddress(Result), [0xff]);

        Submit(0);

        Assert.Equal(result, Bytes(Result, 1)[0]);
    }

    [Fact]
    public void Chain_outside_memory_makes_the_device_need_a_reset()
    {
        Start();
        Put(0, 0xffff_ffff_0000, 16, flags: 1, next: 1);
        Put(1, Result, 1, flags: 2, next: 0);

        Submit(0);

        Assert.Equal(0x40UL, _bench.Read(0x070) & 0x40);
        Assert.Empty(_bench.Take(InterruptKind.LineLevel, new Address(Role.Interrupts, 0)));
    }

    /// <summary>
    /// 2.7.7.2: the flag counts as it is after the request was given back. A driver clears it at the end of its
    /// interrupt handler, when the next request may be under way already.
    /// </summary>
    [Theory]
    [InlineData("cleared while the disk is at work", 1, 0, 1)]
    [InlineData("set while the disk is at work", 0, 1, 0)]
    public void Interrupt_follows_the_flag_as_it_is_at_the_end(string title, byte before, byte after, int rises)
    {
        Assert.NotEmpty(title);
        Start();
        Put(0, Header, 16, flags: 1, next: 1);
        Put(1, Data, 512, flags: 3, next: 2);
        Put(2, Result, 1, flags: 2, next: 0);
        PutHeader(type: 0, sector: 1);
        _memory.Write(new MachineAddress(Available), [before, 0, 1, 0]);
        _bench.Write(0x050, 0);

        _memory.Write(new MachineAddress(Available), [after, 0]);
        _bench.PassTime(ServiceCycles);

        Assert.Equal(rises, _bench.Take(InterruptKind.LineLevel, new Address(Role.Interrupts, 0)).Length);
    }

    [Fact]
    public void State_saved_in_the_middle_of_a_request_goes_on()
    {
        Start();
        Put(0, Header, 16, flags: 1, next: 1);
        Put(1, Data, 512, flags: 3, next: 2);
        Put(2, Result, 1, flags: 2, next: 0);
        PutHeader(type: 0, sector: 1);
        _memory.Write(new MachineAddress(Available + 4), [0, 0]);
        _memory.Write(new MachineAddress(Available + 2), [1, 0]);
        _bench.Write(0x050, 0);
        BlockDevice copy = new(
            new Address(Role.Disk, 0), 0, _bench.Wiring, new DiskImage(_contents), new FastDma(_memory),
            ServiceCycles);
        copy.Load(Snapshot.Of(_bench.Device).Read());
        _bench.Attach(copy);

        _bench.PassTime(ServiceCycles);

        Assert.Equal(_contents[512..1024], Bytes(Data, 512));
    }

    private void WriteFeatures(ulong low, ulong high)
    {
        _bench.Write(0x024, 0);
        _bench.Write(0x020, low);
        _bench.Write(0x024, 1);
        _bench.Write(0x020, high);
    }

    private void Start()
    {
        WriteFeatures(0, 1);
        _bench.Write(0x070, 0x0b);
        _bench.Write(0x038, QueueSize);
        _bench.Write(0x080, Descriptors);
        _bench.Write(0x090, Available);
        _bench.Write(0x0a0, Used);
        _bench.Write(0x044, 1);
        _bench.Write(0x070, 0x0f);
    }

    private void Put(int index, ulong address, uint bytes, ushort flags, ushort next)
    {
        byte[] descriptor = new byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(descriptor, address);
        BinaryPrimitives.WriteUInt32LittleEndian(descriptor.AsSpan(8), bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(descriptor.AsSpan(12), flags);
        BinaryPrimitives.WriteUInt16LittleEndian(descriptor.AsSpan(14), next);
        _memory.Write(new MachineAddress(Descriptors + (16 * (ulong)index)), descriptor);
    }

    private void PutHeader(uint type, ulong sector)
    {
        byte[] header = new byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(header, type);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(8), sector);
        _memory.Write(new MachineAddress(Header), header);
    }

    // Offers the chain that begins at descriptor 0 as the n-th request and lets the disk work.
    private void Submit(ushort earlier)
    {
        _memory.Write(new MachineAddress(Available + 4 + (2 * (ulong)earlier)), [0, 0]);
        _memory.Write(new MachineAddress(Available + 2), [(byte)(earlier + 1), 0]);
        _bench.Write(0x050, 0);
        _bench.PassTime(ServiceCycles);
    }

    private byte[] Bytes(ulong address, int length)
    {
        byte[] bytes = new byte[length];
        _memory.Read(new MachineAddress(address), bytes);
        return bytes;
    }
}
