using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Memory;

/// <summary>
/// A device to vm/k: Pin asks for a page's frame, filled if need be and writable if asked, which then stays where it
/// is until Unpin. Pinned and PinRefused answer.
/// <code>
/// A  page
/// B  Pin        access (read or write)
///    Pinned     frame | rights shifted by 32
///    PinRefused reason
/// C  request number
/// </code>
/// </summary>
public readonly record struct PinMessage(MappingKind Kind, PhysicalPage Page, ulong Value, ulong Request)
{
    public PageAccess Access => (PageAccess)(byte)Value;

    public Frame Frame => new((uint)Value);

    public Refusal Reason => (Refusal)(byte)Value;

    public static PinMessage Pin(PhysicalPage page, PageAccess access, ulong request) =>
        new(MappingKind.Pin, page, (ulong)access, request);

    public static PinMessage Unpin(PhysicalPage page) => new(MappingKind.Unpin, page, 0, 0);

    public static PinMessage From(in Message message) =>
        new((MappingKind)message.Kind, new PhysicalPage((uint)message.A), message.B, message.C);

    public Message Pack() => new()
    {
        Kind = (ushort)Kind,
        Lane = Kind is MappingKind.Pinned or MappingKind.PinRefused ? Lane.Reply : Lane.Request,
        A = Page.Number,
        B = Value,
        C = Request,
    };
}

/// <summary>
/// A CPU (the guest's remap call) or a device to the vm/k of the destination: let the page be a copy-on-write share of
/// another page. Answered by <see cref="RemappedMessage"/>. [Disco 4.2.5, 4.2.6] As Merge, only if both pages have the
/// same bytes.
/// <code>
/// A  destination page
/// B  63        32 31              0
///   +------------+-----------------+
///   | source vm  |   source page   |
///   +------------+-----------------+
/// C  request number
/// </code>
/// </summary>
public readonly record struct RemapMessage(PhysicalPage Page, int SourceVm, PhysicalPage SourcePage, ulong Request)
{
    public bool IfSame { get; init; }

    public static RemapMessage From(in Message message) => new(
        new PhysicalPage((uint)message.A), (int)(message.B >> 32), new PhysicalPage((uint)message.B), message.C)
    {
        IfSame = message.Kind == (ushort)MappingKind.Merge,
    };

    public Message Pack() => new()
    {
        Kind = (ushort)(IfSame ? MappingKind.Merge : MappingKind.Remap),
        Lane = Lane.Request,
        A = Page.Number,
        B = SourcePage.Number | ((ulong)(uint)SourceVm << 32),
        C = Request,
    };
}

/// <summary>The answer to Remap and MapFrame: A destination page, B 0 or a reason, C request number.</summary>
public readonly record struct RemappedMessage(PhysicalPage Page, Refusal Reason, ulong Request)
{
    public static RemappedMessage From(in Message message) =>
        new(new PhysicalPage((uint)message.A), (Refusal)(byte)message.B, message.C);

    public Message Pack() => new()
    {
        Kind = (ushort)MappingKind.Remapped,
        Lane = Lane.Reply,
        A = Page.Number,
        B = (ulong)Reason,
        C = Request,
    };
}

/// <summary>
/// A device or the vm of a destination to the vm of a source: make the page read-only and let somebody else use its
/// frame too. Answered by <see cref="LentMessage"/>.
/// <code>
/// A  source page
/// B  63     48 47     32 31              0
///   +---------+---------+-----------------+
///   |    0    |  owner  |      page       |  the new user
///   +---------+---------+-----------------+
/// C  ticket, echoed
/// </code>
/// </summary>
public readonly record struct LendMessage(PhysicalPage Page, FrameUser User, ulong Ticket)
{
    public static LendMessage From(in Message message) => new(
        new PhysicalPage((uint)message.A),
        new FrameUser((ushort)(message.B >> 32), new PhysicalPage((uint)message.B)), message.C);

    public Message Pack() => new()
    {
        Kind = (ushort)MappingKind.Lend,
        Lane = Lane.Request,
        A = Page.Number,
        B = User.Page.Number | ((ulong)User.Owner << 32),
        C = Ticket,
    };
}

