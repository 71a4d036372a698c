using Disco.Actors.Core;

namespace Disco.Actors.Machine.Devices.Registers;

/// <summary>
/// A 32-bit register, or an array of <see cref="Count"/> equal ones, <see cref="StrideBytes"/> apart.
/// The fields must add up to 32 bits without overlap.
/// </summary>
public sealed class Register
{
    private Register(string name, uint offset, int count, int strideBytes, Field[] fields)
    {
        Name = name;
        Offset = offset;
        Count = count;
        StrideBytes = strideBytes;
        Fields = fields;
        uint covered = 0;
        foreach (Field field in fields)
        {
            Invariant.Holds(field.High is >= 0 and < 32 && field.Low >= 0 && field.Low <= field.High);
            Invariant.Holds((covered & field.Mask) == 0);
            covered |= field.Mask;
        }
        Invariant.Holds(covered == uint.MaxValue);
        Invariant.Holds(offset % 4 == 0 && strideBytes % 4 == 0);
        ReadMask = MaskOf(FieldAccess.ReadWrite) | MaskOf(FieldAccess.ReadOnly);
        WriteMask = MaskOf(FieldAccess.ReadWrite) | MaskOf(FieldAccess.WriteOnly);
        KnownMask = MaskOf(FieldAccess.Known);
    }

    public string Name { get; }

    public uint Offset { get; }

    public int Count { get; }

    public int StrideBytes { get; }

    public IReadOnlyList<Field> Fields { get; }

    public uint ReadMask { get; }

    public uint WriteMask { get; }

    public uint KnownMask { get; }

    /// <summary>One register; its name is that of the enum's member.</summary>
    public static Register Of<TOffset>(TOffset offset, params Field[] fields)
        where TOffset : struct, Enum => Array(offset, 1, 4, fields);

    public static Register Array<TOffset>(TOffset offset, int count, int strideBytes, params Field[] fields)
        where TOffset : struct, Enum =>
        new(offset.ToString(), Convert.ToUInt32(offset, null), count, strideBytes, fields);

    private uint MaskOf(FieldAccess access)
    {
        uint mask = 0;
        foreach (Field field in Fields)
        {
            mask |= field.Access == access ? field.Mask : 0;
        }
        return mask;
    }
}
