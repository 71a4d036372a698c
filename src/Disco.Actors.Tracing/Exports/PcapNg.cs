using System.Buffers.Binary;
using System.Text;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Exports;

/// <summary>A plug of a network.</summary>
/// <param name="Name">For the reader.</param>
/// <param name="Address">Ethernet address, 48 bits.</param>
public sealed record PcapInterface(string Name, ulong Address);

/// <summary>Which way a frame went at an interface.</summary>
public enum FrameDirection
{
    Inbound = 1,
    Outbound = 2,
}

/// <summary>
/// Writes captured frames in the format pcapng for Wireshark and its like: a section, an interface description each
/// plug, and an enhanced packet block each frame. [draft-ietf-opsawg-pcapng, 4.1 to 4.3]
/// </summary>
public sealed class PcapNg
{
    /// <summary>Readers take no longer frame; of a longer one this much is kept, and its true length.</summary>
    public const int FrameBytesMax = 262_144;

    private const uint SectionHeader = 0x0A0D0D0A;
    private const uint InterfaceDescription = 1;
    private const uint EnhancedPacket = 6;
    private const uint ByteOrderMagic = 0x1A2B3C4D;
    private const ushort LinkEthernet = 1;

    // "Local Experimental Ethertype 1" (IEEE 802): what follows is the guests' own.
    private const ushort EtherType = 0x88B5;

    private readonly Stream _to;
    private readonly ByteBuffer _block = new();

    /// <param name="to">Stays open.</param>
    /// <param name="interfaces">In order of their numbers.</param>
    public PcapNg(Stream to, IEnumerable<PcapInterface> interfaces)
    {
        _to = to;
        UInt32(ByteOrderMagic);
        UInt16(1);
        UInt16(0);
        UInt32(uint.MaxValue);
        UInt32(uint.MaxValue);
        Option(4, "disco"u8);
        EndOptions();
        WriteBlock(SectionHeader);
        foreach (PcapInterface plug in interfaces)
        {
            Describe(plug);
        }
    }

    public long Packets { get; private set; }

    /// <summary>An Ethernet address as the six bytes that are sent.</summary>
    public static byte[] AddressBytes(ulong address)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, address);
        return bytes[2..];
    }

    /// <param name="plug">Number of the interface.</param>
    /// <param name="nanoseconds">Virtual time since power-on.</param>
    /// <param name="direction">At that interface.</param>
    /// <param name="source">Ethernet address.</param>
    /// <param name="destination">The same.</param>
    /// <param name="message">What the guest sent, which becomes the frame's contents.</param>
    /// <param name="comment">For the reader.</param>
    public void Write(
        int plug, ulong nanoseconds, FrameDirection direction, ulong source, ulong destination,
        ReadOnlySpan<byte> message, string comment) => Write(
        plug,
        nanoseconds,
        direction,
        [.. AddressBytes(destination), .. AddressBytes(source), EtherType >> 8, EtherType & 0xFF],
        message,
        comment);

    /// <summary>The same for what is a whole Ethernet frame already.</summary>
    public void Write(
        int plug, ulong nanoseconds, FrameDirection direction, ReadOnlySpan<byte> frame, string comment) =>
        Write(plug, nanoseconds, direction, [], frame, comment);

    private void Write(
        int plug, ulong nanoseconds, FrameDirection direction, ReadOnlySpan<byte> head, ReadOnlySpan<byte> rest,
        string comment)
    {
        int bytes = head.Length + rest.Length;
        int kept = Math.Min(bytes, FrameBytesMax);
        UInt32((uint)plug);
        UInt32((uint)(nanoseconds >> 32));
        UInt32((uint)nanoseconds);
        UInt32((uint)kept);
        UInt32((uint)bytes);
        _block.Bytes(head);
        _block.Bytes(rest[..(kept - head.Length)]);
        Pad();
        Option(1, Encoding.UTF8.GetBytes(comment));
        Option(2, [(byte)direction, 0, 0, 0]);
        EndOptions();
        WriteBlock(EnhancedPacket);
        Packets++;
    }

    private void Describe(PcapInterface plug)
    {
        UInt16(LinkEthernet);
        UInt16(0);
        UInt32(FrameBytesMax);
        Option(2, Encoding.UTF8.GetBytes(plug.Name));
        Option(6, AddressBytes(plug.Address));

        // Time stamps are in units of 10^-9 s.
        Option(9, [9]);
        EndOptions();
        WriteBlock(InterfaceDescription);
    }

    /// <summary>Type, length, contents so far, length once more.</summary>
    private void WriteBlock(uint type)
    {
        Span<byte> word = stackalloc byte[4];
        uint length = (uint)_block.Length + 12;
        BinaryPrimitives.WriteUInt32LittleEndian(word, type);
        _to.Write(word);
        BinaryPrimitives.WriteUInt32LittleEndian(word, length);
        _to.Write(word);
        _to.Write(_block.Written);
        _to.Write(word);
        _block.Clear();
    }

    private void Option(ushort code, ReadOnlySpan<byte> value)
    {
        UInt16(code);
        UInt16((ushort)value.Length);
        _block.Bytes(value);
        Pad();
    }

    private void EndOptions() => UInt32(0);

    private void Pad()
    {
        while (_block.Length % 4 != 0)
        {
            _block.Byte(0);
        }
    }

    private void UInt16(ushort value)
    {
        _block.Byte((byte)value);
        _block.Byte((byte)(value >> 8));
    }

    private void UInt32(uint value)
    {
        UInt16((ushort)value);
        UInt16((ushort)(value >> 16));
    }
}
