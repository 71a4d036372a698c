using System.Buffers.Binary;

namespace Disco.Actors.Machine.Devices.Virtio;

/// <summary>
/// Does what the sender of a frame left to do, for a receiver who cannot: the checksum, and cutting TCP over IPv4 into
/// segments. [VIRTIO 1.2, 5.1.6.4; RFC 9293, 3.1]
/// </summary>
public static class FrameFinisher
{
    /// <summary>More segments than a driver has room for are a driver's mistake.</summary>
    private const int SegmentsMax = 256;

    private const int EthernetBytes = 14;
    private const ushort Ip4 = 0x0800;
    private const int IpBytes = 20;
    private const int TcpBytes = 20;
    private const byte TcpProtocol = 6;

    // CWR is of the first segment only; FIN and PSH are of the last one.
    private const byte FirstOnly = 0x80;
    private const byte LastOnly = 0x09;

    /// <summary>Frames that need nothing more; none for one whose headers are not what its sender said.</summary>
    public static IReadOnlyList<NetFrame> Finish(NetFrame frame)
    {
        if (frame.Offload.SegmentBytes > 0)
        {
            return Cut(frame.Bytes, frame.Offload.SegmentBytes);
        }
        if (!frame.Offload.NeedsChecksum)
        {
            return [frame];
        }
        byte[] bytes = [.. frame.Bytes];
        int start = frame.Offload.ChecksumStart;
        ushort checksum = InternetChecksum.Of(InternetChecksum.Sum(bytes.AsSpan(start)));
        // Zero means that there is none, in UDP. [RFC 768]
        BinaryPrimitives.WriteUInt16BigEndian(
            bytes.AsSpan(start + frame.Offload.ChecksumOffset), checksum == 0 ? ushort.MaxValue : checksum);
        return [new NetFrame(bytes, default, frame.Pages)];
    }

    private static List<NetFrame> Cut(byte[] bytes, int segmentBytes)
    {
        if (HeadersOf(bytes) is not var (ipBytes, tcpBytes))
        {
            return [];
        }
        int headers = EthernetBytes + ipBytes + tcpBytes;
        int data = bytes.Length - headers;
        if ((data + segmentBytes - 1) / segmentBytes > SegmentsMax)
        {
            return [];
        }
        List<NetFrame> segments = [];
        for (int at = 0; at == 0 || at < data; at += segmentBytes)
        {
            int length = Math.Min(segmentBytes, data - at);
            byte[] segment = [.. bytes.AsSpan(0, headers), .. bytes.AsSpan(headers + at, length)];
            Span<byte> ip = segment.AsSpan(EthernetBytes);
            Span<byte> tcp = ip[ipBytes..];
            Add(ip[4..], segments.Count);
            BinaryPrimitives.WriteUInt32BigEndian(
                tcp[4..], BinaryPrimitives.ReadUInt32BigEndian(tcp[4..]) + (uint)at);
            tcp[13] &= (byte)~((at == 0 ? 0 : FirstOnly) | (at + length == data ? 0 : LastOnly));
            Sign(ip, ipBytes);
            segments.Add(new NetFrame(segment));
        }
        return segments;
    }

    /// <summary>Length and both checksums of a packet of TCP over IPv4.</summary>
    public static void Sign(Span<byte> ip, int ipBytes)
    {
        Span<byte> tcp = ip[ipBytes..];
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)ip.Length);
        ip[10..12].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(
            ip[10..], InternetChecksum.Of(InternetChecksum.Sum(ip[..ipBytes])));
        tcp[16..18].Clear();
        ulong sum = InternetChecksum.OfPseudoHeader(ip[12..], tcp.Length);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[16..], InternetChecksum.Of(InternetChecksum.Sum(tcp, sum)));
    }

    // Of IP and of TCP; null when it is not that.
    private static (int IpBytes, int TcpBytes)? HeadersOf(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < EthernetBytes + IpBytes + TcpBytes
            || BinaryPrimitives.ReadUInt16BigEndian(frame[12..]) != Ip4)
        {
            return null;
        }
        ReadOnlySpan<byte> ip = frame[EthernetBytes..];
        int ipBytes = (ip[0] & 0xF) * 4;
        if (ip[0] >> 4 != 4 || ipBytes < IpBytes || ip[9] != TcpProtocol || ip.Length < ipBytes + TcpBytes)
        {
            return null;
        }
        int tcpBytes = (ip[ipBytes + 12] >> 4) * 4;
        return tcpBytes >= TcpBytes && ip.Length >= ipBytes + tcpBytes ? (ipBytes, tcpBytes) : null;
    }

    private static void Add(Span<byte> word, int more) => BinaryPrimitives.WriteUInt16BigEndian(
        word, (ushort)(BinaryPrimitives.ReadUInt16BigEndian(word) + more));
}
