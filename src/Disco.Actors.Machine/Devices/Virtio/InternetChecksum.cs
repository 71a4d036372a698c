using System.Buffers.Binary;

namespace Disco.Actors.Machine.Devices.Virtio;

/// <summary>The checksum of IP, TCP and UDP: of 16-bit words in ones' complement. [RFC 1071]</summary>
public static class InternetChecksum
{
    /// <summary>The sum so far and of more bytes; a last odd one counts as if a zero followed.</summary>
    public static ulong Sum(ReadOnlySpan<byte> bytes, ulong sum = 0)
    {
        for (int at = 0; at + 1 < bytes.Length; at += 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]);
        }
        return bytes.Length % 2 == 0 ? sum : sum + ((ulong)bytes[^1] << 8);
    }

    /// <summary>What goes into the header.</summary>
    public static ushort Of(ulong sum)
    {
        while (sum >> 16 != 0)
        {
            sum = (sum & 0xFFFF) + (sum >> 16);
        }
        return (ushort)~sum;
    }

    /// <summary>The sum of the pseudo header of TCP over IPv4. [RFC 9293, 3.1]</summary>
    /// <param name="addresses">Source and destination, 8 bytes.</param>
    /// <param name="tcpBytes">Of TCP's header and data.</param>
    public static ulong OfPseudoHeader(ReadOnlySpan<byte> addresses, int tcpBytes)
    {
        const ulong tcp = 6;
        return Sum(addresses[..8], tcp + (ulong)tcpBytes);
    }
}
