using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Disco.Actors.Machine.Mips.Interpreter;
using Disco.Actors.Machine.Mips.Translation;

namespace Disco.Actors.Machine.Mips;

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
    public void Replace()
    {
        // Every core asks, and most come too late.
        if (For(Handlers, _translateAfter) == this)
        {
            OfKinds.TryUpdate(
                (Handlers, _translateAfter), new CommonBlocks(Handlers, _translateAfter, Generation + 1), this);
        }
    }

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
        ulong hash = RegionKey.Hash(address, MemoryMarshal.Cast<uint, ulong>(words));
        return (int)(hash >> 40) & (Chains - 1);
    }
}
