using Disco.Actors.Machine.Mips.Interpreter;

namespace Disco.Actors.Machine.Mips;

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
