using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Memory;

/// <summary>
/// Who uses a frame: a page of a virtual machine, or something of a device that has frames of its own.
/// </summary>
/// <param name="Owner">0 to 255 a virtual machine; from <see cref="FirstDevice"/> on a device.</param>
/// <param name="Page">The virtual machine's page; for a device a number of its own choice.</param>
public readonly record struct FrameUser(ushort Owner, PhysicalPage Page)
{
    /// <summary>The first owner number that is no virtual machine.</summary>
    public const ushort FirstDevice = 256;

    /// <summary>The owner of the monitor's own frames.</summary>
    public const ushort Monitor = ushort.MaxValue;

    public bool IsVm => Owner < FirstDevice;

    public override string ToString() => IsVm ? $"vm/{Owner} {Page}" : $"device {Owner - FirstDevice} {Page}";
}

/// <summary>How a frame is asked for.</summary>
[Flags]
public enum AllocateFlags : byte
{
    None = 0,

    /// <summary>Filled with zeros before it is given.</summary>
    Zero = 1,

    /// <summary>When no frame is free, replicas and pages that devices keep for later may be dropped for it.</summary>
    DropReplicas = 2,

    /// <summary>The frame is to hold a replica, which may be asked back.</summary>
    Replica = 4,

    /// <summary>May be one of the last: its guest was asked for memory, and needs some to give more.</summary>
    Reserved = 8,
}

/// <summary>
/// vm/k or a device to memmap/n: one frame of the node, please.
/// <code>
/// A  page
/// B  63      32 31     24 23     16 15       0
///   +----------+---------+---------+----------+
///   |    0     |  class  |  flags  |  owner   |
///   +----------+---------+---------+----------+
/// C  transaction, echoed
/// </code>
/// </summary>
public readonly record struct AllocateMessage(
    FrameUser User, AllocateFlags Flags, PageClass Class, ulong Transaction)
{
    public static AllocateMessage From(in Message message) => new(
        new FrameUser((ushort)message.B, new PhysicalPage((uint)message.A)), (AllocateFlags)(byte)(message.B >> 16),
        (PageClass)(byte)(message.B >> 24), message.C);

    public Message Pack() => new()
    {
        Kind = (ushort)MappingKind.Allocate,
        Lane = Lane.Request,
        A = User.Page.Number,
        B = User.Owner | ((ulong)Flags << 16) | ((ulong)Class << 24),
        C = Transaction,
    };
}

/// <summary>memmap/n's answer: A page, B the frame or all ones when none is free, C transaction.</summary>
public readonly record struct AllocatedMessage(PhysicalPage Page, Frame Frame, ulong Transaction)
{
    public static AllocatedMessage From(in Message message) =>
        new(new PhysicalPage((uint)message.A), new Frame((uint)message.B), message.C);

    public Message Pack() => new()
    {
        Kind = (ushort)MappingKind.Allocated,
        Lane = Lane.Reply,
        A = Page.Number,
        B = Frame.Exists ? Frame.Number : ulong.MaxValue,
        C = Transaction,
    };
}

/// <summary>
/// About one use of a frame, to its memmap: Release drops it, Share adds it, Claim asks whether it is the only one;
/// and the answers Shared and Claimed. A Release gets no answer: the frame is free when its last user is gone.
/// <code>
/// A  frame
/// B  63       32 31                    0
///   +-----------+-----------------------+
///   |   extra   |         page          |   extra: the transaction's low half; in Claimed its top bit says "alone"
///   +-----------+-----------------------+
/// C  owner
/// </code>
/// </summary>
public readonly record struct FrameUseMessage(MappingKind Kind, Frame Frame, FrameUser User, uint Extra = 0)
{
    /// <summary>In the extra word of <see cref="MappingKind.Claimed"/>: nobody else uses the frame.</summary>
    public const uint Alone = 1u << 31;

    public static FrameUseMessage From(in Message message) => new(
        (MappingKind)message.Kind, new Frame((uint)message.A),
        new FrameUser((ushort)message.C, new PhysicalPage((uint)message.B)), (uint)(message.B >> 32));

    public Message Pack() => new()
    {
        Kind = (ushort)Kind,
        Lane = Kind is MappingKind.Shared or MappingKind.Claimed ? Lane.Reply : Lane.Request,
        A = Frame.Number,
        B = User.Page.Number | ((ulong)Extra << 32),
        C = User.Owner,
    };
}

