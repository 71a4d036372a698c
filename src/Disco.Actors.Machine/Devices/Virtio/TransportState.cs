using System.Numerics;
using Disco.Actors.Core;

namespace Disco.Actors.Machine.Devices.Virtio;

/// <summary>The transport's registers that belong to no queue. [VIRTIO 1.2, 4.2.2]</summary>
internal record struct TransportState
{
    public byte Status;
    public uint DeviceFeaturesSelect;
    public uint DriverFeaturesSelect;
    public uint DriverFeaturesLow;
    public uint DriverFeaturesHigh;
    public uint QueueSelect;
    public uint InterruptStatus;

    public readonly void Save(StateWriter writer)
    {
        writer.Write("status", Status);
        writer.Write("deviceFeaturesSelect", DeviceFeaturesSelect);
        writer.Write("driverFeaturesSelect", DriverFeaturesSelect);
        writer.Write("driverFeaturesLow", DriverFeaturesLow);
        writer.Write("driverFeaturesHigh", DriverFeaturesHigh);
        writer.Write("queueSelect", QueueSelect);
        writer.Write("interruptStatus", InterruptStatus);
    }

    public void Load(StateReader reader)
    {
        Status = (byte)reader.ReadUInt64("status");
        DeviceFeaturesSelect = (uint)reader.ReadUInt64("deviceFeaturesSelect");
        DriverFeaturesSelect = (uint)reader.ReadUInt64("driverFeaturesSelect");
        DriverFeaturesLow = (uint)reader.ReadUInt64("driverFeaturesLow");
        DriverFeaturesHigh = (uint)reader.ReadUInt64("driverFeaturesHigh");
        QueueSelect = (uint)reader.ReadUInt64("queueSelect");
        InterruptStatus = (uint)reader.ReadUInt64("interruptStatus");
    }
}

/// <summary>One queue: where its three parts are, and how far it has been worked off. [VIRTIO 1.2, 2.7]</summary>
internal record struct QueueState
{
    public uint Size;
    public uint Ready;
    public ulong Descriptors;
    public ulong Available;
    public ulong Used;

    /// <summary>Requests taken and given back: both indices of the device, which has one under way at a time.</summary>
    public ushort Seen;

    /// <summary>The driver said that there may be something new.</summary>
    public bool Notified;

    public readonly bool IsUsable(int sizeMax) => Ready != 0 && BitOperations.IsPow2(Size) && Size <= sizeMax;

    public readonly uint Slot => Seen & (Size - 1);

    public void Write(VirtioOffsets offset, uint value)
    {
        switch (offset)
        {
            case VirtioOffsets.QueueSize:
                Size = value;
                break;
            case VirtioOffsets.QueueReady:
                Ready = value;
                break;
            case VirtioOffsets.DescriptorsLow:
                SetLow(ref Descriptors, value);
                break;
            case VirtioOffsets.DescriptorsHigh:
                SetHigh(ref Descriptors, value);
                break;
            case VirtioOffsets.DriverLow:
                SetLow(ref Available, value);
                break;
            case VirtioOffsets.DriverHigh:
                SetHigh(ref Available, value);
                break;
            case VirtioOffsets.DeviceLow:
                SetLow(ref Used, value);
                break;
            case VirtioOffsets.DeviceHigh:
                SetHigh(ref Used, value);
                break;
            default:
                break;
        }
    }

    public readonly void Save(StateWriter writer)
    {
        writer.Write("size", Size);
        writer.Write("ready", Ready);
        writer.Write("descriptors", Descriptors);
        writer.Write("available", Available);
        writer.Write("used", Used);
        writer.Write("seen", Seen);
        writer.Write("notified", Notified);
    }

    public void Load(StateReader reader)
    {
        Size = (uint)reader.ReadUInt64("size");
        Ready = (uint)reader.ReadUInt64("ready");
        Descriptors = reader.ReadUInt64("descriptors");
        Available = reader.ReadUInt64("available");
        Used = reader.ReadUInt64("used");
        Seen = (ushort)reader.ReadUInt64("seen");
        Notified = reader.ReadBool("notified");
    }

    private static void SetLow(ref ulong word, uint value) => word = (word & 0xffff_ffff_0000_0000) | value;

    private static void SetHigh(ref ulong word, uint value) => word = ((ulong)value << 32) | (uint)word;
}
