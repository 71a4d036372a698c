using System.Text;

namespace Disco.Actors.Vmm.Shootdown;

/// <summary>How far a CPU is behind the round that asks it.</summary>
public enum BatchState : byte
{
    /// <summary>It has done the round before; it lacks earlier ones too; it has done this one.</summary>
    Next,
    Behind,
    Done,
}

public enum BatchEvent : byte
{
    /// <summary>An order with ranges of pages; one for all pages.</summary>
    Ranges,
    All,
}

public enum BatchDo : byte
{
    Nothing,
    RemoveRanges,
    Flush,
}

/// <summary>
/// What a CPU does with a batch, as a pure total table: only who has done every earlier round may remove just the pages
/// of this one; who lacks any flushes, and has then done all. [Linux, arch/x86/mm/tlb.c, flush_tlb_func: partial only
/// if the requested generation is the local one plus 1]
/// </summary>
public static class BatchProtocol
{
    public static BatchState StateOf(uint doneEpoch, uint epoch) =>
        doneEpoch >= epoch ? BatchState.Done : doneEpoch + 1 == epoch ? BatchState.Next : BatchState.Behind;

    public static BatchDo Decide(BatchState state, BatchEvent e) => (state, e) switch
    {
        (BatchState.Next, BatchEvent.Ranges) => BatchDo.RemoveRanges,
        (BatchState.Next, BatchEvent.All) => BatchDo.Flush,
        (BatchState.Behind, BatchEvent.Ranges) => BatchDo.Flush,
        (BatchState.Behind, BatchEvent.All) => BatchDo.Flush,
        (BatchState.Done, BatchEvent.Ranges) => BatchDo.Nothing,
        (BatchState.Done, BatchEvent.All) => BatchDo.Nothing,
    };

    /// <summary>The whole table as text, one line for each pair.</summary>
    public static string Print()
    {
        StringBuilder text = new();
        foreach (BatchState state in Enum.GetValues<BatchState>())
        {
            foreach (BatchEvent e in Enum.GetValues<BatchEvent>())
            {
                text.Append($"{state,-6} {e,-6} -> {Decide(state, e)}\n");
            }
        }
        return text.ToString();
    }
}
