using System.Runtime.InteropServices;
using Disco.Actors.Machine.Mips.Interpreter;

namespace Disco.Actors.Machine.Mips.Translation;

/// <summary>
/// The layout, in 64-bit words, of what a region's code reads of the blocks it was made from. It finds it through
/// <see cref="Insn.Region"/> of its head.
/// </summary>
internal static class RegionData
{
    /// <summary>The interpreter's handler of the head.</summary>
    public const int Original = 0;

    /// <summary>With less budget it is not worth entering.</summary>
    public const int BudgetMin = 1;

    /// <summary>Its number among the regions; see <see cref="Reg.Epochs"/>.</summary>
    public const int Number = 2;

    /// <summary>
    /// How many granules it is of, by which code knows its data: a region that takes another's place is of fewer, and
    /// another thread may have found the handler of the one and then the data of the other.
    /// </summary>
    public const int Granules = 3;

    /// <summary>A record for leaving to <see cref="Reg.NextPc"/>.</summary>
    public const int FarRecord = 4;

    /// <summary>Exits, four words each.</summary>
    public const int Exits = 8;

    public const int ExitRecord = 0;
    public const int ExitPcBase = 1;
    public const int ExitCredit = 2;

    /// <summary>1 when execution arrives by it at what may be translated, else 0.</summary>
    public const int ExitArrives = 3;
    public const int ExitWords = 4;

    /// <summary>In <see cref="Insn.Region"/>: not worth a region.</summary>
    public const nuint NotWorth = 1;
}

/// <summary>A region in its place: that of the handler of its head.</summary>
internal sealed unsafe class InstalledRegion
{
    private readonly RegionCode _code;
    private readonly ulong[] _data;
    private readonly ulong[] _granules;
    private readonly CodeBlock[] _blocks;
    private readonly ulong[] _covered;
    private readonly ulong _offsetMask;

    public InstalledRegion(
        Region region, RegionCode code, List<CodeBlock> blocks, HandlerSet handlers, bool isEnteredAlways)
    {
        _code = code;
        _offsetMask = region.OffsetMask;
        _granules = [.. region.Granules];
        _blocks = [.. blocks];
        Head = blocks[0].Main((int)(region.Head & region.OffsetMask) >> 2);
        _covered = new ulong[_blocks.Length * WordsPerBlock];
        _data = GC.AllocateArray<ulong>(RegionData.Exits + (RegionData.ExitWords * code.Exits.Length), pinned: true);
        _data[RegionData.BudgetMin] = isEnteredAlways ? 1UL : 24;
        _data[RegionData.Granules] = (ulong)_granules.Length;
        Insn* far = (Insn*)(Data + RegionData.FarRecord);
        *far = new Insn { Handler = handlers.EndFar, Flags = InsnFlags.End | InsnFlags.Far };
        for (int i = 0; i < code.Exits.Length; i++)
        {
            WriteExit(code.Exits[i], Data + RegionData.Exits + (RegionData.ExitWords * i), far);
        }
        foreach (RegionBlock block in region.Blocks)
        {
            for (int i = 0; i < block.Cycles; i++)
            {
                Cover(block.Address + (4UL * (ulong)i));
            }
        }
    }

    /// <summary>The record in whose place it is.</summary>
    public Insn* Head { get; }

    public bool IsInstalled { get; private set; }

    /// <summary>The interpreter's handler of the head.</summary>
    public nint Original => (nint)_data[RegionData.Original];

    /// <summary>How often a granule was missing when it was entered.</summary>
    public int Misses { get; private set; }

    /// <summary>Virtual address of its head.</summary>
    public ulong Address => _granules[0] + (4UL * Head->Index);

    private ulong* Data => (ulong*)Marshal.UnsafeAddrOfPinnedArrayElement(_data, 0);

    private int WordsPerBlock => (int)(_offsetMask >> 8) + 1;

    /// <summary>Takes its head's place.</summary>
    /// <param name="number">Its own from now on.</param>
    /// <param name="wider">Null, or of more granules and the same head: what is there now.</param>
    public void Install(int number, InstalledRegion? wider)
    {
        IsInstalled = true;
        _data[RegionData.Number] = (ulong)number;
        _data[RegionData.Original] = (ulong)(wider?.Original ?? (nint)Head->Handler);
        wider?.Leave();
        Head->Region = Data;
        Insn.Publish(Head, (nint)_code.Entry);
        foreach (CodeBlock block in _blocks)
        {
            block.Regions.Add(this);
        }
    }

    /// <summary>Gives the head back to the interpreter; what is there now may be translated.</summary>
    public void Withdraw()
    {
        Retire();
        Head->Region = null;
    }

    /// <summary>Gives the head back to the interpreter for good. Whoever has just entered it finds its data.</summary>
    public void Retire()
    {
        if (!IsInstalled)
        {
            return;
        }
        Leave();
        Insn.Publish(Head, Original);
    }

    /// <summary>True when it was made from one of the words of a block.</summary>
    public bool Covers(CodeBlock block, int firstIndex, int lastIndex)
    {
        int place = Array.IndexOf(_blocks, block) * WordsPerBlock;
        for (int index = Math.Max(0, firstIndex); index <= lastIndex; index++)
        {
            if ((_covered[place + (index >> 6)] >> (index & 63) & 1) != 0)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>True when a core has fetched all its granules.</summary>
    public bool Verify(CodeCache code, ulong context)
    {
        for (int i = 0; i < _granules.Length; i++)
        {
            if (!IsFetched(i, code, context))
            {
                Misses++;
                return false;
            }
        }
        return true;
    }

    /// <summary>Those of its granules, by virtual address, that a core has fetched.</summary>
    public HashSet<ulong> Fetched(CodeCache code, ulong context) =>
        [.. _granules.Where((_, i) => IsFetched(i, code, context))];

    // Something else may be at that address for the core: then it is not this region's.
    private bool IsFetched(int i, CodeCache code, ulong context) =>
        code.Find(_granules[i], context) == _blocks[i].Main(0);

    private void Leave()
    {
        IsInstalled = false;
        foreach (CodeBlock block in _blocks)
        {
            block.Regions.Remove(this);
        }
    }

    private void WriteExit(RegionExit exit, ulong* words, Insn* far)
    {
        CodeBlock block = _blocks[Array.IndexOf(_granules, exit.Granule)];
        words[RegionData.ExitRecord] = (ulong)(exit.Kind switch
        {
            RegionExitKind.Main => block.Main(exit.Index),
            RegionExitKind.Slot => block.Slot(exit.Index),
            RegionExitKind.Far => far,
        });
        words[RegionData.ExitPcBase] = exit.Granule;
        words[RegionData.ExitCredit] = (ulong)exit.CreditCycles;
        words[RegionData.ExitArrives] = exit.IsCounted ? 1UL : 0;
    }

    private void Cover(ulong address)
    {
        int index = (int)(address & _offsetMask) >> 2;
        int place = Array.IndexOf(_granules, address & ~_offsetMask) * WordsPerBlock;
        _covered[place + (index >> 6)] |= 1UL << (index & 63);
    }
}
