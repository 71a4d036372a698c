using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Disco.Actors.Core;

namespace Disco.Actors.Machine.Mips;

/// <summary>
/// A translation the core has made use of: where in host memory a granule of virtual addresses is now, and what may
/// be done there. No more than a load or a store that hits reads, so that the host's near caches hold many.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DataEntry
{
    /// <summary>
    /// Virtual address of the granule, with <see cref="DataCache.ReadOnly"/>. In a place without an entry the address
    /// of a granule whose place is another one.
    /// </summary>
    public ulong Tag;

    /// <summary>Host address minus virtual address.</summary>
    public nint Addend;
}

/// <summary>
/// Direct-mapped translation caches in front of the TLB and the port, one per mode (and one for kernel mode with ERL,
/// whose address map differs), each with a few victims: entries that lost their place to another granule. Derived
/// state: neither saved nor visible in time. An entry never outlives the copy or the permission it stands for.
/// </summary>
/// <remarks>
/// A port whose granules come and go often names each by a slot (a frame of its first-level cache). A slot has at most
/// one entry here, and table and slots point at each other, so that a granule that goes takes its entry along without a
/// search. Without slots an entry is searched for.
/// </remarks>
internal sealed unsafe class DataCache
{
    public const int Tables = 4;

    /// <summary>Log2 of the size of an entry.</summary>
    public const int EntryShift = 4;

    /// <summary>
    /// Mark in <see cref="DataEntry.Tag"/>: no stores. Between the bits of an alignment and those of a granule, so that
    /// a load's mask lets it pass and a masked address never has it.
    /// </summary>
    public const ulong ReadOnly = 8;

    /// <summary>Mark in the physical address of a granule: translated for one address space only.</summary>
    public const ulong LocalPage = 1;

    // Victims of a table: two streams whose addresses differ by a multiple of the table's reach take turns in one
    // place, and each finds its entry among the victims. What left place p can only be victim p modulo their number.
    private const int VictimsOfTable = 64;

    // All tables, one behind the other, and then all victims; a place counts through both.
    private readonly DataEntry[] _all;
    private readonly DataEntry* _first;
    private readonly int _victims;

    // The physical address of the granule in each place, with the mark; 0 where there is no entry.
    private readonly ulong[] _physical;

    // The slot of each place and the place of each slot. Of the slots the last stands for none.
    private readonly int[] _allLinks;
    private readonly int* _slotOf;
    private readonly int* _placeOf;
    private readonly int _noSlot;

    private readonly int _shift;
    private readonly int _entryBits;
    private readonly int _indexMask;
    private readonly ulong _granuleMask;
    private uint _tablesUsed;

    // Entries found among the victims; every eighth is put back in its place.
    private uint _revivals;

    /// <param name="granuleShift">Log2 of the bytes of a granule.</param>
    /// <param name="entries">Of each table.</param>
    /// <param name="slots">The port's, or 0.</param>
    public DataCache(int granuleShift, int entries, int slots)
    {
        Invariant.Holds(BitOperations.IsPow2(entries) && entries >= VictimsOfTable && 1UL << granuleShift > ReadOnly);
        _shift = granuleShift;
        _entryBits = BitOperations.Log2((uint)entries);
        _indexMask = entries - 1;
        _granuleMask = ~((1UL << granuleShift) - 1);
        _victims = Tables * entries;
        _noSlot = slots;
        int places = _victims + (Tables * VictimsOfTable);
        _all = GC.AllocateArray<DataEntry>(places, pinned: true);
        _first = (DataEntry*)Marshal.UnsafeAddrOfPinnedArrayElement(_all, 0);
        _physical = new ulong[places];
        _allLinks = GC.AllocateArray<int>(places + slots + 1, pinned: true);
        _slotOf = (int*)Marshal.UnsafeAddrOfPinnedArrayElement(_allLinks, 0);
        _placeOf = _slotOf + places;
        Clear(0, places);
    }

    public DataEntry* Table(int table) => _first + (table << _entryBits);

    /// <summary>
    /// The entry of an address with the right asked for, in its place or among the victims; null when there is none.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public DataEntry* Find(int table, ulong address, bool toWrite)
    {
        ulong tag = address & _granuleMask;
        int place = PlaceOf(table, address);
        DataEntry* entry = _first + place;
        if (Has(entry, tag, toWrite))
        {
            return entry;
        }
        int victimPlace = VictimOf(place);
        DataEntry* victim = _first + victimPlace;
        if (!Has(victim, tag, toWrite))
        {
            return null;
        }
        // Not every time: of two streams that take turns, one keeps the place.
        if ((++_revivals & 7) == 0)
        {
            (*entry, *victim) = (*victim, *entry);
            (_physical[place], _physical[victimPlace]) = (_physical[victimPlace], _physical[place]);
            int slot = _slotOf[place];
            Join(place, _slotOf[victimPlace]);
            Join(victimPlace, slot);
            return entry;
        }
        return victim;
    }

    /// <summary>The physical address of an entry's granule.</summary>
    public ulong PhysicalOf(DataEntry* entry) => _physical[entry - _first] & ~LocalPage;

