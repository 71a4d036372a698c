using Disco.Actors.Machine.Mips.Interpreter;

namespace Disco.Actors.Machine.Mips.Translation;

/// <summary>
/// The regions of one core. Derived state, neither saved nor visible: a region does exactly what the interpreter does
/// with the instructions it was made from, and leaves to the interpreter whatever takes more than a register, a hit in
/// the translation cache or a cycle of the budget.
/// </summary>
internal sealed unsafe class Translator(MipsCore core, CodeCache code, HandlerSet handlers, int after)
{
    private const int RegionsMax = 2048;
    private const int InstructionsMin = 3;

    // A block whose instructions keep changing, or whose neighbours are never there with it, is left alone.
    private const int WithdrawalsMax = 16;
    private const int MissesMax = 16;

    private readonly RegionBuilder _builder = new(core, code, handlers, wholly: after == 0);
    private readonly List<InstalledRegion> _regions = [];

    /// <summary>What a record at which execution arrives by a branch counts down from.</summary>
    public long Heat => Math.Max(1, after);

    public int Count => _regions.Count;

    public bool TranslatesAtOnce => after == 0;

    /// <summary>Installs a region at a main record, unless there is one or none is worth it.</summary>
    public void TranslateAt(Insn* head, ulong pcBase, ulong context)
    {
        if (head->Region != null || head->Index >= code.Words)
        {
            return;
        }
        CodeBlock block = code.BlockOf(head);
        if (block.Withdrawals >= WithdrawalsMax)
        {
            return;
        }
        if (!block.IsDecoded(head->Index, handlers))
        {
            core.DecodeMain(head);
        }
        Region? region = _builder.Build(pcBase + (4UL * head->Index), context);
        if (region is null || (region.Instructions < InstructionsMin && !TranslatesAtOnce))
        {
            head->Region = (ulong*)RegionData.NotWorth;
            return;
        }
        if (_regions.Count == RegionsMax)
        {
            Clear();
        }
        RegionCode compiled = RegionStore.Get(region, handlers);
        InstalledRegion installed = new(_regions.Count, region, compiled, _builder.Blocks, handlers, Heat);
        _regions.Add(installed);
        installed.Install();
    }

    /// <summary>For a region's code, on entry after the fetch table has changed; see the region's Verify.</summary>
    public delegate*<Insn*, ulong*, MipsCore, long, long> Verify(ulong* data, ulong context, ulong epoch)
    {
        InstalledRegion region = _regions[(int)data[RegionData.Number]];
        delegate*<Insn*, ulong*, MipsCore, long, long> instead = region.Verify(code, context, epoch);
        if (instead != null && ++region.Misses > MissesMax)
        {
            region.Withdraw();
        }
        return instead;
    }

    /// <summary>Withdraws every region.</summary>
    public void Clear()
    {
        foreach (InstalledRegion region in _regions)
        {
            region.Withdraw();
        }
        _regions.Clear();
    }
}
