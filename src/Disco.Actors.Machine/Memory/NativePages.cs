using System.Runtime.InteropServices;
using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Machine.Memory;

/// <summary>
/// A large zeroed stretch of native memory of which the host only gives what is touched. Saved as the pages that are
/// not all zero, so that equal contents give equal states however they came to be.
/// </summary>
internal sealed unsafe class NativePages
{
    private const ulong End = ulong.MaxValue;

    private readonly string _name;
    private readonly ulong[] _touched;

    /// <param name="name">Of the field in states.</param>
    /// <param name="bytes">Rounded up to whole pages.</param>
    public NativePages(string name, ulong bytes)
    {
        _name = name;
        Pages = (long)((bytes + Page.Bytes - 1) / Page.Bytes);
        Base = (byte*)NativeMemory.AllocZeroed((nuint)Pages, Page.Bytes);
        _touched = new ulong[(Pages + 63) / 64];
    }

    ~NativePages() => NativeMemory.Free(Base);

    public byte* Base { get; }

    public long Pages { get; }

    /// <summary>Notes that the page of a byte offset may hold something. Must precede every write.</summary>
    public void Touch(ulong offset)
    {
        ulong page = offset >> Page.Shift;
        _touched[page >> 6] |= 1UL << (int)page;
    }

    /// <summary>Notes the same of all pages; for memory written behind this object's back.</summary>
    public void TouchAll() => Array.Fill(_touched, ulong.MaxValue);

    /// <summary>The first byte offsets of pages that may hold something, in ascending order.</summary>
    public IEnumerable<ulong> Touched()
    {
        for (long page = 0; page < Pages; page++)
        {
            if ((_touched[page >> 6] & (1UL << (int)page)) != 0)
            {
                yield return (ulong)page << Page.Shift;
            }
        }
    }

    /// <summary>Makes everything zero.</summary>
    public void Clear()
    {
        for (long page = 0; page < Pages; page++)
        {
            if ((_touched[page >> 6] & (1UL << (int)page)) != 0)
            {
                PageAt(page).Clear();
            }
        }
        Array.Clear(_touched);
    }

    public void Save(StateWriter writer)
    {
        for (long page = 0; page < Pages; page++)
        {
            if ((_touched[page >> 6] & (1UL << (int)page)) == 0)
            {
                continue;
            }
            ReadOnlySpan<byte> bytes = PageAt(page);
            if (bytes.ContainsAnyExcept((byte)0))
            {
                writer.Write(_name, (ulong)page);
                writer.Write(_name, bytes);
            }
        }
        writer.Write(_name, End);
    }

    public void Load(StateReader reader)
    {
        Clear();
        for (ulong page = reader.ReadUInt64(_name); page != End; page = reader.ReadUInt64(_name))
        {
            Touch(page << Page.Shift);
            reader.ReadBytes(_name, PageAt((long)page));
        }
    }

    private Span<byte> PageAt(long page) => new(Base + (page << Page.Shift), Page.Bytes);
}
