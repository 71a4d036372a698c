namespace Disco.Actors.Machine.Devices.Registers;

/// <summary>What reading and writing a field does.</summary>
public enum FieldAccess : byte
{
    ReadWrite,
    ReadOnly,
    WriteOnly,

    /// <summary>In the manual, not implemented: reads as zero, a write leaves a trace record.</summary>
    Known,

    /// <summary>Reads as zero, writes ignored, by the manual.</summary>
    Reserved,
}

/// <summary>Bits <paramref name="High"/> to <paramref name="Low"/> of a 32-bit register.</summary>
public readonly record struct Field(string Name, int High, int Low, FieldAccess Access)
{
    public uint Mask => (uint)(((1UL << (High - Low + 1)) - 1) << Low);

    public static Field ReadWrite(string name, int high, int low) => new(name, high, low, FieldAccess.ReadWrite);

    public static Field ReadOnly(string name, int high, int low) => new(name, high, low, FieldAccess.ReadOnly);

    public static Field WriteOnly(string name, int high, int low) => new(name, high, low, FieldAccess.WriteOnly);

    public static Field Known(string name, int high, int low) => new(name, high, low, FieldAccess.Known);

    public static Field Reserved(int high, int low) => new("-", high, low, FieldAccess.Reserved);
}
