using Disco.Actors.Core;

namespace Disco.Actors.Machine.Mips;

/// <summary>
/// The fully associative TLB. A lookup tries the entry that matched last for this page and then scans; among
/// duplicates the lowest index wins, since a duplicate must not machine-check (board spec 2.5).
/// </summary>
public sealed class TranslationBuffer
{
    /// <summary>The bits of an address that take part in a match: R and VPN2 of a 40-bit segment.</summary>
    public const ulong TagMask = 0xC000_00FF_FFFF_E000;

    private readonly TlbEntry[] _entries;
    private readonly byte[] _hints = new byte[64];
    private SeededRandom _random;

    public TranslationBuffer(int entries, ulong seed)
    {
        _entries = new TlbEntry[entries];
        _random = new SeededRandom(seed);
        for (int i = 0; i < entries; i++)
        {
            _entries[i].Hidden = true;
        }
    }

    public int Length => _entries.Length;

    public ref readonly TlbEntry this[int index] => ref _entries[index];

    public void Write(int index, in TlbEntry entry)
    {
        _entries[index] = entry;
        Array.Clear(_hints);
    }

    /// <summary>What matched last says nothing in another address space.</summary>
    public void ForgetHints() => Array.Clear(_hints);

    /// <summary>The matching entry's index, or -1.</summary>
    public int Find(ulong address, byte asid)
    {
        int hint = _hints[(int)(address >> 12) & 63];
        if (Matches(hint, address, asid) && hint != 0)
        {
            return hint;
        }
        for (int i = 0; i < _entries.Length; i++)
        {
            if (Matches(i, address, asid))
            {
                _hints[(int)(address >> 12) & 63] = (byte)i;
                return i;
            }
        }
        return -1;
    }

    /// <summary>TLBWR's choice: any index from <paramref name="wired"/> up.</summary>
    public int ChooseVictim(int wired) =>
        wired >= Length ? Length - 1 : wired + _random.Below(Length - wired);

    /// <summary>What <see cref="ChooseVictim"/> would say, without choosing: the Random register.</summary>
    public int PeekVictim(int wired)
    {
        SeededRandom copy = _random;
        return wired >= Length ? Length - 1 : wired + copy.Below(Length - wired);
    }

    public void Save(StateWriter writer)
    {
        writer.Write("tlb.random", _random.State);
        for (int i = 0; i < _entries.Length; i++)
        {
            ref TlbEntry entry = ref _entries[i];
            writer.Write("tlb.tag", entry.Tag);
            writer.Write("tlb.mask", (ulong)entry.PageMask | ((ulong)entry.Asid << 32)
                | (entry.Global ? 1UL << 40 : 0) | (entry.Hidden ? 1UL << 41 : 0));
            writer.Write("tlb.even", entry.Even);
            writer.Write("tlb.odd", entry.Odd);
        }
    }

    public void Load(StateReader reader)
    {
        _random.State = reader.ReadUInt64("tlb.random");
        Array.Clear(_hints);
        for (int i = 0; i < _entries.Length; i++)
        {
            ref TlbEntry entry = ref _entries[i];
            entry.Tag = reader.ReadUInt64("tlb.tag");
            ulong packed = reader.ReadUInt64("tlb.mask");
            entry.PageMask = (uint)packed;
            entry.Asid = (byte)(packed >> 32);
            entry.Global = (packed >> 40 & 1) != 0;
            entry.Hidden = (packed >> 41 & 1) != 0;
            entry.Even = reader.ReadUInt64("tlb.even");
            entry.Odd = reader.ReadUInt64("tlb.odd");
        }
    }

    private bool Matches(int index, ulong address, byte asid)
    {
        ref TlbEntry entry = ref _entries[index];
        return ((address ^ entry.Tag) & TagMask & ~entry.OffsetMask) == 0
            && !entry.Hidden && (entry.Global || entry.Asid == asid);
    }
}
