namespace Disco.Actors.Vmm.Memory;

/// <summary>
/// The state of a physical page in the pmap. The first four are at rest; in the others a transaction is under way,
/// and requests that need the page wait for its end.
/// </summary>
public enum PageState : byte
{
    /// <summary>Never touched, or given back: no frame.</summary>
    Empty,

    /// <summary>One frame, used by nobody else.</summary>
    Private,

    /// <summary>One frame, which others may use too; read-only, a write breaks the share (copy-on-write).</summary>
    Shared,

    /// <summary>A frame and replicas of it on other nodes, all read-only; the frame itself may be shared.</summary>
    Replicated,

    /// <summary>Waits for a frame of zeros.</summary>
    FillAllocating,

    /// <summary>Waits until no CPU uses the frame; then for the copy on the node the page moves to.</summary>
    MigrateInvalidating,
    MigrateCopying,

    /// <summary>
    /// Waits until no CPU can write the frame; then for the copy; then until the CPUs of the replica's node have let
    /// go of the old frame.
    /// </summary>
    ReplicateDowngrading,
    ReplicateCopying,
    ReplicateRemapping,

    /// <summary>A write, or memory being short, ends replication: waits until no CPU uses any of the frames.</summary>
    CollapseInvalidating,
    DropInvalidating,

    /// <summary>
    /// A write to a shared frame: waits to hear whether others still use it; if so for a frame, until no CPU uses the
    /// old one, and for the copy.
    /// </summary>
    BreakClaiming,
    BreakAllocating,
    BreakInvalidating,
    BreakCopying,

    /// <summary>Waits until no CPU can write the frame; then until the new user is registered with it.</summary>
    LendDowngrading,
    LendRegistering,

    /// <summary>Waits until no CPU uses the old frame, to take on a shared one.</summary>
    BorrowInvalidating,

    /// <summary>Waits until no CPU uses any frame, to give them back.</summary>
    FreeInvalidating,

    /// <summary>
    /// Waits until no CPU can write the frame; then to hear whether the frame lent by another has the same bytes. What
    /// follows is <see cref="BorrowInvalidating"/>, or nothing.
    /// </summary>
    MergeDowngrading,
    MergeComparing,
}

public enum PageEvent : byte
{
    // Requests that can wait.
    Read,
    Write,
    Lend,

    /// <summary>The page is to use a frame in which it is registered as a user.</summary>
    Borrow,
    Free,

    /// <summary>One of the above that would take the frame from under a device that has the page pinned.</summary>
    Held,

    // Requests that are refused rather than wait: the monitor's own ideas.
    Migrate,
    Replicate,
    DropReplicas,

    /// <summary>The page is to use a frame in which it is registered as a user, if that has the same bytes.</summary>
    Merge,

    /// <summary>One of those, while a device has the page pinned.</summary>
    HeldMove,

    // What transactions wait for.
    Allocated,
    NoFrame,

    /// <summary>The shootdown is complete; the frame is this page's alone, or others may use it too.</summary>
    ShotDown,
    ShotDownShared,
    Copied,

    /// <summary>The memmap's answer to Claim.</summary>
    ClaimedAlone,
    ClaimedShared,

    /// <summary>The memmap has registered the new user; and the same of a page with replicas.</summary>
    Registered,
    RegisteredReplicated,

    /// <summary>The memmap has compared both frames.</summary>
    Same,
    Differs,
}

/// <summary>What vm/k does in a step, in the order of the members, besides entering the next state.</summary>
[Flags]
public enum PageDo
{
    None = 0,

    /// <summary>The request is queued until the page is at rest or unpinned.</summary>
    Wait = 1 << 0,

    /// <summary>The request, or the transaction, is refused.</summary>
    Refuse = 1 << 1,

    /// <summary>Drops this page's uses: of all its frames, of its replicas, of the frame it had before.</summary>
    ReleaseAll = 1 << 2,
    ReleaseReplicas = 1 << 3,
    ReleaseOld = 1 << 4,

    /// <summary>The frame of the transaction becomes the page's frame, or one of its replicas.</summary>
    Adopt = 1 << 5,
    AddReplica = 1 << 6,

    /// <summary>From now on others may use the page's frame; or nobody else does.</summary>
    MarkShared = 1 << 7,
    MarkPrivate = 1 << 8,

    /// <summary>The requester gets the frame, its right, and the generation.</summary>
    Grant = 1 << 9,

    /// <summary>The borrower gets the frame, or hears that the page is all zero.</summary>
    SendLent = 1 << 10,
    SendLentZero = 1 << 11,

    /// <summary>The requester of a transaction without a frame for an answer hears of its end.</summary>
    Confirm = 1 << 12,

    /// <summary>A frame on the requester's node or the next best; of zeros.</summary>
    Allocate = 1 << 13,
    AllocateZero = 1 << 14,
    Claim = 1 << 15,
    Register = 1 << 16,
    Copy = 1 << 17,
    Compare = 1 << 21,

    /// <summary>Shootdowns: of all translations, of the right to write, of those on the replica's node.</summary>
    InvalidateAll = 1 << 18,
    DowngradeAll = 1 << 19,
    InvalidateLocal = 1 << 20,

    /// <summary>The pair cannot occur; a host bug if it does.</summary>
    Impossible = 1 << 30,
}

public readonly record struct PageStep(PageState Next, PageDo Do);
