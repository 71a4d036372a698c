using System.Buffers.Binary;
using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Devices;

/// <summary>
/// The port to the world outside. Messages for the gateway's address leave as output of the switch: length (4 bytes)
/// and source address (8 bytes), little-endian, and the bytes. Messages from outside come in pieces of 16 bytes.
/// </summary>
public sealed partial class VirtualSwitch
{
    /// <summary>Bytes of output before those of the message.</summary>
    public const int OutputHeaderBytes = 12;

    /// <summary>The most that one message carries.</summary>
    public const int GatewayPieceBytes = 16;

    /// <summary>Messages that bring bytes from outside, for <paramref name="destination"/>, to the switch.</summary>
    public static IEnumerable<Message> FromOutside(ulong destination, byte[] bytes)
    {
        for (int at = 0; at < bytes.Length; at += GatewayPieceBytes)
        {
            byte[] piece = new byte[GatewayPieceBytes];
            int length = Math.Min(GatewayPieceBytes, bytes.Length - at);
            bytes.AsSpan(at, length).CopyTo(piece);
            yield return new Message
            {
                Kind = (ushort)DeviceKind.GatewayBytes,
                Lane = Lane.Request,
                A = BinaryPrimitives.ReadUInt64LittleEndian(piece),
                B = BinaryPrimitives.ReadUInt64LittleEndian(piece.AsSpan(8)),
                C = (ulong)length,
            };
        }
        yield return new Message { Kind = (ushort)DeviceKind.GatewayEnd, Lane = Lane.Request, A = destination };
    }

    private void GatherIncoming(in Message message)
    {
        Span<byte> piece = stackalloc byte[GatewayPieceBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(piece, message.A);
        BinaryPrimitives.WriteUInt64LittleEndian(piece[8..], message.B);
        _incoming.AddRange(piece[..(int)Math.Min(message.C, GatewayPieceBytes)]);
    }

    private void StartFromOutside(int slot, Context context)
    {
        SwitchJob job = _jobs[slot];
        job.FromOutside = true;
        job.Phase = SwitchPhase.Block;
        job.Data.AddRange(_arrived[0]);
        _arrived.RemoveAt(0);
        if (job.Data.Count == 0)
        {
            Reply(slot, HypercallResult.Invalid, context);
            return;
        }
        job.Fragments = [new Fragment(0, (ulong)job.Data.Count)];
        Route(slot, job.Call.Argument, context);
    }

    private void PutOut(SwitchJob job, Context context)
    {
        if (job.Error != 0 || job.Abandoned)
        {
            return;
        }
        byte[] output = new byte[OutputHeaderBytes + job.Data.Count];
        BinaryPrimitives.WriteInt32LittleEndian(output, job.Data.Count);
        BinaryPrimitives.WriteUInt64LittleEndian(output.AsSpan(4), NetAddress.Of(job.Call.Vm));
        job.Data.CopyTo(output, OutputHeaderBytes);
        _putOut = Tap is null ? null : output[OutputHeaderBytes..];
        job.Data.Clear();
        context.Output(output);
    }
}
