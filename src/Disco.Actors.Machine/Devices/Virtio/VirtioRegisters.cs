using Disco.Actors.Machine.Devices.Registers;

namespace Disco.Actors.Machine.Devices.Virtio;

/// <summary>The registers of the memory mapped transport. [VIRTIO 1.2, 4.2.2]</summary>
internal enum VirtioOffsets : uint
{
    Magic = 0x000,
    Version = 0x004,
    DeviceId = 0x008,
    VendorId = 0x00c,
    DeviceFeatures = 0x010,
    DeviceFeaturesSelect = 0x014,
    DriverFeatures = 0x020,
    DriverFeaturesSelect = 0x024,
    QueueSelect = 0x030,
    QueueSizeMax = 0x034,
    QueueSize = 0x038,
    QueueReady = 0x044,
    QueueNotify = 0x050,
    InterruptStatus = 0x060,
    InterruptAcknowledge = 0x064,
    Status = 0x070,
    DescriptorsLow = 0x080,
    DescriptorsHigh = 0x084,
    DriverLow = 0x090,
    DriverHigh = 0x094,
    DeviceLow = 0x0a0,
    DeviceHigh = 0x0a4,
    SharedMemorySelect = 0x0ac,
    SharedMemoryLengthLow = 0x0b0,
    SharedMemoryLengthHigh = 0x0b4,
    ConfigGeneration = 0x0fc,
    Config = 0x100,
}

internal static class VirtioRegisters
{
    /// <summary>Words of device configuration.</summary>
    public const int ConfigWords = 16;

    public static readonly RegisterMap Map = RegisterMap.Of(
        ReadOnly(VirtioOffsets.Magic),
        ReadOnly(VirtioOffsets.Version),
        ReadOnly(VirtioOffsets.DeviceId),
        ReadOnly(VirtioOffsets.VendorId),
        ReadOnly(VirtioOffsets.DeviceFeatures),
        WriteOnly(VirtioOffsets.DeviceFeaturesSelect),
        WriteOnly(VirtioOffsets.DriverFeatures),
        WriteOnly(VirtioOffsets.DriverFeaturesSelect),
        WriteOnly(VirtioOffsets.QueueSelect),
        ReadOnly(VirtioOffsets.QueueSizeMax),
        WriteOnly(VirtioOffsets.QueueSize),
        Register.Of(VirtioOffsets.QueueReady, Field.ReadWrite("READY", 0, 0), Field.Reserved(31, 1)),
        WriteOnly(VirtioOffsets.QueueNotify),
        Register.Of(VirtioOffsets.InterruptStatus,
            Field.ReadOnly("RING", 0, 0), Field.ReadOnly("CONFIG", 1, 1), Field.Reserved(31, 2)),
        Register.Of(VirtioOffsets.InterruptAcknowledge,
            Field.WriteOnly("RING", 0, 0), Field.WriteOnly("CONFIG", 1, 1), Field.Reserved(31, 2)),
        // 7 FAILED, 6 DEVICE_NEEDS_RESET, 3 FEATURES_OK, 2 DRIVER_OK, 1 DRIVER, 0 ACKNOWLEDGE. [2.1]
        Register.Of(VirtioOffsets.Status, Field.ReadWrite("STATUS", 7, 0), Field.Reserved(31, 8)),
        WriteOnly(VirtioOffsets.DescriptorsLow),
        WriteOnly(VirtioOffsets.DescriptorsHigh),
        WriteOnly(VirtioOffsets.DriverLow),
        WriteOnly(VirtioOffsets.DriverHigh),
        WriteOnly(VirtioOffsets.DeviceLow),
        WriteOnly(VirtioOffsets.DeviceHigh),
        Register.Of(VirtioOffsets.SharedMemorySelect, Field.Known("SHM_SEL", 31, 0)),
        ReadOnly(VirtioOffsets.SharedMemoryLengthLow),
        ReadOnly(VirtioOffsets.SharedMemoryLengthHigh),
        ReadOnly(VirtioOffsets.ConfigGeneration),
        Register.Array(VirtioOffsets.Config, ConfigWords, 4, Field.ReadWrite("CONFIG", 31, 0)));

    private static Register ReadOnly(VirtioOffsets offset) =>
        Register.Of(offset, Field.ReadOnly("VALUE", 31, 0));

    private static Register WriteOnly(VirtioOffsets offset) =>
        Register.Of(offset, Field.WriteOnly("VALUE", 31, 0));
}
