using System.Runtime.InteropServices;
using Disco.Actors.Machine.Mips.Interpreter;

namespace Disco.Actors.Machine.Mips;

/// <summary>Where the decoded instructions of a virtual granule are: what a branch reads.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FetchEntry
{
    /// <summary>Virtual address of the granule with the fetch context in bits 5..2.</summary>
    public ulong Tag;

    /// <summary>Record of the granule's first instruction.</summary>
    public Insn* Main;
}

/// <summary>
/// Decoded blocks by physical granule, and the fetch table that finds them by virtual address. Dropping a granule
/// clears the fetch entries; the block stays and is compared with memory when it is fetched again, so that a line
/// that leaves and returns unchanged costs no decoding. Derived state.
/// </summary>
internal sealed unsafe class CodeCache
{
    private const ulong NoTag = ulong.MaxValue;
    private const int BlockBytesMax = 24 << 20;
    private const int Chains = 8192;

    private readonly FetchEntry[] _table;

    // By place in the table, the physical address of the granule, with DataCache.LocalPage.
    private readonly ulong[] _physical;
    private readonly int _shift;
    private readonly int _blocksMax;
    private readonly HandlerSet _handlers;
    private readonly ulong* _epoch;
    private readonly List<CodeBlock> _blocks = [];

    // Chains of blocks by physical granule; numbers of blocks from 1, 0 ends a chain.
    private readonly int[] _heads = new int[Chains];
    private int _blocksUsed;

    /// <param name="granuleShift">Log2 of the bytes of a granule.</param>
    /// <param name="entries">Of the fetch table, a power of two.</param>
    /// <param name="handlers">The core's.</param>
    /// <param name="epoch">What changes with the fetch table: <see cref="Reg.FetchEpoch"/>.</param>
    public CodeCache(int granuleShift, int entries, HandlerSet handlers, ulong* epoch)
    {
        _epoch = epoch;
        _shift = granuleShift;
        _handlers = handlers;
        _table = GC.AllocateArray<FetchEntry>(entries, pinned: true);
        _physical = new ulong[entries];
        _blocksMax = BlockBytesMax / (sizeof(Insn) * 3 * Words);
        ClearTable();
    }

    /// <summary>What counts how often a place is reached starts here; see <see cref="Reg.Heat"/>.</summary>
    public long Heat { get; set; } = long.MaxValue;

    /// <summary>To be called before blocks are forgotten.</summary>
    public Action? BeforeClear { get; set; }

    public int Words => 1 << (_shift - 2);

    public ulong OffsetMask => (1UL << _shift) - 1;

    public FetchEntry* Table => (FetchEntry*)Marshal.UnsafeAddrOfPinnedArrayElement(_table, 0);

    public CodeBlock BlockOf(Insn* record) => _blocks[CodeBlock.NumberOf(record, Words)];

    /// <summary>The first record of the granule at a virtual address, null when it must be fetched.</summary>
    public Insn* Find(ulong pc, ulong context)
    {
        ref FetchEntry entry = ref _table[Index(pc)];
        return entry.Tag == ((pc & ~OffsetMask) | context) ? entry.Main : null;
    }

    /// <summary>
    /// Enters a granule that was fetched; <paramref name="host"/> is its first byte. <paramref name="fresh"/> tells
    /// that nothing of it was decoded before.
    /// </summary>
    public Insn* Enter(ulong pc, ulong context, ulong physical, uint variant, byte* host, bool local, out bool fresh)
    {
        CodeBlock block = BlockFor(physical, variant, host, out fresh);
        NextEpoch();
        int place = Index(pc);
        ref FetchEntry entry = ref _table[place];
        entry.Tag = (pc & ~OffsetMask) | context;
        entry.Main = block.Main(0);
        _physical[place] = physical | (local ? DataCache.LocalPage : 0);
        return entry.Main;
    }

    /// <summary>True when instructions of the range are decoded.</summary>
    public bool Holds(ulong physical, int lengthBytes)
    {
        for (ulong at = physical & ~OffsetMask; at < physical + (ulong)lengthBytes; at += OffsetMask + 1)
        {
            for (int number = Head(at); number != 0; number = _blocks[number - 1].Next)
            {
                if (_blocks[number - 1].Physical == at)
                {
                    return true;
                }
            }
        }
        return false;
    }

