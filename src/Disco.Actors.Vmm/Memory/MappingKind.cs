using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Memory;

/// <summary>
/// The messages by which physical pages get, change and lose their machine frames; family 0x05 of
/// <see cref="Message.Kind"/>. Three parties: CPUs and devices that need a page, <c>vm/k</c> that owns the pmap of
/// virtual machine k, and <c>memmap/n</c> that owns the frames of node n.
/// </summary>
public enum MappingKind : ushort
{
    // CPU and vm/k.
    Fill = 0x0501,
    Filled = 0x0502,
    FillRefused = 0x0503,
    EnterVcpu = 0x0504,
    Entered = 0x0505,
    LeaveVcpu = 0x0506,

    // vm/k and memmap/n.
    Allocate = 0x0508,
    Allocated = 0x0509,
    Release = 0x050A,
    Share = 0x050B,
    Shared = 0x050C,
    CopyPage = 0x050D,
    Copied = 0x050E,

    /// <summary>Directory to memmap/n to vm/k: other nodes miss often on a page.</summary>
    HotPage = 0x050F,

    /// <summary>Is the asking page the only user of its frame?</summary>
    Claim = 0x0510,
    Claimed = 0x0511,

    /// <summary>Drops all uses of one virtual machine at once, and says how many there were.</summary>
    ReleaseAll = 0x0512,
    AllReleased = 0x0513,

    /// <summary>memmap/n to vm/k: memory is short, give the replicas of a page back; and to a device: give back a frame
    /// that only it uses, under its own number for it. Answered in any case, after the releases.</summary>
    DropReplicas = 0x0514,
    ReplicasDropped = 0x0515,

    // Devices and vm/k: a page that must not move while a device reads or writes it.
    Pin = 0x0516,
    Pinned = 0x0517,
    PinRefused = 0x0518,
    Unpin = 0x0519,

    // Pages that share a frame copy-on-write, also between virtual machines and with devices.
    Remap = 0x051A,
    Remapped = 0x051B,
    Lend = 0x051C,
    Lent = 0x051D,
    MapFrame = 0x051E,

    // The guest's hints, and the balloon.
    FreePage = 0x0520,
    Freed = 0x0521,
    BalloonQuery = 0x0522,
    BalloonStatus = 0x0523,
    SetBalloon = 0x0524,
    ClassHint = 0x0525,

    // The end of a virtual machine.
    Teardown = 0x0526,
    TornDown = 0x0527,

    /// <summary>memmap/n and vm/k to the reclaimer: frames are few, or there was none.</summary>
    FramesLow = 0x0528,

    /// <summary>Reclaimer and memmap/n: A free frames, B frames.</summary>
    FramesQuery = 0x0529,
    FramesStatus = 0x052A,

    /// <summary>The reclaimer's own.</summary>
    RoundDue = 0x052B,

    /// <summary>A remap that takes place only if both pages have the same bytes; and the question for that.</summary>
    Merge = 0x052C,
    ComparePages = 0x052D,
    Compared = 0x052E,

    /// <summary>To memmap/n: nodes are lost (A, a bit each), and all is done that had to be; go on.</summary>
    NodesLost = 0x052F,
}

/// <summary>Names of the mapping family for reports and traces.</summary>
public static class MappingNames
{
    public const byte Family = 0x05;

    public static bool Knows(ushort kind) => kind >> 8 == Family;

    public static string NameOf(ushort kind) => ((MappingKind)kind).ToString();

    public static string Describe(in Message message) =>
        $"{NameOf(message.Kind)} 0x{message.A:x} 0x{message.B:x} 0x{message.C:x}";
}

/// <summary>What an access to a page wants; a guest's TLB-modified exception asks for <see cref="Write"/>.</summary>
[Flags]
public enum PageAccess : byte
{
    None = 0,
    Read = 1,
    Write = 2,
    Execute = 4,
}

/// <summary>What the pmap allows; a real TLB entry's D bit needs <see cref="Write"/>.</summary>
[Flags]
public enum PageRights : byte
{
    None = 0,
    Read = 1,
    Write = 2,
}

/// <summary>What a page is used for, as far as the monitor knows; the rows of the memory report. [Disco Figure 6]
/// </summary>
public enum PageClass : byte
{
    Data,
    Text,
    BufferCache,
    Monitor,
}

/// <summary>Why a page cannot be given.</summary>
public enum Refusal : byte
{
    None = 0,

    /// <summary>The virtual machine has no such page, or it is being torn down.</summary>
    NoSuchPage = 1,

    /// <summary>No frame is free on any node, not even after dropping replicas; or the virtual machine has as many as
    /// it may have.</summary>
    OutOfMemory = 2,

    /// <summary>Too many requests wait; ask again.</summary>
    Retry = 3,

    /// <summary>No frame is free now, but others are asked to give some back: ask again when they could.</summary>
    Short = 4,

    /// <summary>The pages have other bytes, or this is no moment to find out.</summary>
    NotMerged = 5,
}
