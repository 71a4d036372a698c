using System.Buffers.Binary;
using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Devices.Forwarding;

/// <summary>
/// What the host says to the gateway, in messages from outside:
/// <code>
/// ForwardOpen    A address and port (above it, from bit 32) of a guest   C connection
/// ForwardBytes   A, B up to 16 bytes                                     C connection | their number shifted by 32
/// ForwardTook    A bytes that the host has disposed of                   C connection
/// ForwardEnd     A 1: the connection is broken, else: no more bytes      C connection
/// OutsideBytes   A, B up to 16 bytes of a frame                          C their number
/// OutsideEnd     the frame is complete
/// </code>
/// </summary>
public static class OutsideMessage
{
    private const int PieceBytes = 16;

    /// <summary>The gateway.</summary>
    public static Address Target => FrameGateway.TheGateway;

    /// <summary>Where a virtual machine is expected: 10.0.0.1 and so on, the first byte highest.</summary>
    public static uint AddressOf(int vm) => FrameGateway.AddressOf(vm);

    public static Message Open(uint connection, uint address, ushort port) =>
        Of(DeviceKind.ForwardOpen, address | ((ulong)port << 32), 0, connection);

    public static IEnumerable<Message> Bytes(uint connection, ReadOnlyMemory<byte> bytes) =>
        Pieces(DeviceKind.ForwardBytes, bytes, connection, 32);

    public static Message Took(uint connection, int bytes) =>
        Of(DeviceKind.ForwardTook, (ulong)bytes, 0, connection);

    public static Message End(uint connection, bool isBroken) =>
        Of(DeviceKind.ForwardEnd, isBroken ? 1UL : 0, 0, connection);

    public static IEnumerable<Message> Frame(ReadOnlyMemory<byte> frame) =>
        Pieces(DeviceKind.OutsideBytes, frame, 0, 0).Append(Of(DeviceKind.OutsideEnd, 0, 0, 0));

    /// <summary>The bytes of a piece.</summary>
    /// <param name="message">ForwardBytes or OutsideBytes.</param>
    /// <param name="count">Of them.</param>
    internal static byte[] BytesOf(in Message message, ulong count)
    {
        byte[] piece = new byte[PieceBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(piece, message.A);
        BinaryPrimitives.WriteUInt64LittleEndian(piece.AsSpan(8), message.B);
        return piece[..(int)Math.Min(count, PieceBytes)];
    }

    private static IEnumerable<Message> Pieces(DeviceKind kind, ReadOnlyMemory<byte> bytes, ulong low, int shift)
    {
        for (int at = 0; at < bytes.Length; at += PieceBytes)
        {
            byte[] piece = new byte[PieceBytes];
            int length = Math.Min(PieceBytes, bytes.Length - at);
            bytes.Span.Slice(at, length).CopyTo(piece);
            yield return Of(
                kind, BinaryPrimitives.ReadUInt64LittleEndian(piece),
                BinaryPrimitives.ReadUInt64LittleEndian(piece.AsSpan(8)), low | ((ulong)length << shift));
        }
    }

    private static Message Of(DeviceKind kind, ulong a, ulong b, ulong c) =>
        new() { Kind = (ushort)kind, Lane = Lane.Request, A = a, B = b, C = c };
}