/// <summary>
/// vm/k to the memmap of the destination, about a page's bytes: CopyPage them, coherently, or ComparePages of which
/// nobody can write either. A source frame, B destination frame, C transaction.
/// </summary>
public readonly record struct PageJobMessage(MappingKind Kind, Frame Source, Frame Destination, ulong Transaction)
{
    public static PageJobMessage From(in Message message) => new(
        (MappingKind)message.Kind, new Frame((uint)message.A), new Frame((uint)message.B), message.C);

    public Message Pack() => new()
    {
        Kind = (ushort)Kind,
        Lane = Lane.Request,
        A = Source.Number,
        B = Destination.Number,
        C = Transaction,
    };
}

/// <summary>Both pages were compared: A 1 if they have the same bytes, C transaction.</summary>
public readonly record struct ComparedMessage(bool AreSame, ulong Transaction)
{
    public static ComparedMessage From(in Message message) => new(message.A != 0, message.C);

    public Message Pack() => new()
    {
        Kind = (ushort)MappingKind.Compared,
        Lane = Lane.Reply,
        A = AreSame ? 1UL : 0,
        C = Transaction,
    };
}

/// <summary>The copy is complete. A destination frame, C transaction.</summary>
public readonly record struct CopiedMessage(Frame Destination, ulong Transaction)
{
    public static CopiedMessage From(in Message message) => new(new Frame((uint)message.A), message.C);

    public Message Pack() => new()
    {
        Kind = (ushort)MappingKind.Copied,
        Lane = Lane.Reply,
        A = Destination.Number,
        C = Transaction,
    };
}

/// <summary>
/// vm/k to every memmap/n at its end: ReleaseAll, A owner; and the answer AllReleased, A owner, B uses dropped.
/// </summary>
public readonly record struct ReleaseAllMessage(MappingKind Kind, ushort Owner, uint Uses = 0)
{
    public static ReleaseAllMessage From(in Message message) =>
        new((MappingKind)message.Kind, (ushort)message.A, (uint)message.B);

    public Message Pack() => new()
    {
        Kind = (ushort)Kind,
        Lane = Kind == MappingKind.AllReleased ? Lane.Reply : Lane.Request,
        A = Owner,
        B = Uses,
    };
}

/// <summary>DropReplicas and ReplicasDropped: A frame, B page of the virtual machine that uses it.</summary>
public readonly record struct ReplicaMessage(MappingKind Kind, Frame Frame, PhysicalPage Page)
{
    public static ReplicaMessage From(in Message message) =>
        new((MappingKind)message.Kind, new Frame((uint)message.A), new PhysicalPage((uint)message.B));

    // Both go with the requests: a ReplicasDropped must not overtake the Release before it.
    public Message Pack() => new()
    {
        Kind = (ushort)Kind,
        Lane = Lane.Request,
        A = Frame.Number,
        B = Page.Number,
    };
}

/// <summary>
/// What a page is used for: from a guest to vm/k about a page, from there to memmap/n about a frame. A page or frame,
/// B class.
/// </summary>
public readonly record struct ClassHintMessage(uint Number, PageClass Class)
{
    public static ClassHintMessage From(in Message message) => new((uint)message.A, (PageClass)(byte)message.B);

    public Message Pack() => new()
    {
        Kind = (ushort)MappingKind.ClassHint,
        Lane = Lane.Request,
        A = Number,
        B = (ulong)Class,
    };
}

/// <summary>
/// Directory to memmap/n (A frame) and on to vm/k (A page): other nodes miss often on a page. The payload has the
/// misses since the last such message, 4 bytes for each node.
/// <code>
/// B  63        32 31              0
///   +------------+-----------------+
///   |   frame    |     hot node    |
///   +------------+-----------------+
/// C  how many of the misses were to write
/// </code>
/// </summary>
public readonly record struct HotPageMessage(Frame Frame, PhysicalPage Page, int Node, uint Writes = 0)
{
    /// <summary>From a directory: word A is the frame.</summary>
    public static HotPageMessage FromDirectory(in Message message) =>
        new(new Frame((uint)message.A), default, (int)(message.B & 0xFFFF_FFFF), (uint)message.C);

    /// <summary>From a memmap: word A is the page.</summary>
    public static HotPageMessage From(in Message message) => new(
        new Frame((uint)(message.B >> 32)), new PhysicalPage((uint)message.A), (int)(message.B & 0xFFFF_FFFF),
        (uint)message.C);

    public Message Pack() => new()
    {
        Kind = (ushort)MappingKind.HotPage,
        Lane = Lane.Request,
        A = Page.Number,
        B = (uint)Node | ((ulong)Frame.Number << 32),
        C = Writes,
    };
}
