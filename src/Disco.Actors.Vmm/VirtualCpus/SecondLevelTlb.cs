using Disco.Actors.Core;
using Disco.Actors.Machine.Mips;

namespace Disco.Actors.Vmm.VirtualCpus;

/// <summary>
/// The second-level software TLB of one virtual CPU: recent translations of 4 KB pages from virtual to machine
/// addresses, already merged with the pmap. A hit costs the guest nothing but the monitor's short handler; so a guest
/// seems to have a much larger TLB than the machine's. Set-associative. [Disco 4.2.2]
/// </summary>
public sealed class SecondLevelTlb
{
    public const int Ways = 4;

    private const ulong TagMask = 0xC000_00FF_FFFF_F000;
    private const ulong UsedBit = 1;
    private const ulong GlobalBit = 2;

    private readonly int _sets;

    // A key is the page's address with the address space in bits 11..4 and the two marks; null until the first use.
    private Entry[]? _entries;
    private byte[]? _next;

    /// <param name="entries">A power of two of at least <see cref="Ways"/>; 0 for none.</param>
    public SecondLevelTlb(int entries) => _sets = entries / Ways;

    public bool Exists => _sets > 0;

    /// <summary>The translation of a page, in the form of EntryLo; 0 when it is not here.</summary>
    public ulong Find(ulong address, byte asid, out bool global, out PhysicalPage page)
    {
        if (_entries is not null)
        {
            int first = Set(address) * Ways;
            for (int i = first; i < first + Ways; i++)
            {
                ref Entry entry = ref _entries[i];
                if (Matches(entry.Key, address, asid))
                {
                    global = (entry.Key & GlobalBit) != 0;
                    page = new PhysicalPage(entry.Page);
                    return entry.Low;
                }
            }
        }
        global = false;
        page = default;
        return 0;
    }

    public void Insert(ulong address, byte asid, bool global, ulong entryLow, PhysicalPage page)
    {
        if (!Exists)
        {
            return;
        }
        _entries ??= new Entry[_sets * Ways];
        _next ??= new byte[_sets];
        int set = Set(address);
        int way = 0;
        while (way < Ways && !Matches(_entries[(set * Ways) + way].Key, address, asid))
        {
            way++;
        }
        if (way == Ways)
        {
            way = _next[set];
            _next[set] = (byte)((way + 1) % Ways);
        }
        _entries[(set * Ways) + way] = new Entry
        {
            Key = (address & TagMask) | ((ulong)asid << 4) | UsedBit | (global ? GlobalBit : 0),
            Low = entryLow,
            Page = page.Number,
        };
    }

    /// <summary>Forgets a virtual page of an address space, or in all of them.</summary>
    public void Drop(ulong address, byte asid, bool global)
    {
        if (_entries is null)
        {
            return;
        }
        int first = Set(address) * Ways;
        for (int i = first; i < first + Ways; i++)
        {
            ulong key = _entries[i].Key;
            if ((key & UsedBit) != 0 && ((key ^ address) & TagMask) == 0
                && (global || (key & GlobalBit) != 0 || (byte)(key >> 4) == asid))
            {
                _entries[i].Key = 0;
            }
        }
    }

    /// <summary>Forgets whatever translates to a physical page.</summary>
    public void DropPage(PhysicalPage page)
    {
        for (int i = 0; _entries is not null && i < _entries.Length; i++)
        {
            if (_entries[i].Page == page.Number)
            {
                _entries[i].Key = 0;
            }
        }
    }

    /// <summary>True when something translates to a physical page, or lets it be written.</summary>
    public bool Knows(PhysicalPage page, bool toWrite)
    {
        ulong right = toWrite ? EntryLo.Dirty : EntryLo.Valid;
        for (int i = 0; _entries is not null && i < _entries.Length; i++)
        {
            ref Entry entry = ref _entries[i];
            if ((entry.Key & UsedBit) != 0 && entry.Page == page.Number && (entry.Low & right) != 0)
            {
                return true;
            }
        }
        return false;
    }

    public void Clear()
    {
        if (_entries is not null)
        {
            Array.Clear(_entries);
        }
    }

    public void Save(StateWriter writer)
    {
        long used = 0;
        for (int i = 0; _entries is not null && i < _entries.Length; i++)
        {
            used += _entries[i].Key != 0 ? 1 : 0;
        }
        writer.Write("l2tlb.touched", _entries is not null);
        writer.Write("l2tlb.count", used);
        for (int i = 0; _entries is not null && i < _entries.Length; i++)
        {
            if (_entries[i].Key != 0)
            {
                writer.Write("l2tlb.at", (long)i);
                writer.Write("l2tlb.key", _entries[i].Key);
                writer.Write("l2tlb.low", _entries[i].Low);
                writer.Write("l2tlb.page", (ulong)_entries[i].Page);
            }
        }
        writer.Write("l2tlb.next", _next ?? []);
    }

    public void Load(StateReader reader)
    {
        bool touched = reader.ReadBool("l2tlb.touched");
        _entries = touched ? new Entry[_sets * Ways] : null;
        _next = touched ? new byte[_sets] : null;
        long used = reader.ReadInt64("l2tlb.count");
        for (long i = 0; i < used; i++)
        {
            int at = reader.ReadInt32("l2tlb.at");
            _entries![at].Key = reader.ReadUInt64("l2tlb.key");
            _entries[at].Low = reader.ReadUInt64("l2tlb.low");
            _entries[at].Page = (uint)reader.ReadUInt64("l2tlb.page");
        }
        reader.ReadBytes("l2tlb.next", _next ?? []);
    }

    private static bool Matches(ulong key, ulong address, byte asid) =>
        (key & UsedBit) != 0 && ((key ^ address) & TagMask) == 0
        && ((key & GlobalBit) != 0 || (byte)(key >> 4) == asid);

    // The bits above the index are folded in: kernel and user pages of one offset do not compete.
    private int Set(ulong address)
    {
        ulong number = address >> 12;
        return (int)((number ^ (number >> 12)) & (ulong)(_sets - 1));
    }

    private struct Entry
    {
        public ulong Key;
        public ulong Low;
        public uint Page;
    }
}
