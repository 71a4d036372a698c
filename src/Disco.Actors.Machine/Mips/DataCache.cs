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
/// or the permission it stands for: entries are also chained by physical granule, so that a granule that goes takes its
/// entries along without a search.
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

    // Mark in DataEntry.Physical: the entry is in the chain of its physical granule.
    private const ulong Chained = 2;
    private const ulong Marks = LocalPage | Chained;

    // All tables, one behind the other; an entry's number is its place from 1, 0 ends a chain.
    private readonly DataEntry[] _all;
    private readonly DataEntry* _first;
    private readonly int[] _heads;
    private readonly int[] _nexts;
    private readonly bool[] _used = new bool[Tables];
    private readonly int _shift;
    private readonly int _entries;

    public DataCache(int granuleShift, int entries)
    {
        _shift = granuleShift;
        _entries = entries;
        _all = GC.AllocateArray<DataEntry>(Tables * entries, pinned: true);
        _first = (DataEntry*)Marshal.UnsafeAddrOfPinnedArrayElement(_all, 0);
        _heads = new int[entries];
        _nexts = new int[_all.Length + 1];
        Array.Fill(_all, new DataEntry { ReadTag = NoTag, WriteTag = NoTag });
    }

    private ulong GranuleMask => ~((1UL << _shift) - 1);

    public DataEntry* Table(int table) => _first + (table * _entries);

    /// <summary>Enters a granule; an existing right to write the same granule stays.</summary>
    public void Fill(int table, ulong address, ulong physical, byte* host, bool writable, bool local)
    {
        ulong tag = address & GranuleMask;
        int place = (table * _entries) + Index(address);
        DataEntry* entry = _first + place;
        _used[table] = true;
        entry->ReadTag = tag;
        entry->WriteTag = writable ? tag : NoTag;
        entry->Addend = (nint)host - (nint)address;
        ulong granule = (physical & GranuleMask) | Chained;
        if ((entry->Physical & ~LocalPage) != granule)
        {
            Unchain(place);
            ref int head = ref Head(granule);
            _nexts[place + 1] = head;
            head = place + 1;
        }
        entry->Physical = granule | (local ? LocalPage : 0);
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
                int place = (table * _entries) + Index(address + at);
                if (_first[place].ReadTag == address + at)
                {
                    Forget(place);
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
            int end = (table + 1) * _entries;
            for (int place = table * _entries; place < end; place++)
            {
                if ((_first[place].Physical & LocalPage) != 0)
                {
                    Forget(place);
                }
            }
        }
    }

    public void Clear()
    {
        for (int table = 0; table < Tables; table++)
        {
            if (_used[table])
            {
                _used[table] = false;
                _all.AsSpan(table * _entries, _entries).Fill(new DataEntry { ReadTag = NoTag, WriteTag = NoTag });
            }
        }
        Array.Clear(_heads);
    }

    private void Clear(int table)
    {
        int end = (table + 1) * _entries;
        for (int place = table * _entries; place < end; place++)
        {
            Forget(place);
        }
        _used[table] = false;
    }

    private void Forget(int place)
    {
        Unchain(place);
        DataEntry* entry = _first + place;
        entry->ReadTag = NoTag;
        entry->WriteTag = NoTag;
        entry->Physical = 0;
    }

    private int Index(ulong address) => (int)(address >> _shift) & (_entries - 1);

    private ref int Head(ulong physical) => ref _heads[Index(physical)];

    private void Unchain(int place)
    {
        ulong physical = _first[place].Physical;
        if ((physical & Chained) == 0)
        {
            return;
        }
        ref int link = ref Head(physical);
        while (link != place + 1)
        {
            link = ref _nexts[link];
        }
        link = _nexts[place + 1];
    }

    private void DropGranule(ulong physical, bool writeOnly)
    {
        ref int link = ref Head(physical);
        while (link != 0)
        {
            int number = link;
            DataEntry* entry = _first + (number - 1);
            if ((entry->Physical & ~Marks) != physical)
            {
                link = ref _nexts[number];
                continue;
            }
            entry->WriteTag = NoTag;
            if (writeOnly)
            {
                link = ref _nexts[number];
                continue;
            }
            entry->ReadTag = NoTag;
            entry->Physical = 0;
            link = _nexts[number];
        }
    }
}
