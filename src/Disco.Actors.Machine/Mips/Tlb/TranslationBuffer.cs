using System.Numerics;
using Disco.Actors.Core;

namespace Disco.Actors.Machine.Mips;

/// <summary>
/// The fully associative TLB. Among duplicates the lowest index wins, since a duplicate must not machine-check (board
/// spec 2.5).
/// </summary>
public sealed class TranslationBuffer
{
    /// <summary>The bits of an address that take part in a match: R and VPN2 of a 40-bit segment.</summary>
    public const ulong TagMask = 0xC000_00FF_FFFF_E000;

    // Set in the key of an entry that never matches, and in no address's.
    private const ulong Never = 1 << 12;

    private readonly TlbEntry[] _entries;

    // What a lookup compares, several entries at once: tag and address space of each, and which of their bits count.
    // Filled up to whole vectors with entries that never match.
    private readonly ulong[] _keys;
    private readonly ulong[] _masks;
    private SeededRandom _random;

    public TranslationBuffer(int entries, ulong seed)
    {
        _entries = new TlbEntry[entries];
        _random = new SeededRandom(seed);
        int whole = (entries + Vector<ulong>.Count - 1) / Vector<ulong>.Count * Vector<ulong>.Count;
        _keys = new ulong[whole];
        _masks = new ulong[whole];
        Array.Fill(_keys, Never);
        Array.Fill(_masks, Never);
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
        Derive(index);
    }

    /// <summary>The matching entry's index, or -1.</summary>
    public int Find(ulong address, byte asid)
    {
        Vector<ulong> key = new((address & TagMask) | asid);
        for (int i = 0; i < _keys.Length; i += Vector<ulong>.Count)
        {
            Vector<ulong> differs = (key ^ new Vector<ulong>(_keys, i)) & new Vector<ulong>(_masks, i);
            if (Vector.EqualsAny(differs, Vector<ulong>.Zero))
            {
                return i + FirstZero(differs);
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
            Derive(i);
        }
    }

    private static int FirstZero(Vector<ulong> vector)
    {
        int at = 0;
        while (vector[at] != 0)
        {
            at++;
        }
        return at;
    }

    private void Derive(int index)
    {
        ref TlbEntry entry = ref _entries[index];
        ulong asidMask = entry.Global ? 0UL : 0xFF;
        _keys[index] = entry.Hidden ? Never : (entry.Tag & TagMask) | entry.Asid;
        _masks[index] = entry.Hidden ? Never : (TagMask & ~entry.OffsetMask) | asidMask;
    }
}