    /// <summary>The word at a physical address was stored to: what was decoded from it is forgotten.</summary>
    public void Written(ulong physical, uint rawWord)
    {
        for (int number = Head(physical); number != 0; number = _blocks[number - 1].Next)
        {
            CodeBlock block = _blocks[number - 1];
            if (block.Physical == (physical & ~OffsetMask) && block.Current)
            {
                block.Rewrite((int)(physical & OffsetMask) >> 2, rawWord, _handlers);
            }
        }
    }

    /// <summary>The range must be fetched again before it executes again; true when something was entered.</summary>
    public bool Drop(ulong physical, int lengthBytes)
    {
        bool any = false;
        for (ulong at = physical & ~OffsetMask; at < physical + (ulong)lengthBytes; at += OffsetMask + 1)
        {
            for (int number = Head(at); number != 0; number = _blocks[number - 1].Next)
            {
                CodeBlock block = _blocks[number - 1];
                if (block.Physical == at)
                {
                    block.Current = false;
                    any = true;
                }
            }
            if (any)
            {
                DropEntries(at);
            }
        }
        return any;
    }

    public void DropVirtual(ulong address, ulong lengthBytes)
    {
        NextEpoch();
        if (lengthBytes >> _shift >= (ulong)_table.Length)
        {
            ClearTable();
            return;
        }
        for (ulong at = 0; at < lengthBytes; at += OffsetMask + 1)
        {
            ref FetchEntry entry = ref _table[Index(address + at)];
            if ((entry.Tag & ~OffsetMask) == ((address + at) & ~OffsetMask))
            {
                entry.Tag = NoTag;
            }
        }
    }

    public void DropLocal()
    {
        NextEpoch();
        for (int i = 0; i < _table.Length; i++)
        {
            if ((_physical[i] & DataCache.LocalPage) != 0)
            {
                _table[i].Tag = NoTag;
            }
        }
    }

    public void ClearTable()
    {
        NextEpoch();
        for (int i = 0; i < _table.Length; i++)
        {
            _table[i].Tag = NoTag;
        }
    }

    /// <summary>Forgets every block: after the state was loaded, or when they take too much memory.</summary>
    public void ClearBlocks()
    {
        BeforeClear?.Invoke();
        ClearTable();
        Array.Clear(_heads);
        _blocksUsed = 0;
    }

    // The context is below.
    private void NextEpoch() => *_epoch += 256;

    private ref int Head(ulong physical) => ref _heads[(int)(physical >> _shift) & (Chains - 1)];

    private int Index(ulong address) => (int)(address >> _shift) & (_table.Length - 1);

    private CodeBlock BlockFor(ulong physical, uint variant, byte* host, out bool fresh)
    {
        fresh = false;
        for (int number = Head(physical); number != 0; number = _blocks[number - 1].Next)
        {
            CodeBlock known = _blocks[number - 1];
            if (known.Physical == physical && known.Variant == variant)
            {
                if (!known.Current)
                {
                    known.Refresh(host, _handlers);
                }
                return known;
            }
        }
        if (_blocksUsed == _blocksMax)
        {
            ClearBlocks();
        }
        if (_blocksUsed == _blocks.Count)
        {
            _blocks.Add(new CodeBlock(Words, _blocks.Count));
        }
        CodeBlock block = _blocks[_blocksUsed];
        block.Reset(physical, variant, host, _handlers, Heat);
        ref int head = ref Head(physical);
        block.Next = head;
        head = ++_blocksUsed;
        fresh = true;
        return block;
    }

    private void DropEntries(ulong physical)
    {
        NextEpoch();
        // Above the page offset the index may be anything.
        int step = _shift >= 12 ? 1 : 1 << (12 - _shift);
        for (int i = (int)(physical >> _shift) & (step - 1); i < _table.Length; i += step)
        {
            if ((_physical[i] & ~DataCache.LocalPage) == physical)
            {
                _table[i].Tag = NoTag;
            }
        }
    }
}

/// <summary>What of the processor's state decoding depends on; in the low bits of a block's key.</summary>
internal static class CodeVariant
{
    public const uint Fr = 1;
    public const uint Wide = 2;

    /// <summary>Instructions of a doubleword come in the other order.</summary>
    public const uint Reversed = 4;

    public static uint Of(uint status) =>
        ((status & StatusBits.Fr) != 0 ? Fr : 0)
        | (StatusBits.WideOperations(status) ? Wide : 0)
        | (StatusBits.IsReversed(status) ? Reversed : 0);
}
