using System.Runtime.CompilerServices;
using Disco.Actors.Core;

namespace Disco.Actors.Machine.Interconnect;

/// <summary>The messages of the coherence protocol; family 0x01 of <see cref="Message.Kind"/>.</summary>
/// <remarks>
/// Request lane: what may have to be refused or needs the receiver to send. Reply lane: what ends a transaction and is
/// always accepted, so that a request can never block the reply it waits for (FLASH, DASH).
/// </remarks>
public enum CoherenceKind : byte
{
    None,

    // Cache to home, request lane.
    GetS,
    GetX,
    Upgrade,

    // Home to cache, request lane.
    FwdGetS,
    FwdGetX,
    Inval,

    // To the requesting cache, reply lane.
    DataShared,
    DataExclusive,
    DataModified,
    UpgradeAck,
    Nack,
    WbAck,

    // Cache to home, reply lane.
    InvalAck,
    PutClean,
    PutDirty,
    SharingWriteback,
    SharingWritebackDirty,
    OwnershipTransfer,

    // Home to its memory node, request lane: FIFO keeps a write before the read that follows it.
    ReadShared,
    ReadExclusive,
    WriteLine,

    /// <summary>A cache's message to itself: the pause after a Nack is over.</summary>
    Retry,
}

/// <summary>
/// Typed view of a coherence message. A value: copying it is sending it.
/// <code>
/// A  line address
/// B  63      32 31    24 23    16 15       8 7         0
///   +----------+--------+--------+----------+-----------+
///   |    0     |   0    | retries|  sender  | requester |
///   +----------+--------+--------+----------+-----------+
/// C  0
/// D  the route; see Fabric
/// </code>
/// </summary>
/// <param name="Kind">What is asked or answered.</param>
/// <param name="Line">The line it is about.</param>
/// <param name="Requester">The agent (0 to 127) whose request started the transaction.</param>
/// <param name="Sender">The agent that sends; meaningless from a directory or a memory node.</param>
/// <param name="Retries">How often the request was refused before, saturating; in a Nack, 1 for a promise.</param>
public readonly record struct CoherenceMessage(
    CoherenceKind Kind, LineAddress Line, byte Requester, byte Sender, byte Retries)
{
    /// <summary>The high byte of <see cref="Message.Kind"/> of every coherence message.</summary>
    public const byte Family = 0x01;

    /// <summary>A Nack that promises: the line is kept for the requester, who should not let it wait.</summary>
    public bool IsPromise => Kind == CoherenceKind.Nack && Retries != 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsOne(in Message message) => message.Kind >> 8 == Family;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CoherenceMessage From(in Message message) => new(
        (CoherenceKind)(byte)message.Kind,
        new LineAddress(message.A),
        (byte)message.B,
        (byte)(message.B >> 8),
        (byte)(message.B >> 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Message Pack() => new()
    {
        Kind = (ushort)((Family << 8) | (int)Kind),
        Lane = IsRequest(Kind) ? Lane.Request : Lane.Reply,
        A = Line.Value,
        B = Requester | ((ulong)Sender << 8) | ((ulong)Retries << 16),
    };

    public override string ToString() => $"{Kind} {Line} for a{Requester}";

    private static bool IsRequest(CoherenceKind kind) =>
        kind is >= CoherenceKind.GetS and <= CoherenceKind.Inval
            or >= CoherenceKind.ReadShared and <= CoherenceKind.WriteLine;
}

/// <summary>Names of the coherence family for reports and traces.</summary>
public sealed class CoherenceNames : IMessageNames
{
    private static readonly string[] Names = Enum.GetNames<CoherenceKind>();

    public string NameOf(ushort kind) =>
        kind >> 8 == CoherenceMessage.Family && (byte)kind < Names.Length ? Names[(byte)kind] : $"{kind:x4}";

    public string Describe(in Message message) =>
        CoherenceMessage.IsOne(message) ? CoherenceMessage.From(message).ToString() : message.ToString();
}
