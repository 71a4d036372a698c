using System.Buffers.Binary;

namespace Disco.Actors.Machine.Devices.Virtio;

/// <summary>One element of a descriptor chain. [VIRTIO 1.2, 2.7.5]</summary>
public readonly record struct Descriptor(ulong Address, uint Bytes, ushort Flags, ushort Next)
{
    public const int Size = 16;

    private const ushort NextFlag = 1;
    private const ushort WriteFlag = 2;
    private const ushort IndirectFlag = 4;

    public bool HasNext => (Flags & NextFlag) != 0;

    /// <summary>The device writes it; else it reads it.</summary>
    public bool DeviceWrites => (Flags & WriteFlag) != 0;

    public bool IsIndirect => (Flags & IndirectFlag) != 0;

    /// <summary>Does all of it lie in memory?</summary>
    public bool IsIn(ulong memoryBytes) => Bytes <= memoryBytes && Address <= memoryBytes - Bytes;

    public static Descriptor Parse(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(bytes),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]),
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[12..]),
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[14..]));
}

/// <summary>What a block request asks for.</summary>
public enum BlockCommand : byte
{
    Read,
    Write,
    Flush,
    GetId,
    Unsupported,

    /// <summary>A disk address behind the end, or a length that is not whole sectors.</summary>
    Refused,
}

/// <summary>A block request whose every field has been checked. [VIRTIO 1.2, 5.2.6]</summary>
public readonly record struct BlockRequest(BlockCommand Command, long Offset)
{
    /// <summary>Type, reserved word and sector in the first descriptor.</summary>
    public const int HeaderBytes = 16;

    private const uint TypeIn = 0;
    private const uint TypeOut = 1;
    private const uint TypeFlush = 4;
    private const uint TypeGetId = 8;

    /// <summary>
    /// Is the chain one that a block request can have? The spec allows a device to stop if it is not.
    /// </summary>
    public static bool IsChain(IReadOnlyList<Descriptor> chain) =>
        // Is there a header to read and a status byte to write?
        chain.Count >= 2 && !chain[0].DeviceWrites && chain[0].Bytes >= HeaderBytes
        && chain[^1].DeviceWrites && chain[^1].Bytes >= 1;

    public static BlockRequest Decode(ReadOnlySpan<byte> header, IReadOnlyList<Descriptor> chain, long diskSectors)
    {
        uint type = BinaryPrimitives.ReadUInt32LittleEndian(header);
        ulong sector = BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);
        long dataBytes = chain.Skip(1).SkipLast(1).Sum(part => part.Bytes);
        bool dataIsWritten = chain.Skip(1).SkipLast(1).All(part => part.DeviceWrites);
        bool dataIsRead = chain.Skip(1).SkipLast(1).All(part => !part.DeviceWrites);
        switch (type)
        {
            case TypeFlush:
                return new BlockRequest(BlockCommand.Flush, 0);
            case TypeGetId:
                return new BlockRequest(dataIsWritten ? BlockCommand.GetId : BlockCommand.Refused, 0);
            case TypeIn or TypeOut:
                break;
            default:
                return new BlockRequest(BlockCommand.Unsupported, 0);
        }
        // Are whole sectors meant?
        bool whole = dataBytes % DiskImage.SectorBytes == 0;
        // Do they lie on the disk?
        bool onDisk = sector <= (ulong)diskSectors
            && dataBytes / DiskImage.SectorBytes <= diskSectors - (long)sector;
        // Does the data go the way the type says?
        bool rightWay = type == TypeIn ? dataIsWritten : dataIsRead;
        if (!whole || !onDisk || !rightWay)
        {
            return new BlockRequest(BlockCommand.Refused, 0);
        }
        return new BlockRequest(
            type == TypeIn ? BlockCommand.Read : BlockCommand.Write, (long)sector * DiskImage.SectorBytes);
    }
}
