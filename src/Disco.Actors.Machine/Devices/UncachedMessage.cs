using Disco.Actors.Core;

namespace Disco.Actors.Machine.Devices;

/// <summary>The messages of register access: one load or store of a CPU is one request and one reply.</summary>
public enum UncachedKind : ushort
{
    /// <summary>CPU to device: load.</summary>
    UncachedRead = 0x0201,

    /// <summary>CPU to device: store.</summary>
    UncachedWrite = 0x0202,

    /// <summary>Device to CPU: the loaded value.</summary>
    UncachedData = 0x0203,

    /// <summary>Device to CPU: the store has taken effect.</summary>
    UncachedAck = 0x0204,

    /// <summary>Outside to console: characters typed; see <see cref="Uart.Input"/>.</summary>
    ConsoleInput = 0x0205,

    /// <summary>Console to whoever reads it: A = the character printed.</summary>
    ConsoleOutput = 0x0206,

    /// <summary>Outside to balloon: A = pages the guest is asked for in all.</summary>
    BalloonWant = 0x0207,

    /// <summary>One network interface to another; see <see cref="Virtio.NetFrame"/>.</summary>
    FramePiece = 0x0208,
}

/// <summary>
/// One register access or its reply.
/// <code>
/// A  physical address
/// B  value, zero extended, as the register file sees it (no byte order on the wire)
/// C  63            48 47        32 31                  0
///   +----------------+------------+--------------------+
///   | virtual CPU +1 | size bytes | requester, packed  |  who gets the reply
///   +----------------+------------+--------------------+
/// D  the route; see Fabric
/// </code>
/// A per-CPU device has a window for each CPU; which one is meant says the virtual CPU, or the requester where there
/// is none (0).
/// </summary>
public readonly record struct UncachedMessage(
    UncachedKind Kind, ulong PhysicalAddress, ulong Value, Address Requester, int SizeBytes)
{
    /// <summary>The virtual CPU on whose behalf the requester asks, -1 for none.</summary>
    public int VirtualCpu { get; init; } = -1;

    /// <summary>The CPU whose window of a per-CPU device is meant.</summary>
    public int Window => VirtualCpu >= 0 ? VirtualCpu : Requester.Index;

    public static UncachedMessage Unpack(in Message message) => new(
        (UncachedKind)message.Kind, message.A, message.B, Address.FromPacked((uint)message.C),
        (ushort)(message.C >> 32))
    {
        VirtualCpu = (int)(message.C >> 48) - 1,
    };

    public static UncachedMessage Read(ulong physicalAddress, int sizeBytes, Address requester) =>
        new(UncachedKind.UncachedRead, physicalAddress, 0, requester, sizeBytes);

    public static UncachedMessage Write(ulong physicalAddress, ulong value, int sizeBytes, Address requester) =>
        new(UncachedKind.UncachedWrite, physicalAddress, value, requester, sizeBytes);

    public UncachedMessage Reply(ulong value) => this with
    {
        Kind = Kind == UncachedKind.UncachedRead ? UncachedKind.UncachedData : UncachedKind.UncachedAck,
        Value = value,
    };

    public Message Pack() => new()
    {
        Kind = (ushort)Kind,
        Lane = Kind is UncachedKind.UncachedData or UncachedKind.UncachedAck ? Lane.Reply : Lane.Request,
        A = PhysicalAddress,
        B = Value,
        C = ((ulong)(VirtualCpu + 1) << 48) | ((ulong)SizeBytes << 32) | Requester.Packed,
    };
}
