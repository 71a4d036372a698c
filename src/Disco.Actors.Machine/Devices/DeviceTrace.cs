namespace Disco.Actors.Machine.Devices;

/// <summary>What a device reports to observers: nothing a guest does to a register passes unseen.</summary>
public enum DeviceTrace : ushort
{
    /// <summary>A register that is not declared: A = offset, B = value, C = 1 for a write. Reads as 0.</summary>
    UndeclaredRegister = 0x0201,

    /// <summary>A field in the manual that is not implemented was written: A = offset, B = value.</summary>
    KnownFieldWritten = 0x0202,
}
