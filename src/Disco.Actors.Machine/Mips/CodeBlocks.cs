using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Disco.Actors.Machine.Mips.Interpreter;
using Disco.Actors.Machine.Mips.Translation;

namespace Disco.Actors.Machine.Mips;

/// <summary>
/// Decoded blocks, and the regions that were translated from them. Derived state: what is in it, and when it is
/// forgotten, changes no result.
/// </summary>
internal abstract unsafe class CodeBlocks(HandlerSet handlers, int bytesMax)
{
    public const int RegionsMax = 4096;

    private readonly int _blocksMax = bytesMax / (sizeof(Insn) * 3 * handlers.CodeWords);
    private readonly List<InstalledRegion> _regions = [];
    private CodeBlock[] _blocks = new CodeBlock[64];
    private int _count;

    /// <summary>Held while anything but an operand's lookup reads or changes it, where cores share it.</summary>
    protected object Gate { get; } = new();

    protected HandlerSet Handlers { get; } = handlers;

    /// <summary>True when it takes too much memory and others should follow.</summary>
    public bool IsFull => _count >= _blocksMax || _regions.Count >= RegionsMax;

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

    /// <summary>Puts a region in the place of its head's handler, unless another is there.</summary>
    public void Install(InstalledRegion region)
    {
        lock (Gate)
        {
            if (region.Head->Region == null && _regions.Count < RegionsMax)
            {
                _regions.Add(region);
                region.Install(_regions.Count - 1);
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

    public InstalledRegion Region(int number) => _regions[number];

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

/// <summary>
/// Blocks of one core, by physical address. A granule that is dropped keeps its block, which is compared with memory
/// when it is fetched again, and a store to it changes the block in place.
/// </summary>
internal sealed unsafe class OwnBlocks(HandlerSet handlers) : CodeBlocks(handlers, 24 << 20)
{
    private const int Chains = 8192;

    private readonly CodeBlock?[] _heads = new CodeBlock?[Chains];
    private readonly int _shift = handlers.CodeShift;

    public override CodeBlock Get(ulong address, ulong physical, uint variant, byte* host)
    {
        for (CodeBlock? known = Head(physical); known is not null; known = known.Next)
        {
            if (known.Address == physical && known.Variant == variant)
            {
                if (!known.Current)
                {
                    known.Refresh(host);
                }
                return known;
            }
        }
        CodeBlock block = Add(physical, variant, host);
        ref CodeBlock? head = ref Head(physical);
        block.Next = head;
        head = block;
        return block;
    }

    /// <summary>The word at a physical address was stored to: what was decoded from it is forgotten.</summary>
    public void Written(ulong physical, uint rawWord)
    {
        ulong offset = physical & ((1UL << _shift) - 1);
        for (CodeBlock? block = Head(physical); block is not null; block = block.Next)
        {
            if (block.Address == physical - offset && block.Current)
            {
                block.Rewrite((int)offset >> 2, rawWord);
            }
        }
    }

    /// <summary>The granule may change unseen from now on.</summary>
    public void Doubt(ulong granule)
    {
        for (CodeBlock? block = Head(granule); block is not null; block = block.Next)
        {
            if (block.Address == granule)
            {
                block.Current = false;
            }
        }
    }

    private ref CodeBlock? Head(ulong physical) => ref _heads[(int)(physical >> _shift) & (Chains - 1)];
}

/// <summary>
/// Blocks of all cores of a kind, of every machine, by virtual address and contents, which never change: a table of a
/// pure function. CPUs that execute the same program share its decoded instructions, and the host's caches hold them
/// once. The cores may be on several threads.
/// </summary>
internal sealed unsafe class CommonBlocks : CodeBlocks
{
    private const int Chains = 1 << 16;
    private const int BytesMax = 128 << 20;

    private static readonly ConcurrentDictionary<(HandlerSet Handlers, int? TranslateAfter), CommonBlocks> OfKinds = [];

    private readonly CodeBlock?[] _heads = new CodeBlock?[Chains];
    private readonly int? _translateAfter;

    private CommonBlocks(HandlerSet handlers, int? translateAfter, int generation)
        : base(handlers, BytesMax)
    {
        _translateAfter = translateAfter;
        Generation = generation;
    }

    /// <summary>How many came before it.</summary>
    public int Generation { get; }

    /// <summary>
    /// False where granules are pages, as there a store must change its block in place, and where a host lets loads
    /// pass each other, as there a record might be seen before its operands.
    /// </summary>
    public static bool CanServe(HandlerSet handlers) =>
        handlers.CodeShift == LineGranule.CodeShift && RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>The present ones for a kind of cores; see <see cref="CoreConfig.TranslateAfter"/>.</summary>
    public static CommonBlocks For(HandlerSet handlers, int? translateAfter) =>
        OfKinds.GetOrAdd((handlers, translateAfter), kind => new(kind.Handlers, kind.TranslateAfter, 0));

    /// <summary>Others, in which nothing is decoded, take its place, unless they have.</summary>
    public void Replace() => OfKinds.TryUpdate(
        (Handlers, _translateAfter), new CommonBlocks(Handlers, _translateAfter, Generation + 1), this);

    public override CodeBlock Get(ulong address, ulong physical, uint variant, byte* host)
    {
        ReadOnlySpan<uint> words = new(host, Handlers.CodeWords);
        ref CodeBlock? head = ref _heads[ChainOf(address, words)];
        return Find(head, address, variant, words) ?? AddTo(ref head, address, variant, host);
    }

    private CodeBlock AddTo(ref CodeBlock? head, ulong address, uint variant, byte* host)
    {
        lock (Gate)
        {
            // Somebody may have been faster.
            CodeBlock? block = Find(head, address, variant, new(host, Handlers.CodeWords));
            if (block is null)
            {
                block = Add(address, variant, host);
                block.Next = head;
                head = block;
            }
            return block;
        }
    }

    private static CodeBlock? Find(CodeBlock? chain, ulong address, uint variant, ReadOnlySpan<uint> words)
    {
        for (CodeBlock? block = chain; block is not null; block = block.Next)
        {
            if (block.Address == address && block.Variant == variant && block.RawWords.SequenceEqual(words))
            {
                return block;
            }
        }
        return null;
    }

    private static int ChainOf(ulong address, ReadOnlySpan<uint> words)
    {
        ulong hash = address;
        foreach (ulong pair in MemoryMarshal.Cast<uint, ulong>(words))
        {
            hash = (hash ^ pair) * 0x9E37_79B9_7F4A_7C15;
            hash ^= hash >> 29;
        }
        return (int)(hash >> 40) & (Chains - 1);
    }
}
