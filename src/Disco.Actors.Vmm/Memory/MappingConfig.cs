using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Memory;

/// <summary>On which node a page's first frame is taken.</summary>
public enum FirstFrame : byte
{
    /// <summary>That of the CPU that touched the page first, or the nearest with a free one.</summary>
    Near,

    /// <summary>
    /// Pages are dealt to the nodes in turn, whoever uses them: the paper's baseline, IRIX on a NUMA machine it knows
    /// nothing about. [Disco 5.4]
    /// </summary>
    RoundRobin,
}

/// <summary>What the monitor's own handling of memory costs, and its bounds.</summary>
public sealed record MappingConfig
{
    /// <summary>Where pages are before any has moved.</summary>
    public FirstFrame First { get; init; } = FirstFrame.Near;

    /// <summary>The monitor of a virtual machine handles one message in this time: a look into the pmap.</summary>
    public long VmCycles { get; init; } = 40;

    /// <summary>The owner of a node's frames handles one message in this time: a look into the memmap.</summary>
    public long MemMapCycles { get; init; } = 40;

    /// <summary>
    /// Clearing or copying a page in the fast fidelity, where it causes no traffic. 32 lines of 128 bytes at the
    /// 300 ns of a local miss (Disco, 5.1).
    /// </summary>
    public long FastPageCycles { get; init; } = 3840;

    /// <summary>Requests that may wait for busy pages of one virtual machine; more are told to ask again.</summary>
    public int WaitersMax { get; init; } = 256;

    /// <summary>Past invalidations a virtual machine's monitor remembers for virtual CPUs that enter.</summary>
    public int LogEntries { get; init; } = 64;

    /// <summary>
    /// Bytes of monitor code in every node's memory, so that its instruction misses are local. [Disco 4.2.4]
    /// </summary>
    public int CodeBytesPerNode { get; init; } = 72 << 10;

    /// <summary>Bytes of an entry of memmap and pmap, for the account of the monitor's own memory.</summary>
    public int EntryBytes { get; init; } = 32;

    /// <summary>
    /// Guests are asked to give memory back when fewer than this many of a thousand frames are free; 0 for never.
    /// </summary>
    public int LowPermille { get; init; }

    /// <summary>Between two rounds of asking guests for memory.</summary>
    public long RoundCycles { get; init; } = 400_000;

    /// <summary>
    /// How long a page waits for a frame while guests are asked for memory, before its guest is refused.
    /// </summary>
    public long PatienceCycles { get; init; } = 8_000_000;

    /// <summary>
    /// From the start to the first sweep that merges equal pages of virtual machines of one image; 0 for none.
    /// </summary>
    public long MergeCycles { get; init; }

    /// <summary>The node on which a page's first frame is looked for.</summary>
    /// <param name="vm">Of the page.</param>
    /// <param name="page">It has no frame.</param>
    /// <param name="user">The node that asks for it.</param>
    /// <param name="nodes">Of the machine.</param>
    public int FirstNodeOf(int vm, PhysicalPage page, int user, int nodes) => First switch
    {
        FirstFrame.Near => user,
        FirstFrame.RoundRobin => (int)((page.Number + (uint)vm) % (uint)nodes),
    };

    /// <summary>Throws when the numbers make no sense.</summary>
    public void Check()
    {
        Invariant.Holds(VmCycles >= 0);
        Invariant.Holds(MemMapCycles >= 0);
        Invariant.Holds(FastPageCycles >= 1);
        Invariant.Holds(WaitersMax >= 1);
        Invariant.Holds(LogEntries >= 1);
        Invariant.Holds(CodeBytesPerNode >= 0);
        Invariant.Holds(EntryBytes >= 0);
        Invariant.Holds(LowPermille is >= 0 and <= 500);
        Invariant.Holds(RoundCycles >= 1);
        Invariant.Holds(PatienceCycles >= 0);
        Invariant.Holds(MergeCycles >= 0);
    }
}
