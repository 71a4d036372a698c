using System.Runtime.InteropServices;
using Disco.Actors.Machine.Mips.Interpreter;

namespace Disco.Actors.Machine.Mips.Translation;

/// <summary>
/// The layout, in 64-bit words, of what a region's code reads of the core it runs on. It finds it through
/// <see cref="Insn.Region"/> of its head.
/// </summary>
internal static class RegionData
{
    /// <summary>The epoch of the fetch table for which its granules were found to be fetched.</summary>
    public const int Epoch = 0;

    /// <summary>The interpreter's handler of the head.</summary>
    public const int Original = 1;

    /// <summary>With less budget it is not worth entering.</summary>
    public const int BudgetMin = 2;

    /// <summary>Its number among the core's regions.</summary>
    public const int Number = 3;

    /// <summary>A record for leaving to <see cref="Reg.NextPc"/>.</summary>
    public const int FarRecord = 4;

    /// <summary>Exits, four words each.</summary>
    public const int Exits = 8;

    public const int ExitRecord = 0;
    public const int ExitPcBase = 1;
    public const int ExitCredit = 2;

    /// <summary>Counts down to 0, when what follows the exit is translated; counts from 0 for never.</summary>
    public const int ExitHeat = 3;
    public const int ExitWords = 4;

    /// <summary>In <see cref="Insn.Region"/>: not worth a region.</summary>
    public const nuint NotWorth = 1;
}

/// <summary>A region as one core has it: in place of the handler of its head.</summary>
internal sealed unsafe class InstalledRegion
{
    private readonly RegionCode _code;
    private readonly ulong[] _data;
    private readonly Insn* _head;
    private readonly ulong[] _granules;
    private readonly CodeBlock[] _blocks;
    private readonly ulong[] _covered;
    private readonly ulong _offsetMask;

    public InstalledRegion(
        int number, Region region, RegionCode code, List<CodeBlock> blocks, HandlerSet handlers, long heat)
    {
        _code = code;
        _offsetMask = region.OffsetMask;
        _granules = [.. region.Granules];
        _blocks = [.. blocks];
        _head = blocks[0].Main((int)(region.Head & region.OffsetMask) >> 2);
        _covered = new ulong[_blocks.Length * WordsPerBlock];
        _data = GC.AllocateArray<ulong>(RegionData.Exits + (RegionData.ExitWords * code.Exits.Length), pinned: true);
        _data[RegionData.Original] = (ulong)_head->Handler;
        _data[RegionData.BudgetMin] = heat <= 1 ? 1UL : 24;
        _data[RegionData.Number] = (ulong)number;
        Insn* far = (Insn*)(Data + RegionData.FarRecord);
        *far = new Insn { Handler = handlers.EndFar, Flags = InsnFlags.End | InsnFlags.Far, Immediate = heat };
        for (int i = 0; i < code.Exits.Length; i++)
        {
            WriteExit(code.Exits[i], Data + RegionData.Exits + (RegionData.ExitWords * i), far, heat);
        }
        foreach (RegionBlock block in region.Blocks)
        {
            for (int i = 0; i < block.Cycles; i++)
            {
                Cover(block.Address + (4UL * (ulong)i));
            }
        }
    }

    public bool IsInstalled { get; private set; }

    /// <summary>How often a granule was missing when it was entered.</summary>
    public int Misses { get; set; }

    private ulong* Data => (ulong*)Marshal.UnsafeAddrOfPinnedArrayElement(_data, 0);

    private int WordsPerBlock => (int)(_offsetMask >> 8) + 1;

    public void Install()
    {
        IsInstalled = true;
        _head->Region = Data;
        _head->Handler = _code.Entry;
        foreach (CodeBlock block in _blocks)
        {
            block.Regions.Add(this);
        }
    }

    /// <summary>Gives the head back to the interpreter.</summary>
    public void Withdraw()
    {
        if (!IsInstalled)
        {
            return;
        }
        IsInstalled = false;
        _head->Region = null;
        _head->Handler = (delegate*<Insn*, ulong*, MipsCore, long, long>)_data[RegionData.Original];
        foreach (CodeBlock block in _blocks)
        {
            block.Regions.Remove(this);
        }
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

    /// <summary>
    /// The epoch has changed: null when all its granules are fetched, else what to run instead of the region.
    /// </summary>
    public delegate*<Insn*, ulong*, MipsCore, long, long> Verify(CodeCache code, ulong context, ulong epoch)
    {
        for (int i = 0; i < _granules.Length; i++)
        {
            if (code.Find(_granules[i], context) != _blocks[i].Main(0))
            {
                return (delegate*<Insn*, ulong*, MipsCore, long, long>)_data[RegionData.Original];
            }
        }
        Misses = 0;
        _data[RegionData.Epoch] = epoch;
        return null;
    }

    private void WriteExit(RegionExit exit, ulong* words, Insn* far, long heat)
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
        words[RegionData.ExitHeat] = exit.IsCounted ? (ulong)heat : 0;
    }

    private void Cover(ulong address)
    {
        int index = (int)(address & _offsetMask) >> 2;
        int place = Array.IndexOf(_granules, address & ~_offsetMask) * WordsPerBlock;
        _covered[place + (index >> 6)] |= 1UL << (index & 63);
    }
}
