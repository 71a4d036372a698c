using System.Buffers.Binary;

namespace Disco.Actors.Machine.Devices.Virtio;

/// <summary>
/// What the sender of a frame left to others: its checksum, and to cut it into segments. Between two drivers that both
/// know how, nobody ever does either. [VIRTIO 1.2, 5.1.6]
/// </summary>
/// <param name="NeedsChecksum">
/// That of the bytes from <paramref name="ChecksumStart"/> to the end is to go <paramref name="ChecksumOffset"/> behind
/// there, where the sum of the pseudo header is.
/// </param>
/// <param name="ChecksumStart">In the frame.</param>
/// <param name="ChecksumOffset">From there.</param>
/// <param name="SegmentBytes">Of TCP data in a segment, over IPv4; 0 for a frame that is to stay whole.</param>
/// <param name="HeaderBytes">The sender's estimate of all headers, a hint.</param>
public readonly record struct FrameOffload(
    bool NeedsChecksum, ushort ChecksumStart, byte ChecksumOffset, ushort SegmentBytes, ushort HeaderBytes)
{
    /// <summary>Of the header before each frame: flags, gso_type, hdr_len, gso_size, csum_start, csum_offset,
    /// num_buffers. [5.1.6]</summary>
    public const int HeaderSize = 12;

    private const byte NeedsChecksumFlag = 1;
    private const byte TcpOverIp4 = 1;
    private const int ChecksumBytes = 2;

    /// <summary>Reads what the driver wrote; null when it asks for what is not there or not offered.</summary>
    /// <param name="header">Of <see cref="HeaderSize"/> bytes.</param>
    /// <param name="frameBytes">Of the frame behind it.</param>
    public static FrameOffload? Parse(ReadOnlySpan<byte> header, int frameBytes)
    {
        byte kind = header[1];
        ushort start = BinaryPrimitives.ReadUInt16LittleEndian(header[6..]);
        ushort offset = BinaryPrimitives.ReadUInt16LittleEndian(header[8..]);
        bool needsChecksum = (header[0] & NeedsChecksumFlag) != 0;
        if (needsChecksum && (offset > byte.MaxValue || start + offset + ChecksumBytes > frameBytes))
        {
            return null;
        }
        if (kind == 0)
        {
            return needsChecksum ? new FrameOffload(true, start, (byte)offset, 0, 0) : default(FrameOffload);
        }
        ushort segment = BinaryPrimitives.ReadUInt16LittleEndian(header[4..]);
        return kind == TcpOverIp4 && needsChecksum && segment > 0
            ? new FrameOffload(true, start, (byte)offset, segment, BinaryPrimitives.ReadUInt16LittleEndian(header[2..]))
            : null;
    }

    /// <summary>Writes the header of a frame that is received, in one buffer.</summary>
    public void Write(Span<byte> header)
    {
        header[..HeaderSize].Clear();
        header[0] = NeedsChecksum ? NeedsChecksumFlag : (byte)0;
        header[1] = SegmentBytes > 0 ? TcpOverIp4 : (byte)0;
        BinaryPrimitives.WriteUInt16LittleEndian(header[2..], HeaderBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], SegmentBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], ChecksumStart);
        BinaryPrimitives.WriteUInt16LittleEndian(header[8..], ChecksumOffset);
        header[10] = 1;
    }

    /// <summary>As a word of a message.</summary>
    public ulong Pack() => (NeedsChecksum ? 1UL : 0) | ((ulong)ChecksumOffset << 8) | ((ulong)ChecksumStart << 16)
        | ((ulong)SegmentBytes << 32) | ((ulong)HeaderBytes << 48);

    public static FrameOffload Unpack(ulong word) => new(
        (word & 1) != 0, (ushort)(word >> 16), (byte)(word >> 8), (ushort)(word >> 32), (ushort)(word >> 48));
}
