using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Vmm.Devices;

/// <summary>Addresses on the virtual subnet: like those of an Ethernet, 48 bits. [Disco 4.2.6]</summary>
public static class NetAddress
{
    public const ulong Broadcast = 0xFFFF_FFFF_FFFF;

    /// <summary>The way out of the machine.</summary>
    public const ulong Gateway = 0x0244_4953_0100;

    private const ulong FirstVm = 0x0244_4953_0000;

    /// <summary>A virtual machine's: locally administered, the VM's number in the last byte.</summary>
    public static ulong Of(int vm) => FirstVm + (ulong)vm;

    /// <summary>The virtual machine that has an address, -1 when none can.</summary>
    public static int VmOf(ulong address) => address - FirstVm <= byte.MaxValue ? (int)(address - FirstVm) : -1;
}

/// <summary>A stretch of guest memory, in bytes.</summary>
internal readonly record struct Fragment(ulong Address, ulong Bytes)
{
    /// <summary>Pages it touches.</summary>
    public ulong Pages => ((Address % Page.Bytes) + Bytes + Page.Bytes - 1) / Page.Bytes;
}

/// <summary>
/// What a guest sends, as it lies in its memory, in doublewords: destination address, n, and n times address and
/// length of a fragment. There is no limit to their sum. [Disco 4.2.6]
/// </summary>
internal sealed record SendBlock(ulong Destination, Fragment[] Fragments)
{
    public const int HeaderBytes = 2 * sizeof(ulong);

    private const int FragmentBytes = 2 * sizeof(ulong);

    /// <summary>Bytes of the whole block, 0 when the header cannot be right.</summary>
    public static int BlockBytes(ReadOnlySpan<byte> header, bool bigEndian, int room)
    {
        ulong fragments = Guest.Read(header, 1, bigEndian);
        return fragments is >= 1 and <= Page.Bytes && HeaderBytes + (fragments * FragmentBytes) <= (ulong)room
            ? HeaderBytes + ((int)fragments * FragmentBytes)
            : 0;
    }

    /// <summary>Checks a whole block; null when it is malformed.</summary>
    /// <param name="block">As long as <see cref="BlockBytes"/> says.</param>
    /// <param name="bigEndian">Of the guest.</param>
    /// <param name="pages">Of the guest's memory.</param>
    public static SendBlock? Parse(ReadOnlySpan<byte> block, bool bigEndian, uint pages)
    {
        ulong destination = Guest.Read(block, 0, bigEndian);
        ulong memoryBytes = (ulong)pages * Page.Bytes;
        Fragment[] fragments = new Fragment[(int)Guest.Read(block, 1, bigEndian)];
        for (int i = 0; i < fragments.Length; i++)
        {
            Fragment fragment = new(
                Guest.Read(block, 2 + (2 * i), bigEndian), Guest.Read(block, 3 + (2 * i), bigEndian));
            if (fragment.Bytes == 0 || fragment.Bytes > memoryBytes
                || fragment.Address > memoryBytes - fragment.Bytes)
            {
                return null;
            }
            fragments[i] = fragment;
        }
        return destination > NetAddress.Broadcast ? null : new SendBlock(destination, fragments);
    }
}

/// <summary>Pages in which a guest waits for a message.</summary>
/// <param name="Block">Physical address of the block that posted them.</param>
/// <param name="FragmentsMax">Room for the list of received fragments.</param>
/// <param name="Ranges">First page and number of pages of each stretch.</param>
internal sealed record ReceiveBuffer(ulong Block, int FragmentsMax, (uint First, uint Pages)[] Ranges)
{
    public const int HeaderWords = 6;
    public const int HeaderBytes = HeaderWords * sizeof(ulong);

    /// <summary>Words of the block that the switch writes: 0 waiting, 1 received, negative an error.</summary>
    public const int StatusWord = 2;

    /// <summary>Source address, fragments, bytes.</summary>
    public const int SourceWord = 3;

    private const int EntryBytes = 2 * sizeof(ulong);

    public ulong Pages => (ulong)Ranges.Sum(range => range.Pages);

    /// <summary>Where the list of received fragments begins: offset in the first page, and length, of each.</summary>
    public ulong Entries => Block + HeaderBytes + ((ulong)Ranges.Length * EntryBytes);

    /// <summary>Bytes up to the end of the ranges, 0 when the header cannot be right.</summary>
    public static int BlockBytes(ReadOnlySpan<byte> header, bool bigEndian, int room)
    {
        ulong ranges = Guest.Read(header, 0, bigEndian);
        ulong entries = Guest.Read(header, 1, bigEndian);
        return ranges is >= 1 and <= Page.Bytes && entries <= Page.Bytes
            && HeaderBytes + ((ranges + entries) * EntryBytes) <= (ulong)room
            ? HeaderBytes + ((int)ranges * EntryBytes)
            : 0;
    }

    /// <summary>Checks a block up to the end of its ranges; null when it is malformed.</summary>
    public static ReceiveBuffer? Parse(ReadOnlySpan<byte> block, ulong at, bool bigEndian, uint pages)
    {
        (uint First, uint Pages)[] ranges = new (uint, uint)[(int)Guest.Read(block, 0, bigEndian)];
        for (int i = 0; i < ranges.Length; i++)
        {
            ulong address = Guest.Read(block, HeaderWords + (2 * i), bigEndian);
            ulong count = Guest.Read(block, HeaderWords + 1 + (2 * i), bigEndian);
            if (address % Page.Bytes != 0 || count == 0 || count > pages || address >> Page.Shift > pages - count)
            {
                return null;
            }
            ranges[i] = ((uint)(address >> Page.Shift), (uint)count);
        }
        return new ReceiveBuffer(at, (int)Guest.Read(block, 1, bigEndian), ranges);
    }

    /// <summary>A page of the buffer, counted from 0 over all stretches.</summary>
    public uint PageAt(ulong index)
    {
        foreach ((uint first, uint pages) in Ranges)
        {
            if (index < pages)
            {
                return first + (uint)index;
            }
            index -= pages;
        }
        return Core.Invariant.Unreachable<uint>("a page behind the end of a receive buffer");
    }
}