/// <summary>
/// The new user is registered with the frame, and has to release it one day. Without a frame and without a reason the
/// source page was never touched: it is all zero.
/// <code>
/// A  the new user's page
/// B  63   48 47    40 39    32 31       0
///   +-------+--------+--------+----------+
///   |   0   | class  | reason |  frame   |
///   +-------+--------+--------+----------+
/// C  ticket
/// </code>
/// </summary>
public readonly record struct LentMessage(
    PhysicalPage Page, Frame Frame, Refusal Reason, PageClass Class, ulong Ticket)
{
    public static LentMessage From(in Message message) => new(
        new PhysicalPage((uint)message.A), new Frame((uint)message.B), (Refusal)(byte)(message.B >> 32),
        (PageClass)(byte)(message.B >> 40), message.C);

    public Message Pack() => new()
    {
        Kind = (ushort)MappingKind.Lent,
        Lane = Lane.Reply,
        A = Page.Number,
        B = Frame.Number | ((ulong)Reason << 32) | ((ulong)Class << 40),
        C = Ticket,
    };
}

/// <summary>
/// A device to vm/k: let a page use, copy-on-write, a frame in which the page is registered as a user already (by
/// Share). Answered by <see cref="RemappedMessage"/>; when refused, the use has been released.
/// <code>
/// A  page
/// B  63   48 47    40 39    32 31       0
///   +-------+--------+--------+----------+
///   |   0   | class  |   0    |  frame   |
///   +-------+--------+--------+----------+
/// C  request number
/// </code>
/// </summary>
public readonly record struct MapFrameMessage(PhysicalPage Page, Frame Frame, PageClass Class, ulong Request)
{
    public static MapFrameMessage From(in Message message) => new(
        new PhysicalPage((uint)message.A), new Frame((uint)message.B), (PageClass)(byte)(message.B >> 40), message.C);

    public Message Pack() => new()
    {
        Kind = (ushort)MappingKind.MapFrame,
        Lane = Lane.Request,
        A = Page.Number,
        B = Frame.Number | ((ulong)Class << 40),
        C = Request,
    };
}

/// <summary>
/// A guest's hint that a page's contents are of no use any more, and its answer: A page, B 0 or a reason in Freed,
/// C request number. The next touch finds a page of zeros.
/// </summary>
public readonly record struct FreePageMessage(MappingKind Kind, PhysicalPage Page, Refusal Reason, ulong Request)
{
    public static FreePageMessage From(in Message message) => new(
        (MappingKind)message.Kind, new PhysicalPage((uint)message.A), (Refusal)(byte)message.B, message.C);

    public Message Pack() => new()
    {
        Kind = (ushort)Kind,
        Lane = Kind == MappingKind.Freed ? Lane.Reply : Lane.Request,
        A = Page.Number,
        B = (ulong)Reason,
        C = Request,
    };
}

/// <summary>
/// How many pages a virtual machine has and should have: BalloonQuery (C request number), its answer BalloonStatus
/// (A pages in use, B target, C request number), and SetBalloon (B target), which an operator sends.
/// </summary>
public readonly record struct BalloonMessage(MappingKind Kind, uint PagesUsed, uint PagesTarget, ulong Request)
{
    public static BalloonMessage From(in Message message) =>
        new((MappingKind)message.Kind, (uint)message.A, (uint)message.B, message.C);

    public Message Pack() => new()
    {
        Kind = (ushort)Kind,
        Lane = Kind == MappingKind.BalloonStatus ? Lane.Reply : Lane.Request,
        A = PagesUsed,
        B = PagesTarget,
        C = Request,
    };
}
