using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Shootdown;

/// <summary>The messages of the shootdown protocols; family 0x08 of <see cref="Message.Kind"/>.</summary>
public enum ShootdownMessageKind : byte
{
    None,

    /// <summary>To a CPU: remove and acknowledge.</summary>
    Remove,

    /// <summary>To the sender of the order: no translation older than the generation is used here any more.</summary>
    Ack,

    /// <summary>To one CPU of a node: remove, have the CPUs in the payload remove, acknowledge for all.</summary>
    Multicast,

    /// <summary>To a CPU: stop, acknowledge, and wait for GoOn. (mach)</summary>
    Rendezvous,

    /// <summary>To a stopped CPU: the mapping is changed; remove and go on. (mach)</summary>
    GoOn,

    /// <summary>To a CPU: remove at the next tick or switch, then acknowledge. (lazy)</summary>
    Record,

    /// <summary>To a CPU: remove the ranges in the payload, or all, and acknowledge. (batched)</summary>
    Batch,

    /// <summary>The initiator's message to itself: the last acknowledgement has been taken in.</summary>
    Handled,

    /// <summary>A CPU's message to itself: time to look for records. (lazy)</summary>
    Tick,
}

/// <summary>
/// Typed view of a shootdown message.
/// <code>
/// A  63    56 55   54       32 31            0
///   +--------+----+-----------+---------------+
///   |   vm   |kind| page count| first page    |
///   +--------+----+-----------+---------------+
/// B  generation
/// C  63                 41 40      39   32 31            0
///   +---------------------+-------+-------+---------------+
///   |          0          |stopped|  cpu  |     epoch     |
///   +---------------------+-------+-------+---------------+
/// payload  Multicast: the other CPUs of the node, 8 bytes.
///          Batch: up to 16 ranges, laid out as word A.
/// </code>
/// </summary>
/// <param name="Kind">What is ordered or answered.</param>
/// <param name="What">The translations it is about.</param>
/// <param name="Epoch">Counts the initiator's rounds, from 1; an answer counts only for its own.</param>
/// <param name="Cpu">In an acknowledgement, whose it is.</param>
/// <param name="Stopped">In an acknowledgement: the CPU stands still until it is released.</param>
public readonly record struct ShootdownMessage(
    ShootdownMessageKind Kind, Invalidation What, uint Epoch, byte Cpu = 0, bool Stopped = false)
{
    /// <summary>The high byte of <see cref="Message.Kind"/> of every shootdown message.</summary>
    public const byte Family = 0x08;

    /// <summary>Ranges in the payload of one Batch.</summary>
    public const int RangesMax = Payload.BytesMax / sizeof(ulong);

    private const int CountBits = 23;

    public static bool IsOne(in Message message) => message.Kind >> 8 == Family;

    public static ShootdownMessage From(in Message message) => new(
        (ShootdownMessageKind)(byte)message.Kind,
        UnpackWhat(message.A, message.B),
        (uint)message.C,
        (byte)(message.C >> 32),
        (message.C >> 40 & 1) != 0);

    public Message Pack() => new()
    {
        Kind = (ushort)((Family << 8) | (int)Kind),
        Lane = Kind is ShootdownMessageKind.Ack or ShootdownMessageKind.GoOn ? Lane.Reply : Lane.Request,
        A = PackWhat(What),
        B = What.Generation,
        C = Epoch | ((ulong)Cpu << 32) | (Stopped ? 1UL << 40 : 0),
    };

    public override string ToString() => Kind switch
    {
        ShootdownMessageKind.Ack => $"Ack {Epoch} of cpu/{Cpu}{(Stopped ? ", stopped" : "")}",
        ShootdownMessageKind.Handled or ShootdownMessageKind.Tick => $"{Kind} {Epoch}",
        _ => $"{Kind} {Epoch}: {What}",
    };

    internal static ulong PackWhat(in Invalidation what) => what.Pages.First.Number
        | ((ulong)what.Pages.Count << 32) | ((ulong)what.Kind << 55) | ((ulong)what.Vm << 56);

    internal static Invalidation UnpackWhat(ulong word, ulong generation) => new(
        (int)(word >> 56),
        new PageRange(new PhysicalPage((uint)word), (int)(word >> 32) & ((1 << CountBits) - 1)),
        (InvalidationKind)(word >> 55 & 1),
        generation);
}

/// <summary>Names of the shootdown family for reports and traces.</summary>
public sealed class ShootdownNames : IMessageNames
{
    private static readonly string[] Names = Enum.GetNames<ShootdownMessageKind>();

    public string NameOf(ushort kind) =>
        kind >> 8 == ShootdownMessage.Family && (byte)kind < Names.Length ? Names[(byte)kind] : $"{kind:x4}";

    public string Describe(in Message message) =>
        ShootdownMessage.IsOne(message) ? ShootdownMessage.From(message).ToString() : message.ToString();
}
