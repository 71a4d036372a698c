using System.Buffers.Binary;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Devices.Virtio;
using Disco.Actors.Machine.Directory;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;
using Xunit;

namespace Disco.Actors.Machine.Tests.Devices;

/// <summary>
/// A disk on a machine of two nodes: its accesses to memory are transactions of the coherence protocol.
/// </summary>
public sealed unsafe class CoherentDiskTests
{
    private const ulong Registers = 0xE020_0000;
    private const int LineBytes = 128;

    private readonly byte[] _contents = [.. Enumerable.Range(0, 8192).Select(i => (byte)(i / 32))];

    [Fact]
    public void Sectors_read_by_the_disk_lie_in_its_cache_until_somebody_asks()
    {
        InterconnectConfig config = new();
        Fabric fabric = new(config, new RoundRobinPages(2, 1 << 20));
        MemoryNode[] memories = [new(0, fabric, LineBytes), new(1, fabric, LineBytes)];
        MachineMemory memory = new(fabric.Homes, memories);
        fabric.PlaceAgent(0, Address.Cpu(0), 1);
        fabric.PlaceAgent(64, new Address(Role.Disk, 0), 0);
        fabric.Place(new Address(Role.Interrupts, 0), 0);
        CoherentCache cache = new(64, CoherentDma.CacheOf(LineBytes), fabric);
        DeviceWiring wiring = new(fabric, Registers, 1) { Interrupt = 8 };
        BlockDevice disk = new(
            new Address(Role.Disk, 0), 0, wiring, new DiskImage(_contents), new CoherentDma(cache, fabric), 8000);
        Script cpu = new(fabric);
        Sink interrupts = new();
        World world = new(
            [
                .. memories,
                new DirectoryController(0, fabric, LineBytes),
                new DirectoryController(1, fabric, LineBytes),
                new NetworkActor(0, fabric), new NetworkActor(1, fabric), disk, cpu, interrupts,
            ],
            config.Lookahead, new MachineMessageNames());
        PutRequest(memory);
        DeterministicEngine engine = new(world, new EngineOptions());
        engine.Post(new Address(Role.Outside, 0), Address.Cpu(0), default, new Cycle(1));

        engine.Run(new Cycle(100_000_000));

        Assert.Equal(1, interrupts.Levels);
        byte[] data = new byte[4096];
        for (ulong at = 0; at < 4096; at += LineBytes)
        {
            byte* own = cache.PointerTo(new LineAddress(0x5000 + at));
            Span<byte> line = data.AsSpan((int)at, LineBytes);
            if (own is not null)
            {
                new ReadOnlySpan<byte>(own, LineBytes).CopyTo(line);
            }
            else
            {
                memory.Read(new MachineAddress(0x5000 + at), line);
            }
        }
        Assert.Equal(_contents[1024..5120], data);
        Assert.True(cache.Statistics.RemoteMisses > 0);
        Assert.True(cache.Statistics.Writebacks > 0);
    }

    private static void PutRequest(MachineMemory memory)
    {
        (ulong Address, uint Bytes, ushort Flags)[] chain = [(0x4000, 16, 1), (0x5000, 4096, 3), (0x8000, 1, 2)];
        for (int i = 0; i < chain.Length; i++)
        {
            byte[] descriptor = new byte[16];
            BinaryPrimitives.WriteUInt64LittleEndian(descriptor, chain[i].Address);
            BinaryPrimitives.WriteUInt32LittleEndian(descriptor.AsSpan(8), chain[i].Bytes);
            BinaryPrimitives.WriteUInt16LittleEndian(descriptor.AsSpan(12), chain[i].Flags);
            BinaryPrimitives.WriteUInt16LittleEndian(descriptor.AsSpan(14), (ushort)(i + 1));
            memory.Write(new MachineAddress(0x1000 + (16 * (ulong)i)), descriptor);
        }
        memory.Write(new MachineAddress(0x4008), [2]);
        memory.Write(new MachineAddress(0x2002), [1, 0]);
    }

    /// <summary>Writes the registers a driver writes, each after the acknowledgement of the one before.</summary>
    private sealed class Script(Fabric fabric) : Actor(Address.Cpu(0), 1)
    {
        private static readonly (uint Offset, ulong Value)[] Writes =
        [
            (0x024, 1), (0x020, 1), (0x070, 0x0b), (0x038, 8), (0x080, 0x1000), (0x090, 0x2000), (0x0a0, 0x3000),
            (0x044, 1), (0x070, 0x0f), (0x050, 0),
        ];

        private int _next;

        public override void Receive(in Envelope envelope, Context context)
        {
            if (_next < Writes.Length)
            {
                (uint offset, ulong value) = Writes[_next++];
                UncachedMessage write = UncachedMessage.Write(Registers + offset, value, 4, Address);
                fabric.Send(context, Address, new Address(Role.Disk, 0), 0, write.Pack());
            }
        }

        public override void Save(StateWriter writer) => writer.Write("next", _next);

        public override void Load(StateReader reader) => _next = reader.ReadInt32("next");
    }

    private sealed class Sink() : Actor(new Address(Role.Interrupts, 0), 0)
    {
        public int Levels { get; private set; }

        public override void Receive(in Envelope envelope, Context context) => Levels++;

        public override void Save(StateWriter writer) => writer.Write("levels", Levels);

        public override void Load(StateReader reader) => Levels = reader.ReadInt32("levels");
    }
}
