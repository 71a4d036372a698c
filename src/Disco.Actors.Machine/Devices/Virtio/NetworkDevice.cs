using Disco.Actors.Core;

namespace Disco.Actors.Machine.Devices.Virtio;

/// <summary>
/// A network interface, <c>nic/k</c>, at one end of a cable: queue 0 takes frames that come, queue 1 has those that go.
/// [VIRTIO 1.2, 5.1]
/// </summary>
public sealed class NetworkDevice(Address address, int node, DeviceWiring wiring, DmaPort dma, Address peer)
    : AnsweringDevice(address, node, wiring, new VirtioKind(NetworkId, MacFeature, Queues: 2), dma)
{
    private const uint NetworkId = 1;
    private const uint MacFeature = 1 << 5;
    private const int ReceiveQueue = 0;

    // flags, gso_type, hdr_len, gso_size, csum_start, csum_offset, num_buffers. [5.1.6]
    private const int HeaderBytes = 12;
    private const int NumBuffers = 10;

    // Ethernet without and with a tag; and how many frames wait for room before more are lost, as on a real wire.
    private const int FrameBytesMax = 1518;
    private const int FramesWaiting = 256;

    // Locally administered; the last byte counts the interfaces. [IEEE 802, 8.2]
    private const uint MacLow = 0x6973_6402;
    private const uint MacHigh = 0x6f63;

    private readonly Queue<byte[]> _frames = new();
    private byte[] _coming = [];
    private long _lost;

    /// <summary>Frames that came while too many waited.</summary>
    public long LostFrames => _lost;

    /// <summary>The Ethernet address of <c>nic/k</c>, 48 bits.</summary>
    public static ulong MacOf(int index)
    {
        ulong mac = 0;
        for (int i = 0; i < 6; i++)
        {
            uint word = i < 4 ? MacLow : MacHigh + ((uint)index << 8);
            mac = (mac << 8) | ((word >> (8 * (i & 3))) & 0xFF);
        }
        return mac;
    }

    /// <summary>A piece of a frame on the cable: A = bytes of the whole frame, B = where the piece begins.</summary>
    public static Message Piece(int frameBytes, int offset) => new()
    {
        Kind = (ushort)UncachedKind.FramePiece,
        Lane = Lane.Request,
        A = (ulong)frameBytes,
        B = (ulong)offset,
    };

    protected override uint ConfigWord(int index) => index switch
    {
        0 => MacLow,
        1 => MacHigh + ((uint)Address.Index << 8),
        _ => 0,
    };

    protected override bool Wants(int queue) => queue != ReceiveQueue || _frames.Count > 0;

    protected override byte[] Answer(ReadOnlySpan<byte> request, long room, Context context)
    {
        if (Queue != ReceiveQueue)
        {
            Transmit(request, context);
            return [];
        }
        byte[] frame = _frames.Dequeue();
        if (HeaderBytes + frame.Length > room)
        {
            _lost++;
            return [];
        }
        byte[] answer = new byte[HeaderBytes + frame.Length];
        answer[NumBuffers] = 1;
        frame.CopyTo(answer, HeaderBytes);
        return answer;
    }

    protected override bool ReceiveMessage(in Envelope envelope, Context context)
    {
        if (envelope.Message.Kind != (ushort)UncachedKind.FramePiece)
        {
            return false;
        }
        int offset = (int)envelope.Message.B;
        if (offset == 0)
        {
            _coming = new byte[(int)envelope.Message.A];
        }
        ReadOnlySpan<byte> piece = envelope.Payload;
        piece[..envelope.Message.PayloadBytes].CopyTo(_coming.AsSpan(offset));
        if (offset + envelope.Message.PayloadBytes == _coming.Length)
        {
            Arrived(context);
        }
        return true;
    }

    protected override void SaveRequest(StateWriter writer)
    {
        base.SaveRequest(writer);
        writer.Write("comingBytes", _coming.Length);
        writer.Write("coming", _coming);
        writer.Write("lost", _lost);
        writer.Write("frames", _frames.Count);
        foreach (byte[] frame in _frames)
        {
            writer.Write("frameBytes", frame.Length);
            writer.Write("frame", frame);
        }
    }

    protected override void LoadRequest(StateReader reader)
    {
        base.LoadRequest(reader);
        _coming = new byte[reader.ReadInt32("comingBytes")];
        reader.ReadBytes("coming", _coming);
        _lost = reader.ReadInt64("lost");
        _frames.Clear();
        for (int left = reader.ReadInt32("frames"); left > 0; left--)
        {
            byte[] frame = new byte[reader.ReadInt32("frameBytes")];
            reader.ReadBytes("frame", frame);
            _frames.Enqueue(frame);
        }
    }

    private void Arrived(Context context)
    {
        if (_frames.Count == FramesWaiting)
        {
            _lost++;
            return;
        }
        _frames.Enqueue(_coming);
        Work(context);
    }

    // No offload was offered, so behind the header is one frame as it goes over the wire.
    private void Transmit(ReadOnlySpan<byte> request, Context context)
    {
        if (request.Length <= HeaderBytes || request.Length > HeaderBytes + FrameBytesMax)
        {
            return;
        }
        ReadOnlySpan<byte> frame = request[HeaderBytes..];
        for (int at = 0; at < frame.Length; at += Payload.BytesMax)
        {
            ReadOnlySpan<byte> piece = frame[at..Math.Min(frame.Length, at + Payload.BytesMax)];
            Wiring.Fabric.Send(context, Address, peer, 0, Piece(frame.Length, at), piece);
        }
    }
}
