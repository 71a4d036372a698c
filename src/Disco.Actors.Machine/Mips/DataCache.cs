using System.Runtime.InteropServices;

namespace Disco.Actors.Machine.Mips;

/// <summary>
/// A translation the core has made use of: where in host memory a granule of virtual addresses is now, and what may
/// be done there. A tag that differs from every address marks a permission that is not there.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DataEntry
{
    public ulong ReadTag;
    public ulong WriteTag;

    /// <summary>Host address minus virtual address.</summary>
    public nint Addend;

    /// <summary>Physical address of the granule, with <see cref="DataCache.LocalPage"/> in bit 0.</summary>
    public ulong Physical;
}

/// <summary>
/// Direct-mapped translation caches in front of the TLB and the port, one per mode (and one for kernel mode with ERL,
/// whose address map differs). Derived state: neither saved nor visible in time. An entry never outlives the copy
/// or the permission it stands for.
/// </summary>
internal sealed unsafe class DataCache
{
    public const int Tables = 4;

    /// <summary>Log2 of the size of an entry.</summary>
    public const int EntryShift = 5;

    /// <summary>No masked address has all bits set, since a mask always clears some.</summary>
    public const ulong NoTag = ulong.MaxValue;

    /// <summary>Mark in <see cref="DataEntry.Physical"/>: translated for one address space only.</summary>
    public const ulong LocalPage = 1;

    private const int PageShift = 12;

    private readonly DataEntry[][] _tables = new DataEntry[Tables][];
    private readonly bool[] _used = new bool[Tables];
    private readonly int _shift;
    private readonly int _entries;

    public DataCache(int granuleShift, int entries)
    {
        _shift = granuleShift;
        _entries = entries;
        for (int i = 0; i < Tables; i++)
        {
            _tables[i] = GC.AllocateArray<DataEntry>(entries, pinned: true);
            Array.Fill(_tables[i], new DataEntry { ReadTag = NoTag, WriteTag = NoTag });
        }
    }

    private ulong GranuleMask => ~((1UL << _shift) - 1);

    public DataEntry* Table(int table) => (DataEntry*)Marshal.UnsafeAddrOfPinnedArrayElement(_tables[table], 0);

    /// <summary>Enters a granule; an existing right to write the same granule stays.</summary>
    public void Fill(int table, ulong address, ulong physical, byte* host, bool writable, bool local)
    {
        ulong tag = address & GranuleMask;
        ref DataEntry entry = ref _tables[table][Index(address)];
        _used[table] = true;
        entry.ReadTag = tag;
        entry.WriteTag = writable ? tag : NoTag;
        entry.Addend = (nint)host - (nint)address;
        entry.Physical = (physical & GranuleMask) | (local ? LocalPage : 0);
    }

    /// <summary>Forgets a physical range, or only the right to write it.</summary>
    public void Drop(ulong physical, int lengthBytes, bool writeOnly)
    {
        for (ulong at = physical & GranuleMask; at < physical + (ulong)lengthBytes; at += 1UL << _shift)
        {
            DropGranule(at, writeOnly);
        }
    }

    /// <summary>Forgets a virtual range, which starts at a granule.</summary>
    public void DropVirtual(ulong address, ulong lengthBytes)
    {
        for (int table = 0; table < Tables; table++)
        {
            if (!_used[table])
            {
                continue;
            }
            if (lengthBytes >> _shift >= (ulong)_entries)
            {
                Clear(table);
                continue;
            }
            for (ulong at = 0; at < lengthBytes; at += 1UL << _shift)
            {
                ref DataEntry entry = ref _tables[table][Index(address + at)];
                if (entry.ReadTag == address + at)
                {
                    Forget(ref entry);
                }
            }
        }
    }

    /// <summary>Forgets what belongs to one address space.</summary>
    public void DropLocal()
    {
        for (int table = 0; table < Tables; table++)
        {
            if (!_used[table])
            {
                continue;
            }
            DataEntry[] entries = _tables[table];
            for (int i = 0; i < entries.Length; i++)
            {
                if ((entries[i].Physical & LocalPage) != 0)
                {
                    Forget(ref entries[i]);
                }
            }
        }
    }

    public void Clear()
    {
        for (int table = 0; table < Tables; table++)
        {
            Clear(table);
        }
    }

    private void Clear(int table)
    {
        if (_used[table])
        {
            _used[table] = false;
            Array.Fill(_tables[table], new DataEntry { ReadTag = NoTag, WriteTag = NoTag });
        }
    }

    private static void Forget(ref DataEntry entry)
    {
        entry.ReadTag = NoTag;
        entry.WriteTag = NoTag;
        entry.Physical = 0;
    }

    private int Index(ulong address) => (int)(address >> _shift) & (_entries - 1);

    // The bits of the index above the page offset may be anything: pages are mapped anywhere.
    private void DropGranule(ulong physical, bool writeOnly)
    {
        int step = _shift >= PageShift ? 1 : 1 << (PageShift - _shift);
        int first = (int)(physical >> _shift) & (step - 1);
        for (int table = 0; table < Tables; table++)
        {
            if (!_used[table])
            {
                continue;
            }
            for (int i = first; i < _entries; i += step)
            {
                ref DataEntry entry = ref _tables[table][i];
                if (entry.ReadTag != NoTag && (entry.Physical & ~LocalPage) == physical)
                {
                    entry.WriteTag = NoTag;
                    if (!writeOnly)
                    {
                        Forget(ref entry);
                    }
                }
            }
        }
    }
}
