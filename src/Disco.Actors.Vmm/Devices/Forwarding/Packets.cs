using System.Buffers.Binary;
using Disco.Actors.Machine.Devices.Virtio;

namespace Disco.Actors.Vmm.Devices.Forwarding;

/// <summary>Flags of TCP. [RFC 9293, 3.1]</summary>
[Flags]
internal enum TcpFlags : byte
{
    None = 0,
    Fin = 0x01,
    Syn = 0x02,
    Reset = 0x04,
    Push = 0x08,
    Ack = 0x10,
}

/// <summary>A segment of TCP over IPv4; SegmentMax is 0 when its sender does not say what it takes.</summary>
internal readonly record struct Segment(
    uint SourceAddress, uint TargetAddress, ushort SourcePort, ushort TargetPort, uint Number, uint Acknowledged,
    TcpFlags Flags, ushort Window, ushort SegmentMax, ReadOnlyMemory<byte> Data);

/// <summary>How frames of ARP, ICMP and TCP look that the gateway sends and understands. [RFC 826, 792, 9293]</summary>
internal static class Packets
{
    public const int EthernetBytes = 14;
    public const ushort Ip4 = 0x0800;
    public const ushort Arp = 0x0806;
    public const byte Icmp = 1;
    public const byte Tcp = 6;
    public const ulong Everybody = 0xFFFF_FFFF_FFFF;

    private const int IpBytes = 20;
    private const int TcpBytes = 20;
    private const int ArpBytes = 28;
    private const int OptionBytes = 4;
    private const byte SegmentOption = 2;
    private const byte Hops = 64;

    public static ushort TypeOf(ReadOnlySpan<byte> frame) =>
        frame.Length < EthernetBytes ? (ushort)0 : BinaryPrimitives.ReadUInt16BigEndian(frame[12..]);

    public static ulong AddressAt(ReadOnlySpan<byte> frame, int offset) =>
        ((ulong)BinaryPrimitives.ReadUInt32BigEndian(frame[offset..]) << 16)
        | BinaryPrimitives.ReadUInt16BigEndian(frame[(offset + 4)..]);

    /// <summary>A question for an address of IP, or an answer.</summary>
    public static byte[] ArpFrame(bool isAnswer, ulong to, uint toAddress, ulong from, uint fromAddress)
    {
        byte[] frame = Ethernet(to, from, Arp, ArpBytes);
        Span<byte> arp = frame.AsSpan(EthernetBytes);
        new byte[] { 0, 1, 8, 0, 6, 4, 0, (byte)(isAnswer ? 2 : 1) }.CopyTo(arp);
        WriteAddress(arp[8..], from);
        BinaryPrimitives.WriteUInt32BigEndian(arp[14..], fromAddress);
        WriteAddress(arp[18..], isAnswer ? to : 0);
        BinaryPrimitives.WriteUInt32BigEndian(arp[24..], toAddress);
        return frame;
    }

