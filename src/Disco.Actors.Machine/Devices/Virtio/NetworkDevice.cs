using Disco.Actors.Core;

namespace Disco.Actors.Machine.Devices.Virtio;

/// <summary>
/// A network interface, <c>nic/k</c>, at one end of a cable: queue 0 takes frames that come, queue 1 has those that go.
/// [VIRTIO 1.2, 5.1]
/// </summary>
public sealed class NetworkDevice(Address address, int node, DeviceWiring wiring, DmaPort dma, Address peer)
    : AnsweringDevice(address, node, wiring, new VirtioKind(NetworkId, Offered, Queues: 2) { QueueSize = 256 }, dma)
{
    private const uint NetworkId = 1;
    private const int ReceiveQueue = 0;
    private const int HeaderBytes = FrameOffload.HeaderSize;

    // CSUM, GUEST_CSUM, MAC, GUEST_TSO4, HOST_TSO4: no byte of TCP need ever be summed up, and one frame carries up to
    // 64 KB of it. [5.1.3]
    private const uint GuestChecksum = 1 << 1;
    private const uint GuestSegments = 1 << 7;
    private const uint Offered = (1 << 0) | GuestChecksum | (1 << 5) | GuestSegments | (1 << 11);

    // How many frames wait for room before more are lost, as on a real wire.
    private const int FramesWaiting = 256;
    private const int PageBytes = 4096;

    // Locally administered; the last byte counts the interfaces. [IEEE 802, 8.2]
    private const uint MacLow = 0x6973_6402;
    private const uint MacHigh = 0x6f63;

    private readonly LinkedList<NetFrame> _frames = new();
    private NetFrame? _coming;
    private long _lost;
    private long _pagesSent;
    private long _pagesReceived;
    private long _pagesAligned;

    /// <summary>Frames that came while too many waited.</summary>
    public long LostFrames => _lost;

    /// <summary>
    /// Pages of frames: that lay whole in pages of the sender's memory; that came to lie so in the receiver's; and that
    /// did both, so that a page could have changed hands instead of bytes.
    /// </summary>
    public (long Sent, long Received, long Aligned) WholePages => (_pagesSent, _pagesReceived, _pagesAligned);

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
        return _frames.Count == 0 ? [] : Receive(room);
    }

    protected override bool ReceiveMessage(in Envelope envelope, Context context)
    {
        if (envelope.Message.Kind != (ushort)UncachedKind.FramePiece)
        {
            return false;
        }
        _coming = NetFrame.Take(_coming, envelope, out bool isWhole);
        if (isWhole)
        {
            NetFrame frame = _coming;
            _coming = null;
            Arrived(frame, context);
        }
        return true;
    }

    protected override void SaveRequest(StateWriter writer)
    {
        base.SaveRequest(writer);
        writer.Write("coming", _coming is not null);
        _coming?.Save(writer);
        writer.Write("lost", _lost);
        writer.Write("stat.pagesSent", _pagesSent);
        writer.Write("stat.pagesReceived", _pagesReceived);
        writer.Write("stat.pagesAligned", _pagesAligned);
        writer.Write("frames", _frames.Count);
        foreach (NetFrame frame in _frames)
        {
            frame.Save(writer);
        }
    }

    protected override void LoadRequest(StateReader reader)
    {
        base.LoadRequest(reader);
        _coming = reader.ReadBool("coming") ? NetFrame.Load(reader) : null;
        _lost = reader.ReadInt64("lost");
        _pagesSent = reader.ReadInt64("stat.pagesSent");
        _pagesReceived = reader.ReadInt64("stat.pagesReceived");
        _pagesAligned = reader.ReadInt64("stat.pagesAligned");
        _frames.Clear();
        for (int left = reader.ReadInt32("frames"); left > 0; left--)
        {
            _frames.AddLast(NetFrame.Load(reader));
        }
    }

    private void Arrived(NetFrame frame, Context context)
    {
        if (_frames.Count >= FramesWaiting)
        {
            _lost++;
            return;
        }
        _frames.AddLast(frame);
        Work(context);
    }

    // The first frame that waits, behind its header. What the driver did not undertake to do is done here.
    private byte[] Receive(long room)
    {
        NetFrame frame = _frames.First!.Value;
        _frames.RemoveFirst();
        if ((frame.Offload.SegmentBytes > 0 && !HasTaken(GuestSegments))
            || (frame.Offload.NeedsChecksum && !HasTaken(GuestChecksum)))
        {
            IReadOnlyList<NetFrame> finished = FrameFinisher.Finish(frame);
            for (int last = finished.Count - 1; last > 0; last--)
            {
                _frames.AddFirst(finished[last]);
            }
            if (finished.Count == 0)
            {
                _lost++;
                return [];
            }
            frame = finished[0];
        }
        if (HeaderBytes + frame.Bytes.Length > room)
        {
            _lost++;
            return [];
        }
        byte[] answer = new byte[HeaderBytes + frame.Bytes.Length];
        frame.Offload.Write(answer);
        frame.Bytes.CopyTo(answer, HeaderBytes);
        CountPages(frame);
        return answer;
    }

    // Behind the header is one frame as it goes over the wire, but for what was offered to do for the driver.
    private void Transmit(ReadOnlySpan<byte> request, Context context)
    {
        int bytes = request.Length - HeaderBytes;
        if (bytes < 1 || bytes > NetFrame.BytesMax || FrameOffload.Parse(request, bytes) is not { } offload)
        {
            return;
        }
        (int First, int Count) pages = (0, 0);
        foreach ((int offset, _) in PagesOf(deviceWrites: false, bytes))
        {
            pages = (pages.Count == 0 ? offset : pages.First, pages.Count + 1);
        }
        _pagesSent += pages.Count;
        NetFrame frame = new(request[HeaderBytes..].ToArray(), offload, pages);
        frame.Send(Wiring.Fabric, context, Address, peer, 0);
    }

    private void CountPages(NetFrame frame)
    {
        (int first, int count) = frame.Pages;
        foreach ((int offset, _) in PagesOf(deviceWrites: true, frame.Bytes.Length))
        {
            _pagesReceived++;
            bool isSent = offset >= first && offset < first + (count * PageBytes);
            _pagesAligned += isSent && (offset - first) % PageBytes == 0 ? 1 : 0;
        }
    }

    // Whole pages of guest memory that the frame of the request under way fills: where in the frame, and which.
    private IEnumerable<(int Offset, ulong Address)> PagesOf(bool deviceWrites, int frameBytes)
    {
        long at = -HeaderBytes;
        foreach (Descriptor part in Chain.Where(part => part.DeviceWrites == deviceWrites))
        {
            long end = Math.Min(at + part.Bytes, frameBytes);
            long lead = (PageBytes - (long)(part.Address % PageBytes)) % PageBytes;
            for (long offset = at + lead; offset + PageBytes <= end; offset += PageBytes)
            {
                if (offset >= 0)
                {
                    yield return ((int)offset, part.Address + (ulong)(offset - at));
                }
            }
            at += part.Bytes;
        }
    }
}
