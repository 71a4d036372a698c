using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Vmm.Shootdown;

/// <summary>How CPUs are made to give up translations.</summary>
public enum ShootdownProtocol : byte
{
    /// <summary>A message to each CPU that may have one, known from the memmap. [Disco 4.2.3]</summary>
    Targeted,

    /// <summary>A message to every CPU of the machine.</summary>
    Broadcast,

    /// <summary>CPUs stop until the mapping has been changed. [Black et al. 1989]</summary>
    Mach,

    /// <summary>A message to one CPU of each node, which passes it on and gathers the answers. [Baumann et al. 2009]
    /// </summary>
    Multicast,

    /// <summary>The same, farthest node first, and the own node without a detour.</summary>
    NumaMulticast,

    /// <summary>A record that the CPU comes across at its next tick or switch. [Kumar et al. 2018, LATR]</summary>
    Lazy,

    /// <summary>One round at a time; what comes meanwhile is sent together. [Linux, arch/x86/mm/tlb.c]</summary>
    Batched,
}

/// <summary>Which protocol, and what its steps take. Cycles of the machine's clock.</summary>
public sealed record ShootdownConfig
{
    public ShootdownProtocol Protocol { get; init; } = ShootdownProtocol.Targeted;

    /// <summary>To send one message: an uncached write to the node's controller and its acknowledgement.</summary>
    public long SendCycles { get; init; } = 60;

    /// <summary>To take in one message: an uncached read of it.</summary>
    public long ReceiveCycles { get; init; } = 60;

    /// <summary>From a message's arrival at a CPU into its handler: with the way there, an interrupt from another node
    /// takes 700 ns at 400 MHz.</summary>
    public long InterruptCycles { get; init; } = 100;

    /// <summary>To remove one page's translations: probe and write of the TLB (10 instructions), a look into the
    /// L2TLB and one into the pmap copies (20 cycles each, the time of an L1 miss).</summary>
    public long InvalidateCycles { get; init; } = 50;

    /// <summary>To remove all: four instructions for each of the 64 TLB entries; the other two are emptied by number.
    /// </summary>
    public long FlushCycles { get; init; } = 256;

    /// <summary>From so many pages on, all translations go. [Linux: tlb_single_page_flush_ceiling, 33]</summary>
    public int FlushPages { get; init; } = 34;

    /// <summary>Mach: how many actions a CPU's queue holds before they become a flush.</summary>
    public int QueueActions { get; init; } = 8;

    /// <summary>Lazy: how many shootdowns may be put off at a time; more are sent at once. [LATR: 64 states a core]
    /// </summary>
    public int LazyRecords { get; init; } = 64;

    /// <summary>Lazy: the tick at which a CPU looks for records. [LATR: 1 ms]</summary>
    public long TickCycles { get; init; } = 400_000;

    /// <summary>The costs that follow from a machine's bus.</summary>
    public static ShootdownConfig For(ShootdownProtocol protocol, InterconnectConfig interconnect) => new()
    {
        Protocol = protocol,
        SendCycles = 2 * interconnect.BusCycles,
        ReceiveCycles = 2 * interconnect.BusCycles,
    };

    /// <summary>What is wrong with it, one sentence each; empty when it can be used.</summary>
    public IReadOnlyList<string> Problems()
    {
        List<string> problems = [];
        void Demand(long value, long least, string what)
        {
            if (value < least)
            {
                problems.Add($"shootdown has {value} as {what}; make it {least} or more");
            }
        }
        Demand(SendCycles, 0, "cycles to send a message");
        Demand(ReceiveCycles, 0, "cycles to take in a message");
        Demand(InterruptCycles, 0, "cycles into the handler");
        Demand(InvalidateCycles, 0, "cycles to remove a page's translations");
        Demand(FlushCycles, 0, "cycles to remove all translations");
        Demand(FlushPages, 1, "pages from which on all translations go");
        Demand(QueueActions, 1, "actions in a CPU's queue");
        Demand(LazyRecords, 0, "shootdowns put off at a time");
        Demand(TickCycles, 1, "cycles of a tick");
        return problems;
    }

    /// <summary>Throws when there are problems.</summary>
    public void Check() => Invariant.Holds(Problems().Count == 0);

    /// <summary>What removing takes a CPU.</summary>
    internal long CyclesFor(PageRange pages) =>
        pages.IsAll || pages.Count >= FlushPages ? FlushCycles : pages.Count * InvalidateCycles;
}
