using Disco.Actors.Machine.Mips.Isa;

namespace Disco.Actors.Machine.Mips.Translation;

/// <summary>An instruction of a region; operands are slots of the register file, as in <see cref="Insn"/>.</summary>
internal readonly record struct Step(ulong Address, uint Word, Op Op, byte Rs, byte Rt, byte Rd, long Immediate)
{
    public ulong BranchTarget => Address + 4 + (ulong)new Instruction(Word).BranchOffset;

    /// <summary>Of J and JAL: within the 256 MB region of the delay slot. [MIPS64 Vol II, J]</summary>
    public ulong JumpTarget => ((Address + 4) & ~0x0FFF_FFFFUL) | ((ulong)new Instruction(Word).Target26 << 2);
}

/// <summary>Instructions that run one after the other, and the branch with its delay slot that may end them.</summary>
internal sealed class RegionBlock(ulong address)
{
    public ulong Address { get; } = address;

    public List<Step> Body { get; } = [];

    public Step? Branch { get; set; }

    public Step? Slot { get; set; }

    /// <summary>Where it goes on when it does not branch.</summary>
    public ulong Next => Address + (4UL * (ulong)Cycles);

    public int Cycles => Body.Count + (Branch is null ? 0 : 2);
}

/// <summary>
/// What is translated as one: the instructions that were found to follow a head, up to a size, by virtual address.
/// Its key determines the code that it is compiled to.
/// </summary>
internal sealed class Region
{
    private readonly HashSet<ulong> _starts;
    private readonly HashSet<ulong> _granules;

    public Region(ulong head, ulong offsetMask, ulong kind, List<RegionBlock> blocks, List<ulong> granules)
    {
        Head = head;
        OffsetMask = offsetMask;
        Blocks = blocks;
        Granules = granules;
        _starts = [.. blocks.Select(block => block.Address)];
        _granules = [.. granules];
        Key = new RegionKey(KeyWords(kind));
    }

    public ulong Head { get; }

    /// <summary>Of an address in a granule of instructions.</summary>
    public ulong OffsetMask { get; }

    public List<RegionBlock> Blocks { get; }

    /// <summary>Virtual addresses of the granules that its instructions are in, the head's first.</summary>
    public List<ulong> Granules { get; }

    public RegionKey Key { get; }

    public int Instructions => Blocks.Sum(block => block.Cycles);

    public bool StartsBlock(ulong address) => _starts.Contains(address);

    public bool KnowsGranule(ulong address) => _granules.Contains(address & ~OffsetMask);

    private ulong[] KeyWords(ulong kind)
    {
        List<ulong> words = [kind, Head];
        foreach (RegionBlock block in Blocks)
        {
            words.Add(block.Address);
            words.Add((uint)block.Body.Count | (block.Branch is null ? 0 : 1UL << 32));
            words.AddRange(block.Body.Select(step => (ulong)step.Word));
            if (block.Branch is { } branch && block.Slot is { } slot)
            {
                words.Add(branch.Word | ((ulong)slot.Word << 32));
            }
        }
        return [.. words];
    }
}

/// <summary>A region's contents: equal keys compile to equal code.</summary>
internal sealed class RegionKey : IEquatable<RegionKey>
{
    private readonly ulong[] _words;
    private readonly ulong _hash;

    public RegionKey(ulong[] words)
    {
        _words = words;
        _hash = Hash(0, words);
    }

    /// <summary>Of contents, for a table: equal for equal words and first values.</summary>
    public static ulong Hash(ulong hash, ReadOnlySpan<ulong> words)
    {
        foreach (ulong word in words)
        {
            hash = (hash ^ word) * 0x9E37_79B9_7F4A_7C15;
            hash ^= hash >> 29;
        }
        return hash;
    }

    public bool Equals(RegionKey? other) =>
        other is not null && _hash == other._hash && _words.AsSpan().SequenceEqual(other._words);

    public override bool Equals(object? obj) => Equals(obj as RegionKey);

    public override int GetHashCode() => (int)_hash;
}
