using Disco.Actors.Machine.Mips.Interpreter;
using Disco.Actors.Machine.Mips.Translation;

namespace Disco.Actors.Machine.Mips;

/// <summary>
/// Decoded blocks, and the regions that were translated from them. Derived state: what is in it, and when it is
/// forgotten, changes no result.
/// </summary>
/// <param name="handlers">Of the cores that use it.</param>
/// <param name="bytesMax">Of decoded instructions, about.</param>
internal abstract unsafe class CodeBlocks(HandlerSet handlers, int bytesMax)
{
    public const int RegionsMax = 4096;

    private readonly int _blocksMax = bytesMax / (sizeof(Insn) * 3 * handlers.CodeWords);
    private readonly List<InstalledRegion> _regions = [];
    private CodeBlock[] _blocks = new CodeBlock[64];
    private int _count;

    /// <summary>Held by whoever changes it; who executes what is in it reads it without.</summary>
    protected object Gate { get; } = new();

    protected HandlerSet Handlers { get; } = handlers;

    /// <summary>True when it takes so much memory that others should take its place.</summary>
    public bool IsFull => _count >= _blocksMax || _regions.Count >= RegionsMax;

    /// <summary>The block that a record is of.</summary>
    public CodeBlock BlockOf(Insn* record) => _blocks[CodeBlock.NumberOf(record, Handlers.CodeWords)];

    /// <summary>The block of a granule that was fetched.</summary>
    /// <param name="address">Its virtual address.</param>
    /// <param name="physical">Its physical address.</param>
    /// <param name="variant">See <see cref="CodeBlock.Variant"/>.</param>
    /// <param name="host">Its first byte.</param>
    public abstract CodeBlock Get(ulong address, ulong physical, uint variant, byte* host);

    /// <summary>Decodes a main record, unless it is.</summary>
    public void DecodeMain(Insn* record)
    {
        CodeBlock block = BlockOf(record);
        lock (Gate)
        {
            if (!block.IsDecoded(record->Index))
            {
                block.DecodeMain(record->Index);
            }
        }
    }

    /// <summary>Decodes the copy of an instruction for the delay slot it may be in, unless it is.</summary>
    public void DecodeSlot(CodeBlock block, int index)
    {
        lock (Gate)
        {
            if (block.Slot(index)->Handler == null)
            {
                block.DecodeSlot(index);
            }
        }
    }

    /// <summary>Puts a region in the place of its head's handler, unless something else was faster.</summary>
    /// <param name="region">Not installed before.</param>
    /// <param name="wider">Of the same head, whose place it takes; null when none is there.</param>
    public void Install(InstalledRegion region, InstalledRegion? wider = null)
    {
        lock (Gate)
        {
            bool isFirst = wider?.IsInstalled ?? region.Head->Region == null;
            if (isFirst && _regions.Count < RegionsMax)
            {
                _regions.Add(region);
                region.Install(_regions.Count - 1, wider);
            }
        }
    }

    /// <summary>No region is to begin at a record.</summary>
    public void MarkNotWorth(Insn* record)
    {
        lock (Gate)
        {
            if (record->Region == null)
            {
                record->Region = (ulong*)RegionData.NotWorth;
            }
        }
    }

    /// <summary>Gives a region's head back to the interpreter, which keeps it.</summary>
    public void Retire(InstalledRegion region)
    {
        lock (Gate)
        {
            region.Retire();
        }
    }

    /// <summary>The region of a number, <see cref="RegionData.Number"/>.</summary>
    public InstalledRegion Region(int number) => _regions[number];

    /// <summary>A new block; the caller holds <see cref="Gate"/> where others may come here too.</summary>
    protected CodeBlock Add(ulong address, uint variant, byte* host)
    {
        if (_count == _blocks.Length)
        {
            Array.Resize(ref _blocks, 2 * _count);
        }
        CodeBlock block = new(_count, address, variant, host, Handlers);
        _blocks[_count++] = block;
        return block;
    }
}
