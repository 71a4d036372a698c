using System.Buffers.Binary;
using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Vmm.Devices;

/// <summary>
/// Sectors on their way between a disk and a virtio block device's guest, up to 16 stretches of guest memory at a time.
/// As a <see cref="DeviceCall"/>, with other words:
/// <code>
/// A  byte offset on the disk
/// B  vm; instead of a virtual CPU the index of the block device; a CPU near to it
/// C  63      62                                 0
///   +-------+------------------------------------+
///   | write |          request number            |
///   +-------+------------------------------------+
/// payload: each a stretch, address in bits 39:0, bytes in bits 63:40
/// </code>
/// </summary>
internal static class DiskTransfer
{
    public const int PiecesMax = Payload.BytesMax / sizeof(ulong);

    /// <summary>Of one stretch.</summary>
    public const int PieceBytesMax = 1 << 20;

    private const int BytesShift = 40;
    private const ulong WriteFlag = 1UL << 63;

    public static ulong Piece(ulong address, int bytes) => address | ((ulong)bytes << BytesShift);

    /// <summary>A request without its stretches.</summary>
    public static Message Of(long offset, int vm, int device, int cpu, ulong number, bool isWrite) => new DeviceCall(
        DeviceKind.DiskTransfer, (ulong)offset, vm, device, cpu, number | (isWrite ? WriteFlag : 0)).Pack();

    public static Address DeviceOf(in DeviceCall call) => new(Role.Disk, (ushort)call.Vcpu);

    public static Message Done(in DeviceCall call, long result) => new()
    {
        Kind = (ushort)DeviceKind.DiskTransferred,
        Lane = Lane.Reply,
        A = (ulong)result,
        C = call.Request & ~WriteFlag,
    };

    public static ulong[] PiecesOf(in Envelope envelope)
    {
        ReadOnlySpan<byte> payload = envelope.Payload;
        ulong[] pieces = new ulong[envelope.Message.PayloadBytes / sizeof(ulong)];
        for (int i = 0; i < pieces.Length; i++)
        {
            pieces[i] = BinaryPrimitives.ReadUInt64LittleEndian(payload[(i * sizeof(ulong))..]);
        }
        return pieces;
    }

    /// <summary>Cut into pieces that do not cross a page.</summary>
    public static DiskRequest RequestOf(int disk, in DeviceCall call, ulong[] pieces)
    {
        List<ulong> addresses = [];
        List<int> lengths = [];
        foreach (ulong piece in pieces)
        {
            ulong address = piece & ((1UL << BytesShift) - 1);
            int left = (int)(piece >> BytesShift);
            while (left > 0)
            {
                int length = Math.Min(left, Page.Bytes - (int)(address % Page.Bytes));
                addresses.Add(address);
                lengths.Add(length);
                address += (ulong)length;
                left -= length;
            }
        }
        bool isWrite = (call.Request & WriteFlag) != 0;
        return new DiskRequest(disk, isWrite, false, (long)call.Argument, lengths.Sum(), [.. addresses])
        {
            Lengths = [.. lengths],
        };
    }
}