    /// <summary>Who speaks in a frame of ARP, whom it is about, and whether it asks; null for one that is malformed.
    /// </summary>
    public static (ulong Sender, uint SenderAddress, uint TargetAddress, bool Asks)? ParseArp(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < EthernetBytes + ArpBytes)
        {
            return null;
        }
        ReadOnlySpan<byte> arp = frame[EthernetBytes..];
        ushort act = BinaryPrimitives.ReadUInt16BigEndian(arp[6..]);
        return BinaryPrimitives.ReadUInt16BigEndian(arp) == 1 && BinaryPrimitives.ReadUInt16BigEndian(arp[2..]) == Ip4
            && act is 1 or 2
            ? (AddressAt(arp, 8), BinaryPrimitives.ReadUInt32BigEndian(arp[14..]),
                BinaryPrimitives.ReadUInt32BigEndian(arp[24..]), act == 1)
            : null;
    }

    /// <summary>Bytes of the header, the whole packet and the protocol of IPv4; null for what is malformed or a part.
    /// </summary>
    public static (int HeaderBytes, int Bytes, byte Protocol)? ParseIp(ReadOnlySpan<byte> frame)
    {
        if (TypeOf(frame) != Ip4 || frame.Length < EthernetBytes + IpBytes)
        {
            return null;
        }
        ReadOnlySpan<byte> ip = frame[EthernetBytes..];
        int headerBytes = (ip[0] & 0xF) * 4;
        int bytes = BinaryPrimitives.ReadUInt16BigEndian(ip[2..]);
        const int partOfMore = 0x3FFF;
        bool isWhole = (BinaryPrimitives.ReadUInt16BigEndian(ip[6..]) & partOfMore) == 0;
        return ip[0] >> 4 == 4 && headerBytes >= IpBytes && bytes >= headerBytes && bytes <= ip.Length && isWhole
            ? (headerBytes, bytes, ip[9])
            : null;
    }

    public static uint TargetOf(ReadOnlySpan<byte> frame) =>
        BinaryPrimitives.ReadUInt32BigEndian(frame[(EthernetBytes + 16)..]);

    /// <summary>Null for what is malformed, or does not check though its sender summed it up.</summary>
    public static Segment? ParseTcp(NetFrame frame)
    {
        if (ParseIp(frame.Bytes) is not var (headerBytes, bytes, protocol) || protocol != Tcp
            || bytes < headerBytes + TcpBytes)
        {
            return null;
        }
        ReadOnlyMemory<byte> packet = frame.Bytes.AsMemory(EthernetBytes, bytes);
        ReadOnlySpan<byte> ip = packet.Span;
        ReadOnlySpan<byte> tcp = ip[headerBytes..];
        int dataAt = (tcp[12] >> 4) * 4;
        if (dataAt < TcpBytes || dataAt > tcp.Length)
        {
            return null;
        }
        ulong sum = InternetChecksum.Sum(tcp, InternetChecksum.OfPseudoHeader(ip[12..], tcp.Length));
        return !frame.Offload.NeedsChecksum && InternetChecksum.Of(sum) != 0
            ? null
            : new Segment(
                BinaryPrimitives.ReadUInt32BigEndian(ip[12..]), BinaryPrimitives.ReadUInt32BigEndian(ip[16..]),
                BinaryPrimitives.ReadUInt16BigEndian(tcp), BinaryPrimitives.ReadUInt16BigEndian(tcp[2..]),
                BinaryPrimitives.ReadUInt32BigEndian(tcp[4..]), BinaryPrimitives.ReadUInt32BigEndian(tcp[8..]),
                (TcpFlags)tcp[13], BinaryPrimitives.ReadUInt16BigEndian(tcp[14..]), SegmentMaxOf(tcp[20..dataAt]),
                packet[(headerBytes + dataAt)..]);
    }

    /// <summary>A frame with a segment; longer than the receiver takes it is for its interface to cut.</summary>
    public static NetFrame TcpFrame(ulong to, ulong from, in Segment segment, ushort cutBytes)
    {
        int optionBytes = segment.SegmentMax > 0 ? OptionBytes : 0;
        int tcpBytes = TcpBytes + optionBytes + segment.Data.Length;
        byte[] frame = Ethernet(to, from, Ip4, IpBytes + tcpBytes);
        Span<byte> ip = frame.AsSpan(EthernetBytes);
        ip[0] = 0x45;
        // Not to be cut on the way. [RFC 791, 3.1]
        ip[6] = 0x40;
        ip[8] = Hops;
        ip[9] = Tcp;
        BinaryPrimitives.WriteUInt32BigEndian(ip[12..], segment.SourceAddress);
        BinaryPrimitives.WriteUInt32BigEndian(ip[16..], segment.TargetAddress);
        Span<byte> tcp = ip[IpBytes..];
        BinaryPrimitives.WriteUInt16BigEndian(tcp, segment.SourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[2..], segment.TargetPort);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[4..], segment.Number);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[8..], segment.Acknowledged);
        tcp[12] = (byte)((TcpBytes + optionBytes) << 2);
        tcp[13] = (byte)segment.Flags;
        BinaryPrimitives.WriteUInt16BigEndian(tcp[14..], segment.Window);
        if (optionBytes > 0)
        {
            tcp[20] = SegmentOption;
            tcp[21] = OptionBytes;
            BinaryPrimitives.WriteUInt16BigEndian(tcp[22..], segment.SegmentMax);
        }
        segment.Data.Span.CopyTo(tcp[(TcpBytes + optionBytes)..]);
        FrameFinisher.Sign(ip, IpBytes);
        if (segment.Data.Length <= cutBytes)
        {
            return new NetFrame(frame);
        }
        ulong pseudo = InternetChecksum.OfPseudoHeader(ip[12..], tcpBytes);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[16..], (ushort)~InternetChecksum.Of(pseudo));
        const byte checksumOffset = 16;
        const ushort headers = EthernetBytes + IpBytes + TcpBytes;
        return new NetFrame(
            frame, new FrameOffload(true, EthernetBytes + IpBytes, checksumOffset, cutBytes, headers), default);
    }

    /// <summary>The answer to an echo request; null for what is none.</summary>
    public static byte[]? EchoOf(ReadOnlySpan<byte> frame)
    {
        const byte request = 8;
        if (ParseIp(frame) is not var (headerBytes, bytes, protocol) || protocol != Icmp || bytes < headerBytes + 8
            || frame[EthernetBytes + headerBytes] != request)
        {
            return null;
        }
        byte[] answer = frame[..(EthernetBytes + bytes)].ToArray();
        frame[6..12].CopyTo(answer);
        frame[..6].CopyTo(answer.AsSpan(6));
        Span<byte> ip = answer.AsSpan(EthernetBytes);
        frame.Slice(EthernetBytes + 16, 4).CopyTo(ip[12..]);
        frame.Slice(EthernetBytes + 12, 4).CopyTo(ip[16..]);
        Span<byte> icmp = ip[headerBytes..];
        icmp[..4].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(icmp[2..], InternetChecksum.Of(InternetChecksum.Sum(icmp)));
        return answer;
    }

    private static byte[] Ethernet(ulong to, ulong from, ushort type, int bytes)
    {
        byte[] frame = new byte[EthernetBytes + bytes];
        WriteAddress(frame, to);
        WriteAddress(frame.AsSpan(6), from);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), type);
        return frame;
    }

    private static void WriteAddress(Span<byte> to, ulong address)
    {
        BinaryPrimitives.WriteUInt32BigEndian(to, (uint)(address >> 16));
        BinaryPrimitives.WriteUInt16BigEndian(to[4..], (ushort)address);
    }

    // Options end with 0; 1 is one byte, others have their length. [RFC 9293, 3.2]
    private static ushort SegmentMaxOf(ReadOnlySpan<byte> options)
    {
        int at = 0;
        while (at + 1 < options.Length && options[at] != 0)
        {
            if (options[at] == SegmentOption && at + OptionBytes <= options.Length)
            {
                return BinaryPrimitives.ReadUInt16BigEndian(options[(at + 2)..]);
            }
            at += options[at] == 1 ? 1 : Math.Max(2, (int)options[at + 1]);
        }
        return 0;
    }
}
