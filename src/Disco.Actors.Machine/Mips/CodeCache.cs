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
/// What one core has of the decoded blocks: the fetch table finds them by virtual address. Dropping a granule clears
/// the fetch entries; the block stays, so that a line that leaves and returns unchanged costs no decoding. Derived
/// state.
/// </summary>
internal sealed unsafe class CodeCache
{
    /// <summary>
    /// So many stores over instructions that are shared, each of which makes a block, and the core has its own.
    /// </summary>
    public const int RewritesMax = 1000;

    private const ulong NoTag = ulong.MaxValue;

    private readonly FetchEntry[] _table;

    // By place in the table, the physical address of the granule, with DataCache.LocalPage.
    private readonly ulong[] _physical;
    private readonly int _shift;
    private readonly HandlerSet _handlers;
    private readonly int? _translateAfter;
    private readonly ulong* _epoch;

    // Physical addresses of the granules it has entered; those of the fetch table are among them.
    private readonly HashSet<ulong> _held = [];
    private CodeBlocks _blocks;
    private bool _isAlone;
    private int _rewrites;

    /// <param name="handlers">The core's.</param>
    /// <param name="translateAfter">See <see cref="CoreConfig.TranslateAfter"/>.</param>
    /// <param name="epoch">What changes with the fetch table: <see cref="Reg.FetchEpoch"/>.</param>
    public CodeCache(HandlerSet handlers, int? translateAfter, ulong* epoch)
    {
        _translateAfter = translateAfter;
        _epoch = epoch;
        _shift = handlers.CodeShift;
        _handlers = handlers;
        _table = GC.AllocateArray<FetchEntry>(handlers.FetchEntries, pinned: true);
        _physical = new ulong[handlers.FetchEntries];
        _blocks = NewBlocks();
        ClearTable();
    }

    public int Words => _handlers.CodeWords;

    public ulong OffsetMask => (1UL << _shift) - 1;

    public FetchEntry* Table => (FetchEntry*)Marshal.UnsafeAddrOfPinnedArrayElement(_table, 0);

    public CodeBlocks Blocks => _blocks;

    /// <summary>The first record of the granule at a virtual address, null when it must be fetched.</summary>
    public Insn* Find(ulong pc, ulong context)
    {
        ref FetchEntry entry = ref _table[Index(pc)];
        return entry.Tag == ((pc & ~OffsetMask) | context) ? entry.Main : null;
    }

    /// <summary>
    /// Enters a granule that was fetched; <paramref name="host"/> is its first byte. <paramref name="fresh"/> tells
    /// that it was not held before.
    /// </summary>
    public Insn* Enter(ulong pc, ulong context, ulong physical, uint variant, byte* host, bool local, out bool fresh)
    {
        if (_rewrites >= RewritesMax)
        {
            ClearBlocks(isAlone: true);
        }
        else if (_blocks.IsFull)
        {
            DecodeAgain();
        }
        ulong address = pc & ~OffsetMask;
        CodeBlock block = _blocks.Get(address, physical, variant, host);
        fresh = _held.Add(physical);
        NextEpoch();
        int place = Index(pc);
        ref FetchEntry entry = ref _table[place];
        entry.Tag = address | context;
        entry.Main = block.Main(0);
        _physical[place] = physical | (local ? DataCache.LocalPage : 0);
        return entry.Main;
    }

    /// <summary>True when instructions of the range may be decoded.</summary>
    public bool Holds(ulong physical, int lengthBytes)
    {
        for (ulong at = physical & ~OffsetMask; at < physical + (ulong)lengthBytes; at += OffsetMask + 1)
        {
            if (_held.Contains(at))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>
    /// The word at a physical address was stored to: what was decoded from it is forgotten. True when it has to be
    /// fetched again.
    /// </summary>
    public bool Written(ulong physical, uint rawWord)
    {
        if (_blocks is OwnBlocks own)
        {
            own.Written(physical, rawWord);
            return false;
        }
        bool held = _held.Remove(physical & ~OffsetMask);
        if (held)
        {
            DropEntries(physical & ~OffsetMask);
            _rewrites++;
        }
        return held;
    }

    /// <summary>The range must be fetched again before it executes again; true when something was entered.</summary>
    public bool Drop(ulong physical, int lengthBytes)
    {
        bool any = false;
        for (ulong at = physical & ~OffsetMask; at < physical + (ulong)lengthBytes; at += OffsetMask + 1)
        {
            if (_held.Contains(at))
            {
                any = true;
                DropEntries(at);
                (_blocks as OwnBlocks)?.Doubt(at);
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

    /// <summary>Forgets every block: after the state was loaded.</summary>
    /// <param name="isAlone">From now on no blocks are shared with other cores.</param>
    public void ClearBlocks(bool isAlone)
    {
        _isAlone = isAlone;
        _rewrites = 0;
        ClearTable();
        _held.Clear();
        _blocks = NewBlocks();
    }

    /// <summary>
    /// The handlers in use are compiled now: what is decoded again points at their code. Once or twice is enough for
    /// blocks that cores share.
    /// </summary>
    public void HandlersAreCompiled()
    {
        if (_blocks is not CommonBlocks { Generation: > 1 })
        {
            DecodeAgain();
        }
    }

    private void DecodeAgain()
    {
        if (_blocks is CommonBlocks common)
        {
            common.Replace();
        }
        ClearBlocks(_isAlone);
    }

    // The context is below.
    private void NextEpoch() => *_epoch += 256;

    private CodeBlocks NewBlocks() => !_isAlone && CommonBlocks.CanServe(_handlers)
        ? CommonBlocks.For(_handlers, _translateAfter) : new OwnBlocks(_handlers);

    private int Index(ulong address) => (int)(address >> _shift) & (_table.Length - 1);

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