    /// <summary>Enters a granule; what was in its place becomes a victim.</summary>
    /// <param name="table">The mode's.</param>
    /// <param name="address">Virtual, anywhere in the granule.</param>
    /// <param name="physical">The same byte's.</param>
    /// <param name="host">The same byte.</param>
    /// <param name="writable">Whether stores may use it, too.</param>
    /// <param name="local">Translated for one address space only.</param>
    /// <param name="slot">The port's name for the granule; any when it has none.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fill(int table, ulong address, ulong physical, byte* host, bool writable, bool local, int slot)
    {
        ulong tag = address & _granuleMask;
        int place = PlaceOf(table, address);
        DataEntry* entry = _first + place;
        _tablesUsed |= 1U << table;
        if (!Has(entry, tag, toWrite: false))
        {
            int victimPlace = VictimOf(place);
            _first[victimPlace] = *entry;
            _physical[victimPlace] = _physical[place];
            Join(victimPlace, _slotOf[place]);
        }
        entry->Tag = writable ? tag : tag | ReadOnly;
        entry->Addend = (nint)host - (nint)address;
        _physical[place] = (physical & _granuleMask) | (local ? LocalPage : 0);
        if (_noSlot == 0)
        {
            return;
        }
        int other = _placeOf[slot];
        if (_slotOf[other] == slot && other != place)
        {
            Forget(other);
        }
        Join(place, slot);
    }

    /// <summary>Forgets the granule in a slot of the port.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void DropSlot(int slot)
    {
        int place = _placeOf[slot];
        if (_slotOf[place] == slot)
        {
            Forget(place);
        }
    }

    /// <summary>Forgets the right to write the granule in a slot of the port.</summary>
    public void DropSlotWrite(int slot)
    {
        int place = _placeOf[slot];
        if (_slotOf[place] == slot)
        {
            _first[place].Tag |= ReadOnly;
        }
    }

    /// <summary>Forgets a physical range, or only the right to write it, by searching all entries.</summary>
    public void Drop(ulong physical, int lengthBytes, bool writeOnly)
    {
        ulong first = physical & _granuleMask;
        ulong bytes = physical + (ulong)lengthBytes - first;
        for (int table = 0; table < Tables; table++)
        {
            if ((_tablesUsed >> table & 1) != 0)
            {
                DropPlaces(table << _entryBits, _indexMask + 1, first, bytes, writeOnly);
                DropPlaces(_victims + (table * VictimsOfTable), VictimsOfTable, first, bytes, writeOnly);
            }
        }
    }

    /// <summary>Forgets a virtual range, which starts at a granule.</summary>
    public void DropVirtual(ulong address, ulong lengthBytes)
    {
        for (int table = 0; table < Tables; table++)
        {
            if ((_tablesUsed >> table & 1) == 0)
            {
                continue;
            }
            if (lengthBytes >> _shift > (ulong)_indexMask)
            {
                Clear(table);
                continue;
            }
            for (ulong at = 0; at < lengthBytes; at += 1UL << _shift)
            {
                int place = PlaceOf(table, address + at);
                ForgetVirtual(place, address + at);
                ForgetVirtual(VictimOf(place), address + at);
            }
        }
    }

    /// <summary>Forgets what belongs to one address space.</summary>
    public void DropLocal()
    {
        for (int table = 0; table < Tables; table++)
        {
            if ((_tablesUsed >> table & 1) != 0)
            {
                ForgetLocal(table << _entryBits, _indexMask + 1);
                ForgetLocal(_victims + (table * VictimsOfTable), VictimsOfTable);
            }
        }
    }

    public void Clear()
    {
        for (int table = 0; table < Tables; table++)
        {
            if ((_tablesUsed >> table & 1) != 0)
            {
                Clear(table);
            }
        }
    }

    private void Clear(int table)
    {
        _tablesUsed &= ~(1U << table);
        Clear(table << _entryBits, _indexMask + 1);
        Clear(_victims + (table * VictimsOfTable), VictimsOfTable);
    }

    private void Clear(int firstPlace, int count)
    {
        for (int place = firstPlace; place < firstPlace + count; place++)
        {
            _first[place].Tag = TagOfNone(place);
        }
        Array.Clear(_physical, firstPlace, count);
        new Span<int>(_slotOf + firstPlace, count).Fill(_noSlot);
    }

    private static bool Has(DataEntry* entry, ulong tag, bool toWrite) =>
        (toWrite ? entry->Tag : entry->Tag & ~ReadOnly) == tag;

    // No address of its neighbour's place is looked for in a place.
    private ulong TagOfNone(int place) => ((ulong)(place ^ 1) << _shift) | ReadOnly;

    private int PlaceOf(int table, ulong address) => (table << _entryBits) + ((int)(address >> _shift) & _indexMask);

    private int VictimOf(int place) =>
        _victims + ((place >> _entryBits) * VictimsOfTable) + (place & (VictimsOfTable - 1));

    private void Join(int place, int slot)
    {
        _slotOf[place] = slot;
        _placeOf[slot] = place;
    }

    private void Forget(int place)
    {
        _first[place].Tag = TagOfNone(place);
        _physical[place] = 0;
        _slotOf[place] = _noSlot;
    }

    private void ForgetVirtual(int place, ulong tag)
    {
        if (Has(_first + place, tag, toWrite: false))
        {
            Forget(place);
        }
    }

    private void ForgetLocal(int firstPlace, int count)
    {
        for (int place = firstPlace; place < firstPlace + count; place++)
        {
            if ((_physical[place] & LocalPage) != 0)
            {
                Forget(place);
            }
        }
    }

    private void DropPlaces(int firstPlace, int count, ulong physical, ulong bytes, bool writeOnly)
    {
        for (int place = firstPlace; place < firstPlace + count; place++)
        {
            if ((_physical[place] & ~LocalPage) - physical >= bytes)
            {
                continue;
            }
            if (writeOnly)
            {
                _first[place].Tag |= ReadOnly;
            }
            else
            {
                Forget(place);
            }
        }
    }
}
