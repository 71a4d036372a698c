using Disco.Actors.Machine.Mips.Interpreter;
using Disco.Actors.Machine.Mips.Isa;

namespace Disco.Actors.Machine.Mips.Translation;

/// <summary>
/// Finds a region: breadth first from its head along branches, jumps and calls whose target is known, through decoded
/// instructions only (what never was decoded never was executed), in granules that can be fetched without asking.
/// </summary>
internal sealed unsafe class RegionBuilder(CodeCache code, HandlerSet handlers, bool wholly)
{
    private const int InstructionsMax = 160;
    private const int GranulesMax = 24;

    private readonly Dictionary<ulong, Step> _steps = [];
    private readonly Dictionary<ulong, Step> _slots = [];
    private readonly HashSet<ulong> _starts = [];
    private readonly Queue<ulong> _toVisit = [];
    private readonly List<ulong> _granules = [];
    private readonly List<CodeBlock> _blocks = [];
    private ulong _context;
    private HashSet<ulong>? _within;

    /// <summary>The blocks behind <see cref="Region.Granules"/> of the region built last.</summary>
    public List<CodeBlock> Blocks => _blocks;

    /// <summary>The region at an address; null when its first instruction cannot be translated.</summary>
    /// <param name="head">Virtual address.</param>
    /// <param name="context">Of the fetch table.</param>
    /// <param name="within">The granules to choose from; null for all that are fetched.</param>
    public Region? Build(ulong head, ulong context, HashSet<ulong>? within)
    {
        Clear();
        _context = context;
        _within = within;
        AddStart(head);
        while (_toVisit.TryDequeue(out ulong start))
        {
            Follow(start);
        }
        List<RegionBlock> blocks = [];
        foreach (ulong start in _starts.Order())
        {
            if (_steps.ContainsKey(start))
            {
                blocks.Add(BlockAt(start));
            }
        }
        if (!_steps.ContainsKey(head))
        {
            return null;
        }
        KeepGranulesOf(blocks);
        ulong kind = (uint)handlers.DataShift | ((ulong)_blocks[0].Variant << 8) | (handlers.Big ? 1UL << 16 : 0);
        return new Region(head, code.OffsetMask, kind, blocks, [.. _granules]);
    }

    // Granules that were looked at and gave nothing are not needed to run.
    private void KeepGranulesOf(List<RegionBlock> blocks)
    {
        HashSet<ulong> used = [];
        foreach (RegionBlock block in blocks)
        {
            for (ulong at = block.Address & ~code.OffsetMask; at < block.Next; at += code.OffsetMask + 1)
            {
                used.Add(at);
            }
        }
        for (int i = _granules.Count - 1; i >= 0; i--)
        {
            if (!used.Contains(_granules[i]))
            {
                _granules.RemoveAt(i);
                _blocks.RemoveAt(i);
            }
        }
    }

    private void Clear()
    {
        _steps.Clear();
        _slots.Clear();
        _starts.Clear();
        _toVisit.Clear();
        _granules.Clear();
        _blocks.Clear();
    }

    private void AddStart(ulong address)
    {
        if (_starts.Add(address))
        {
            _toVisit.Enqueue(address);
        }
    }

    private void Follow(ulong address)
    {
        while (_steps.Count + _slots.Count < InstructionsMax)
        {
            if (_steps.ContainsKey(address))
            {
                _starts.Add(address);
                return;
            }
            if (!TryStep(address, isSlot: false, out Step step))
            {
                return;
            }
            if (!OpInfo.Of(step.Op).HasDelaySlot)
            {
                _steps.Add(address, step);
                address += 4;
                continue;
            }
            if (TryStep(address + 4, isSlot: true, out Step slot) && !OpInfo.Of(slot.Op).HasDelaySlot)
            {
                _steps.Add(address, step);
                _slots.Add(address, slot);
                AddSuccessors(step);
            }
            return;
        }
    }

    private void AddSuccessors(Step branch)
    {
        switch (branch.Op)
        {
            case Op.J:
                AddStart(branch.JumpTarget);
                break;
            case Op.Jal:
                AddStart(branch.JumpTarget);
                AddStart(branch.Address + 8);
                break;
            case Op.Jr or Op.JrHb:
                break;
            case Op.Jalr or Op.JalrHb:
                AddStart(branch.Address + 8);
                break;
            default:
                AddStart(branch.BranchTarget);
                AddStart(branch.Address + 8);
                break;
        }
    }

    private RegionBlock BlockAt(ulong start)
    {
        RegionBlock block = new(start);
        for (ulong address = start; _steps.TryGetValue(address, out Step step); address += 4)
        {
            if (address != start && _starts.Contains(address))
            {
                break;
            }
            if (_slots.TryGetValue(address, out Step slot))
            {
                block.Branch = step;
                block.Slot = slot;
                break;
            }
            block.Body.Add(step);
        }
        return block;
    }

    private bool TryStep(ulong address, bool isSlot, out Step step)
    {
        step = default;
        CodeBlock? block = BlockOf(address);
        if (block is null)
        {
            return false;
        }
        int index = (int)(address & code.OffsetMask) >> 2;
        if (!isSlot && !wholly && !block.IsDecoded(index))
        {
            return false;
        }
        uint word = block.Word(index);
        Op op = Decoder.Decode(word);
        Insn lowered = new() { Index = (ushort)index };
        if (!Lowering.Lower(new Instruction(word), op, &lowered, block, handlers) || !StepEmitters.Has(op))
        {
            return false;
        }
        if (isSlot)
        {
            code.Blocks.DecodeSlot(block, index);
        }
        step = new Step(address, word, op, lowered.Rs, lowered.Rt, lowered.Rd, lowered.Immediate);
        return true;
    }

    private CodeBlock? BlockOf(ulong address)
    {
        ulong granule = address & ~code.OffsetMask;
        int known = _granules.IndexOf(granule);
        if (known >= 0)
        {
            return _blocks[known];
        }
        bool isOut = (address & 3) != 0 || _granules.Count == GranulesMax || _within?.Contains(granule) == false;
        Insn* first = isOut ? null : code.Find(granule, _context);
        if (first == null)
        {
            return null;
        }
        _granules.Add(granule);
        _blocks.Add(code.Blocks.BlockOf(first));
        return _blocks[^1];
    }
}
