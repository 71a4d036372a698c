using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Machine.Devices.Virtio;

/// <summary>
/// A frame of Ethernet on its way between interfaces, in messages of up to 128 bytes of it:
/// <code>
/// A  63           48 47           32 31               0
///   +---------------+---------------+------------------+
///   | whole pages   | first of them | bytes of frame   |  pages: as they lay in the sender's memory
///   +---------------+---------------+------------------+
/// B  where the piece begins
/// C  what its sender left to do, see FrameOffload
/// payload: the piece
/// </code>
/// </summary>
/// <param name="Bytes">From the destination's address on.</param>
/// <param name="Offload">What is left to do.</param>
/// <param name="Pages">Where whole pages of the sender's memory begin in it, and how many there are.</param>
public sealed record NetFrame(byte[] Bytes, FrameOffload Offload, (int First, int Count) Pages)
{
    /// <summary>The longest datagram of IP, and Ethernet with a tag.</summary>
    public const int BytesMax = ushort.MaxValue + 18;

    public NetFrame(byte[] bytes)
        : this(bytes, default, default)
    {
    }

    /// <summary>A piece that begins at an offset.</summary>
    public Message Piece(int offset) => new()
    {
        Kind = (ushort)UncachedKind.FramePiece,
        Lane = Lane.Request,
        A = (uint)Bytes.Length | ((ulong)(ushort)Pages.First << 32) | ((ulong)(ushort)Pages.Count << 48),
        B = (ulong)offset,
        C = Offload.Pack(),
    };

    /// <summary>Sends all of it.</summary>
    public void Send(Fabric fabric, Context context, Address from, Address to, long delayCycles)
    {
        for (int at = 0; at < Bytes.Length; at += Payload.BytesMax)
        {
            ReadOnlySpan<byte> piece = Bytes.AsSpan(at, Math.Min(Payload.BytesMax, Bytes.Length - at));
            fabric.Send(context, from, to, delayCycles, Piece(at), piece);
        }
    }

    /// <summary>Takes a piece that came, the first of a new frame or the next of one: the frame so far.</summary>
    /// <param name="soFar">As it was after the piece before.</param>
    /// <param name="piece">The envelope.</param>
    /// <param name="isWhole">There is nothing more to come.</param>
    public static NetFrame Take(NetFrame? soFar, in Envelope piece, out bool isWhole)
    {
        ref readonly Message message = ref piece.Message;
        Invariant.Holds(message.Kind == (ushort)UncachedKind.FramePiece);
        int offset = (int)message.B;
        NetFrame frame = offset == 0
            ? new NetFrame(
                new byte[(int)(uint)message.A], FrameOffload.Unpack(message.C),
                ((ushort)(message.A >> 32), (ushort)(message.A >> 48)))
            : soFar!;
        ReadOnlySpan<byte> payload = piece.Payload;
        payload[..message.PayloadBytes].CopyTo(frame.Bytes.AsSpan(offset));
        isWhole = offset + message.PayloadBytes == frame.Bytes.Length;
        return frame;
    }

    public void Save(StateWriter writer)
    {
        writer.Write("frameBytes", Bytes.Length);
        writer.Write("frame", Bytes);
        writer.Write("offload", Offload.Pack());
        writer.Write("firstPage", Pages.First);
        writer.Write("pages", Pages.Count);
    }

    public static NetFrame Load(StateReader reader)
    {
        byte[] bytes = new byte[reader.ReadInt32("frameBytes")];
        reader.ReadBytes("frame", bytes);
        FrameOffload offload = FrameOffload.Unpack(reader.ReadUInt64("offload"));
        int first = reader.ReadInt32("firstPage");
        return new NetFrame(bytes, offload, (first, reader.ReadInt32("pages")));
    }
}
