using System.Buffers.Binary;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Vmm.Devices;

/// <summary>
/// A disk request as it lies in guest memory, in doublewords: disk, flags, first sector, sectors, n, n addresses, and
/// with <see cref="InterruptFlag"/> a doubleword for the result.
/// </summary>
/// <param name="Disk">By the guest's count.</param>
/// <param name="IsWrite">From memory to the disk.</param>
/// <param name="Interrupts">The call ends when the request is understood; an interrupt tells of its end.</param>
/// <param name="Offset">Byte offset on the disk.</param>
/// <param name="Bytes">How many.</param>
/// <param name="Addresses">Guest physical: the data fills the rest of the page of each, in turn.</param>
internal sealed record DiskRequest(
    int Disk, bool IsWrite, bool Interrupts, long Offset, long Bytes, ulong[] Addresses)
{
    /// <summary>Of a virtio request: the bytes of each address, within its page; null for the rest of the page.
    /// </summary>
    public int[]? Lengths { get; init; }

    public const ulong WriteFlag = 1;
    public const ulong InterruptFlag = 2;

    /// <summary>Bytes before the list.</summary>
    public const int HeaderBytes = 5 * sizeof(ulong);

    private const ulong SectorsMax = 1UL << 32;

    /// <summary>Bytes of the whole block, 0 when the header cannot be right.</summary>
    /// <param name="header">At least <see cref="HeaderBytes"/>.</param>
    /// <param name="bigEndian">Of the guest.</param>
    /// <param name="room">Bytes from the block's start to the end of its page.</param>
    public static int BlockBytes(ReadOnlySpan<byte> header, bool bigEndian, int room)
    {
        ulong addresses = Guest.Read(header, 4, bigEndian);
        ulong flags = Guest.Read(header, 1, bigEndian);
        ulong words = addresses + ((flags & InterruptFlag) != 0 ? 1UL : 0UL);
        return addresses is >= 1 and <= Page.Bytes && HeaderBytes + (words * sizeof(ulong)) <= (ulong)room
            ? HeaderBytes + (int)(words * sizeof(ulong))
            : 0;
    }

    /// <summary>Checks a whole block; null when it is malformed. Changes nothing.</summary>
    /// <param name="block">As long as <see cref="BlockBytes"/> says.</param>
    /// <param name="bigEndian">Of the guest.</param>
    public static DiskRequest? Parse(ReadOnlySpan<byte> block, bool bigEndian)
    {
        ulong disk = Guest.Read(block, 0, bigEndian);
        ulong flags = Guest.Read(block, 1, bigEndian);
        ulong sector = Guest.Read(block, 2, bigEndian);
        ulong sectors = Guest.Read(block, 3, bigEndian);
        ulong[] addresses = new ulong[(int)Guest.Read(block, 4, bigEndian)];
        if (disk > byte.MaxValue || flags > (WriteFlag | InterruptFlag)
            || sector >= SectorsMax || sectors is 0 or >= SectorsMax)
        {
            return null;
        }
        long left = (long)sectors * DiskSpec.SectorBytes;
        for (int i = 0; i < addresses.Length; i++)
        {
            addresses[i] = Guest.Read(block, 5 + i, bigEndian);
            // Is there anything for it, and does it name a page by a number that a page can have?
            if (left <= 0 || addresses[i] >> Page.Shift > uint.MaxValue)
            {
                return null;
            }
            left -= Page.Bytes - (long)(addresses[i] % Page.Bytes);
        }
        return left > 0 ? null : new DiskRequest(
            (int)disk, (flags & WriteFlag) != 0, (flags & InterruptFlag) != 0,
            (long)sector * DiskSpec.SectorBytes, (long)sectors * DiskSpec.SectorBytes, addresses);
    }

    /// <summary>How much of the data goes to an address, from <paramref name="done"/> bytes on.</summary>
    public int PieceBytes(int index, long done) =>
        Lengths?[index] ?? (int)Math.Min(Bytes - done, Page.Bytes - (long)(Addresses[index] % Page.Bytes));
}

/// <summary>Doublewords of guest memory, in the guest's byte order.</summary>
internal static class Guest
{
    public static ulong Read(ReadOnlySpan<byte> block, int word, bool bigEndian)
    {
        ReadOnlySpan<byte> bytes = block[(word * sizeof(ulong))..];
        return bigEndian
            ? BinaryPrimitives.ReadUInt64BigEndian(bytes)
            : BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    public static void Write(Span<byte> block, int word, ulong value, bool bigEndian)
    {
        Span<byte> bytes = block[(word * sizeof(ulong))..];
        if (bigEndian)
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        }
        else
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        }
    }
}
