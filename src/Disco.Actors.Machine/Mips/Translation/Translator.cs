using System.Runtime.InteropServices;
using Disco.Actors.Machine.Mips.Interpreter;

namespace Disco.Actors.Machine.Mips.Translation;

/// <summary>
/// One core's translator. What it makes is derived state, neither saved nor visible: a region does exactly what the
/// interpreter does with the instructions it was made from, and leaves to the interpreter whatever takes more than a
/// register, a hit in the translation cache or a cycle of the budget.
/// </summary>
internal sealed unsafe class Translator
{
    private const int InstructionsMin = 3;

    // Where execution arrives is looked at every so often. A prime: loops of any length are seen at all their places.
    private const int SampleEveryMax = 61;

    // A block whose instructions keep changing is left alone.
    private const int WithdrawalsMax = 16;

    // So often a granule of a region may be missing, most likely of a path that another core took and this one never
    // takes.
    private const int MissesMax = 1000;

    private readonly MipsCore _core;
    private readonly CodeCache _code;
    private readonly HandlerSet _handlers;
    private readonly RegionBuilder _builder;
    private readonly int _samples;
    private readonly ulong[] _epochs = GC.AllocateArray<ulong>(CodeBlocks.RegionsMax, pinned: true);

    /// <param name="core">Whose it is.</param>
    /// <param name="code">The core's.</param>
    /// <param name="handlers">The core's.</param>
    /// <param name="after">See <see cref="CoreConfig.TranslateAfter"/>.</param>
    public Translator(MipsCore core, CodeCache code, HandlerSet handlers, int after)
    {
        _core = core;
        _code = code;
        _handlers = handlers;
        _builder = new RegionBuilder(code, handlers, wholly: after == 0);
        TranslatesAtOnce = after == 0;
        SampleEvery = Math.Clamp(after / 8, 1, SampleEveryMax);
        _samples = Math.Max(1, after / SampleEvery);
    }

    /// <summary>Of so many arrivals by a branch one is to be told to <see cref="Sample"/>.</summary>
    public int SampleEvery { get; }

    public bool TranslatesAtOnce { get; }

    /// <summary>See <see cref="Reg.Epochs"/>.</summary>
    public ulong* Epochs => (ulong*)Marshal.UnsafeAddrOfPinnedArrayElement(_epochs, 0);

    /// <summary>How often a sample has found a region.</summary>
    public long Found { get; private set; }

    /// <summary>How many regions gave way to smaller ones because a granule was missing too often.</summary>
    public int Narrowed { get; private set; }

    /// <summary>Execution has arrived at a record; where it often does, a region is installed.</summary>
    public void Sample(Insn* record, ulong pcBase, ulong context)
    {
        if (record->Index >= _code.Words || (record->Flags & (InsnFlags.DelaySlot | InsnFlags.End)) != 0)
        {
            return;
        }
        CodeBlock block = _code.Blocks.BlockOf(record);
        if (record->Region == null && block.Arrive(record->Index) >= _samples && block.Withdrawals < WithdrawalsMax)
        {
            TranslateAt(record, pcBase, context);
        }
        Found += record->Region > (ulong*)RegionData.NotWorth ? 1 : 0;
    }

    /// <summary>
    /// For a region's code, on entry after the fetch table has changed: 0, or what to run instead of it.
    /// </summary>
    public nint Verify(ulong* data, ulong context, ulong epoch)
    {
        int number = (int)data[RegionData.Number];
        InstalledRegion region = _code.Blocks.Region(number);
        if (region.Verify(_code, context))
        {
            _epochs[number] = epoch;
            return 0;
        }
        if (region.Misses > MissesMax && region.IsInstalled)
        {
            Narrow(region, context);
        }
        return region.Original;
    }

    private void TranslateAt(Insn* head, ulong pcBase, ulong context)
    {
        _core.DecodeMain(head);
        if (TryTranslate(pcBase + (4UL * head->Index), context, null) is { } region)
        {
            _code.Blocks.Install(region);
        }
        else
        {
            _code.Blocks.MarkNotWorth(head);
        }
    }

    // What of a region this core has fetched takes its place; fewer granules each time, so that this comes to an end.
    private void Narrow(InstalledRegion wide, ulong context)
    {
        if (TryTranslate(wide.Address, context, wide.Fetched(_code, context)) is { } narrow)
        {
            _code.Blocks.Install(narrow, wide);
            Narrowed++;
        }
        else
        {
            _code.Blocks.Retire(wide);
        }
    }

    private InstalledRegion? TryTranslate(ulong address, ulong context, HashSet<ulong>? within)
    {
        Region? region = _builder.Build(address, context, within);
        if (region is null || (region.Instructions < InstructionsMin && !TranslatesAtOnce))
        {
            return null;
        }
        RegionCode compiled = RegionStore.Get(region, _handlers);
        return new InstalledRegion(region, compiled, _builder.Blocks, _handlers, TranslatesAtOnce);
    }
}
