using Disco.Actors.Core;

namespace Disco.Actors.Machine.Devices.Virtio;

/// <summary>
/// A disk, <c>disk/k</c>: the registers of the virtio transport and one request queue. [VIRTIO 1.2, 4.2, 5.2]
/// The queue itself is worked off in <c>BlockDevice.Queue.cs</c>.
/// </summary>
public sealed partial class BlockDevice : DeviceActor
{
    public const int QueueSizeMax = 128;

    private const uint Magic = 0x7472_6976;
    private const uint TransportVersion = 2;
    private const uint BlockId = 2;
    private const uint Vendor = 0x4353_4944;

    // Feature bits by word: SEG_MAX (2), BLK_SIZE (6), FLUSH (9); VERSION_1 (32). [5.2.3, 6]
    private const uint FeaturesLow = (1 << 2) | (1 << 6) | (1 << 9);
    private const uint FeaturesHigh = 1;

    private const byte StatusDriverOk = 0x04;
    private const byte StatusFeaturesOk = 0x08;
    private const byte StatusNeedsReset = 0x40;
    private const uint RingInterrupt = 1;

    private readonly DiskImage _disk;
    private readonly DmaPort _dma;
    private readonly long _serviceCycles;
    private TransportState _transport;

    /// <param name="address">disk/k.</param>
    /// <param name="node">Its node.</param>
    /// <param name="wiring">Its connections.</param>
    /// <param name="disk">Its sectors.</param>
    /// <param name="dma">Its way to memory.</param>
    /// <param name="serviceCycles">From a decoded request to its data.</param>
    public BlockDevice(
        Address address, int node, DeviceWiring wiring, DiskImage disk, DmaPort dma, long serviceCycles)
        : base(address, node, wiring)
    {
        Invariant.Holds(serviceCycles >= 1);
        _disk = disk;
        _dma = dma;
        _serviceCycles = serviceCycles;
    }

    public override WaitsFor? Waiting => _dma.WaitingFor;

    public override void Save(StateWriter writer)
    {
        SaveDevice(writer);
        _dma.Save(writer);
    }

    public override void Load(StateReader reader)
    {
        LoadDevice(reader);
        _dma.Load(reader);
    }

    /// <summary>Goes on where a disk of the fast fidelity is, whose moves are never under way.</summary>
    internal void TakeOver(BlockDevice fast)
    {
        Snapshot state = new();
        fast.SaveDevice(state);
        LoadDevice(state.Read());
    }

    protected override void ReceiveOther(in Envelope envelope, Context context)
    {
        if (envelope.Message.Kind == (ushort)TimerKind.WorkDue)
        {
            ServiceDue(envelope.Message.B, context);
        }
        else if (_dma.Receive(envelope, context))
        {
            Work(context);
        }
    }

    protected override uint ReadRegister(uint offset, int cpu, Context context)
    {
        if (Decode(VirtioRegisters.Map, offset, 0, false, context) is not { } access)
        {
            return 0;
        }
        uint value = (VirtioOffsets)access.Register.Offset switch
        {
            VirtioOffsets.Magic => Magic,
            VirtioOffsets.Version => TransportVersion,
            VirtioOffsets.DeviceId => BlockId,
            VirtioOffsets.VendorId => Vendor,
            VirtioOffsets.DeviceFeatures => _transport.DeviceFeaturesSelect switch
            {
                0 => FeaturesLow,
                1 => FeaturesHigh,
                _ => 0,
            },
            VirtioOffsets.QueueSizeMax => _transport.QueueSelect == 0 ? (uint)QueueSizeMax : 0,
            VirtioOffsets.QueueReady => _transport.QueueSelect == 0 ? _transport.QueueReady : 0,
            VirtioOffsets.InterruptStatus => _transport.InterruptStatus,
            VirtioOffsets.Status => _transport.Status,
            // No shared memory region exists. [4.2.2]
            VirtioOffsets.SharedMemoryLengthLow or VirtioOffsets.SharedMemoryLengthHigh => uint.MaxValue,
            VirtioOffsets.Config => ConfigWord(access.Index),
            _ => 0,
        };
        return value & access.Register.ReadMask;
    }

    protected override void WriteRegister(uint offset, uint value, int cpu, Context context)
    {
        if (Decode(VirtioRegisters.Map, offset, value, true, context) is not { } access)
        {
            return;
        }
        value &= access.Register.WriteMask;
        switch ((VirtioOffsets)access.Register.Offset)
        {
            case VirtioOffsets.DeviceFeaturesSelect:
                _transport.DeviceFeaturesSelect = value;
                break;
            case VirtioOffsets.DriverFeaturesSelect:
                _transport.DriverFeaturesSelect = value;
                break;
            case VirtioOffsets.DriverFeatures:
                WriteDriverFeatures(value);
                break;
            case VirtioOffsets.QueueSelect:
                _transport.QueueSelect = value;
                break;
            case VirtioOffsets.QueueNotify:
                Notify(context);
                break;
            case VirtioOffsets.InterruptAcknowledge:
                _transport.InterruptStatus &= ~value;
                DriveLine(_transport.InterruptStatus != 0, context);
                break;
            case VirtioOffsets.Status:
                WriteStatus((byte)value, context);
                break;
            default:
                WriteQueue((VirtioOffsets)access.Register.Offset, value);
                break;
        }
    }

