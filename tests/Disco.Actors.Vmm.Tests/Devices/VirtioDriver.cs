using System.Buffers.Binary;
using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Vmm.Tests.Devices;

/// <summary>
/// A CPU that writes one device register after the other, each when the one before has been acknowledged.
/// </summary>
internal sealed class VirtioDriver(int cpu, int node, Fabric fabric, Address device) : Actor(Address.Cpu(cpu), node)
{
    public const ulong Base = 0xE020_0000;

    private const int RingBytes = 0x1000;
    private const int QueueSize = 8;

    private int _next;

    /// <summary>Offset and value.</summary>
    public List<(uint Offset, uint Value)> Plan { get; } = [];

    /// <summary>Done once when all of the plan has been acknowledged; it may plan more.</summary>
    public Action? Then { get; set; }

    /// <summary>Where a queue's descriptors lie in guest memory; its rings behind them.</summary>
    public static ulong QueueAt(int queue) => 0x2000 + ((ulong)queue * RingBytes);

    /// <summary>Plans what a driver does until DRIVER_OK. [VIRTIO 1.2, 3.1.1, 4.2.3.2]</summary>
    public void Initialize(int queues)
    {
        Plan.AddRange([(0x70, 1), (0x70, 3), (0x24, 1), (0x20, 1), (0x70, 11)]);
        for (int queue = 0; queue < queues; queue++)
        {
            uint at = (uint)QueueAt(queue);
            Plan.AddRange([(0x30, (uint)queue), (0x38, QueueSize), (0x80, at), (0x90, at + 0x200), (0xa0, at + 0x400)]);
            Plan.Add((0x44, 1));
        }
        Plan.Add((0x70, 15));
    }

    /// <summary>Puts chains into a queue's memory, the first descriptors first, and plans the notification.</summary>
    public void Offer(TestMonitor vm, int queue, params (ulong Address, int Bytes, bool Writes)[][] chains)
    {
        byte[] descriptors = new byte[16 * QueueSize];
        byte[] available = new byte[4 + (2 * QueueSize)];
        int index = 0;
        for (int chain = 0; chain < chains.Length; chain++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(available.AsSpan(4 + (2 * chain)), (ushort)index);
            for (int part = 0; part < chains[chain].Length; part++, index++)
            {
                (ulong address, int bytes, bool writes) = chains[chain][part];
                Span<byte> to = descriptors.AsSpan(16 * index);
                bool isLast = part + 1 == chains[chain].Length;
                BinaryPrimitives.WriteUInt64LittleEndian(to, address);
                BinaryPrimitives.WriteInt32LittleEndian(to[8..], bytes);
                BinaryPrimitives.WriteUInt16LittleEndian(to[12..], (ushort)((isLast ? 0 : 1) | (writes ? 2 : 0)));
                BinaryPrimitives.WriteUInt16LittleEndian(to[14..], (ushort)(index + 1));
            }
        }
        BinaryPrimitives.WriteUInt16LittleEndian(available.AsSpan(2), (ushort)chains.Length);
        vm.Write(QueueAt(queue), descriptors);
        vm.Write(QueueAt(queue) + 0x200, available);
        Plan.Add((0x50, (uint)queue));
    }

    /// <summary>How many requests came back, and how many bytes were written for the last.</summary>
    public static (int Index, int Bytes) Used(TestMonitor vm, int queue)
    {
        int index = BinaryPrimitives.ReadUInt16LittleEndian(vm.Read(QueueAt(queue) + 0x402, 2));
        ulong entry = QueueAt(queue) + 0x404 + (8 * (ulong)Math.Max(0, index - 1));
        return (index, BinaryPrimitives.ReadInt32LittleEndian(vm.Read(entry + 4, 4)));
    }

    public override void Receive(in Envelope envelope, Context context)
    {
        if (_next == Plan.Count && Then is { } then)
        {
            Then = null;
            then();
        }
        if (_next == Plan.Count)
        {
            return;
        }
        (uint offset, uint value) = Plan[_next++];
        UncachedMessage write = UncachedMessage.Write(Base + offset, value, 4, Address) with { VirtualCpu = 0 };
        fabric.Send(context, Address, device, 0, write.Pack());
    }

    public override void Save(StateWriter writer) => writer.Write("next", _next);

    public override void Load(StateReader reader) => _next = reader.ReadInt32("next");
}
