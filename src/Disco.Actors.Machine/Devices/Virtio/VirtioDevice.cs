using Disco.Actors.Core;

namespace Disco.Actors.Machine.Devices.Virtio;

/// <summary>What a kind of virtio device is. [VIRTIO 1.2, 4.2.2, 5]</summary>
/// <param name="DeviceId">The kind.</param>
/// <param name="Features">Its feature bits 0 to 31; VERSION_1 is offered besides.</param>
/// <param name="Queues">How many queues it has.</param>
public sealed record VirtioKind(uint DeviceId, uint Features, int Queues)
{
    /// <summary>The most requests that one of them can hold, a power of two.</summary>
    public int QueueSize { get; init; } = VirtioDevice.QueueSizeMax;
}

/// <summary>
/// A device behind the memory mapped transport, version 2: its registers, and its queues, which are worked off in
/// <c>VirtioDevice.Queue.cs</c>. What a request means is the derived class's. [VIRTIO 1.2, 4.2, 2.7]
/// </summary>
public abstract partial class VirtioDevice : DeviceActor
{
    public const int QueueSizeMax = 128;

    private const uint Magic = 0x7472_6976;
    private const uint TransportVersion = 2;
    private const uint Vendor = 0x4353_4944;

    // VERSION_1 is bit 32. [6]
    private const uint FeaturesHigh = 1;

    private const byte StatusDriverOk = 0x04;
    private const byte StatusFeaturesOk = 0x08;
    private const byte StatusNeedsReset = 0x40;
    private const uint RingInterrupt = 1;
    private const uint ConfigInterrupt = 2;

    private readonly VirtioKind _kind;
    private readonly DmaPort _dma;
    private readonly QueueState[] _queues;
    private readonly List<UncachedMessage> _held = [];
    private TransportState _transport;

    protected VirtioDevice(Address address, int node, DeviceWiring wiring, VirtioKind kind, DmaPort dma)
        : base(address, node, wiring)
    {
        _kind = kind;
        _dma = dma;
        _queues = new QueueState[kind.Queues];
    }

    public override WaitsFor? Waiting => _dma.WaitingFor;

    /// <summary>Has the driver undertaken to use a feature, bits 0 to 31, that was offered?</summary>
    protected bool HasTaken(uint feature) => (_transport.DriverFeaturesLow & _kind.Features & feature) != 0;

    protected ulong MemoryBytes => _dma.MemoryBytes;

    // The queue that the registers mean; null when there is none of that number.
    private int? Selected => _transport.QueueSelect < (uint)_queues.Length ? (int)_transport.QueueSelect : null;

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

    /// <summary>Goes on where a device of the fast fidelity is, whose moves are never under way.</summary>
    internal void TakeOver(VirtioDevice fast)
    {
        Snapshot state = new();
        fast.SaveDevice(state);
        LoadDevice(state.Read());
    }

    /// <summary>A word of the device's own configuration.</summary>
    protected abstract uint ConfigWord(int index);

    /// <summary>The driver writes a word of the configuration; most devices have none to write.</summary>
    protected virtual void WriteConfigWord(int index, uint value)
    {
    }

    /// <summary>Tells the driver that the configuration has changed.</summary>
    protected void ConfigChanged(Context context)
    {
        if ((_transport.Status & StatusDriverOk) != 0)
        {
            _transport.InterruptStatus |= ConfigInterrupt;
            DriveLine(true, context);
        }
    }

    /// <summary>Something of a request that was dropped still goes on behind the device.</summary>
    protected virtual bool IsBusyBehind => false;

    /// <summary>Forgets the request under way.</summary>
    protected abstract void ResetRequest();

    /// <summary>What the device itself remembers.</summary>
    protected abstract void SaveRequest(StateWriter writer);

    protected abstract void LoadRequest(StateReader reader);

    /// <summary>A timer of the device's.</summary>
    protected virtual void WorkDue(ulong generation, Context context) =>
        Invariant.Broken($"{Address} has set no timer");

    /// <summary>A message that is neither a register access nor the memory system's.</summary>
    protected virtual bool ReceiveMessage(in Envelope envelope, Context context) => false;

    protected override void ReceiveOther(in Envelope envelope, Context context)
    {
        if (envelope.Message.Kind == (ushort)TimerKind.WorkDue)
        {
            WorkDue(envelope.Message.B, context);
        }
        else if (!ReceiveMessage(envelope, context) && _dma.Receive(envelope, context))
        {
            Work(context);
        }
        if (_held.Count > 0 && !IsSettling)
        {
            _held.ForEach(access => Answer(access, 0, context));
            _held.Clear();
        }
    }

    // After a reset memory is the driver's: it is over only when nothing is written there any more. [2.4.1]
    private bool IsSettling => IsBusyBehind || _dma.IsUnderWay;

    protected override bool Holds(in UncachedMessage access)
    {
        bool isReset = access.Kind == UncachedKind.UncachedWrite && access.Value == 0
            && access.PhysicalAddress - Wiring.Base == (ulong)VirtioOffsets.Status;
        if (!isReset || !IsSettling)
        {
            return false;
        }
        _held.Add(access);
        return true;
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
            VirtioOffsets.DeviceId => _kind.DeviceId,
            VirtioOffsets.VendorId => Vendor,
            VirtioOffsets.DeviceFeatures => _transport.DeviceFeaturesSelect switch
            {
                0 => _kind.Features,
                1 => FeaturesHigh,
                _ => 0,
            },
            VirtioOffsets.QueueSizeMax => Selected is null ? 0 : (uint)_kind.QueueSize,
            VirtioOffsets.QueueReady => Selected is { } queue ? _queues[queue].Ready : 0,
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
                Notify(value, context);
                break;
            case VirtioOffsets.InterruptAcknowledge:
                _transport.InterruptStatus &= ~value;
                DriveLine(_transport.InterruptStatus != 0, context);
                break;
            case VirtioOffsets.Status:
                WriteStatus((byte)value, context);
                break;
            case VirtioOffsets.Config:
                WriteConfigWord(access.Index, value);
                break;
            default:
                if (Selected is { } queue)
                {
                    _queues[queue].Write((VirtioOffsets)access.Register.Offset, value);
                }
                break;
        }
    }

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
            ResetQueues();
            DriveLine(false, context);
            return;
        }
        bool accepted = (_transport.DriverFeaturesLow & ~_kind.Features) == 0
            && _transport.DriverFeaturesHigh == FeaturesHigh;
        _transport.Status = accepted ? value : (byte)(value & ~StatusFeaturesOk);
    }

    // What is the same in every fidelity.
    private void SaveDevice(StateWriter writer)
    {
        base.Save(writer);
        _transport.Save(writer);
        writer.Write("held", _held.Count);
        foreach (UncachedMessage access in _held)
        {
            Message message = access.Pack();
            writer.Write("kind", (ulong)message.Kind);
            writer.Write("a", message.A);
            writer.Write("b", message.B);
            writer.Write("c", message.C);
        }
        SaveQueues(writer);
        SaveRequest(writer);
    }

    private void LoadDevice(StateReader reader)
    {
        base.Load(reader);
        _transport.Load(reader);
        _held.Clear();
        for (int left = reader.ReadInt32("held"); left > 0; left--)
        {
            ushort kind = (ushort)reader.ReadUInt64("kind");
            ulong a = reader.ReadUInt64("a");
            ulong b = reader.ReadUInt64("b");
            _held.Add(UncachedMessage.Unpack(new Message { Kind = kind, A = a, B = b, C = reader.ReadUInt64("c") }));
        }
        LoadQueues(reader);
        LoadRequest(reader);
    }
}