    // The configuration of a block device. [5.2.4]
    private uint ConfigWord(int index) => index switch
    {
        0 => (uint)_disk.Sectors,
        1 => (uint)((ulong)_disk.Sectors >> 32),
        3 => QueueSizeMax - 2,
        5 => DiskImage.SectorBytes,
        _ => 0,
    };

    private void WriteDriverFeatures(uint value)
    {
        if (_transport.DriverFeaturesSelect == 0)
        {
            _transport.DriverFeaturesLow = value;
        }
        else if (_transport.DriverFeaturesSelect == 1)
        {
            _transport.DriverFeaturesHigh = value;
        }
    }

    /// <summary>
    /// 0 resets. FEATURES_OK stays only when the driver took VERSION_1 and nothing that was not offered. [3.1.1]
    /// </summary>
    private void WriteStatus(byte value, Context context)
    {
        if (value == 0)
        {
            _transport = default;
            ResetQueue();
            DriveLine(false, context);
            return;
        }
        bool accepted = (_transport.DriverFeaturesLow & ~FeaturesLow) == 0
            && _transport.DriverFeaturesHigh == FeaturesHigh;
        _transport.Status = accepted ? value : (byte)(value & ~StatusFeaturesOk);
    }

    // The addresses of the queue's three parts; other queues do not exist.
    private void WriteQueue(VirtioOffsets offset, uint value)
    {
        if (_transport.QueueSelect != 0)
        {
            return;
        }
        switch (offset)
        {
            case VirtioOffsets.QueueSize:
                _transport.QueueSize = value;
                break;
            case VirtioOffsets.QueueReady:
                _transport.QueueReady = value;
                break;
            case VirtioOffsets.DescriptorsLow:
                SetLow(ref _transport.Descriptors, value);
                break;
            case VirtioOffsets.DescriptorsHigh:
                SetHigh(ref _transport.Descriptors, value);
                break;
            case VirtioOffsets.DriverLow:
                SetLow(ref _transport.Available, value);
                break;
            case VirtioOffsets.DriverHigh:
                SetHigh(ref _transport.Available, value);
                break;
            case VirtioOffsets.DeviceLow:
                SetLow(ref _transport.Used, value);
                break;
            case VirtioOffsets.DeviceHigh:
                SetHigh(ref _transport.Used, value);
                break;
            default:
                break;
        }
    }

    private static void SetLow(ref ulong word, uint value) => word = (word & 0xffff_ffff_0000_0000) | value;

    private static void SetHigh(ref ulong word, uint value) => word = ((ulong)value << 32) | (uint)word;

    private record struct TransportState
    {
        public byte Status;
        public uint DeviceFeaturesSelect;
        public uint DriverFeaturesSelect;
        public uint DriverFeaturesLow;
        public uint DriverFeaturesHigh;
        public uint QueueSelect;
        public uint QueueSize;
        public uint QueueReady;
        public uint InterruptStatus;
        public ulong Descriptors;
        public ulong Available;
        public ulong Used;

        public readonly void Save(StateWriter writer)
        {
            writer.Write("status", Status);
            writer.Write("deviceFeaturesSelect", DeviceFeaturesSelect);
            writer.Write("driverFeaturesSelect", DriverFeaturesSelect);
            writer.Write("driverFeaturesLow", DriverFeaturesLow);
            writer.Write("driverFeaturesHigh", DriverFeaturesHigh);
            writer.Write("queueSelect", QueueSelect);
            writer.Write("queueSize", QueueSize);
            writer.Write("queueReady", QueueReady);
            writer.Write("interruptStatus", InterruptStatus);
            writer.Write("descriptors", Descriptors);
            writer.Write("available", Available);
            writer.Write("used", Used);
        }

        public void Load(StateReader reader)
        {
            Status = (byte)reader.ReadUInt64("status");
            DeviceFeaturesSelect = (uint)reader.ReadUInt64("deviceFeaturesSelect");
            DriverFeaturesSelect = (uint)reader.ReadUInt64("driverFeaturesSelect");
            DriverFeaturesLow = (uint)reader.ReadUInt64("driverFeaturesLow");
            DriverFeaturesHigh = (uint)reader.ReadUInt64("driverFeaturesHigh");
            QueueSelect = (uint)reader.ReadUInt64("queueSelect");
            QueueSize = (uint)reader.ReadUInt64("queueSize");
            QueueReady = (uint)reader.ReadUInt64("queueReady");
            InterruptStatus = (uint)reader.ReadUInt64("interruptStatus");
            Descriptors = reader.ReadUInt64("descriptors");
            Available = reader.ReadUInt64("available");
            Used = reader.ReadUInt64("used");
        }
    }

    // What is the same in every fidelity.
    private void SaveDevice(StateWriter writer)
    {
        base.Save(writer);
        _transport.Save(writer);
        SaveQueue(writer);
        _disk.Save(writer);
    }

    private void LoadDevice(StateReader reader)
    {
        base.Load(reader);
        _transport.Load(reader);
        LoadQueue(reader);
        _disk.Load(reader);
    }
}
