using System.Buffers.Binary;
using Disco.Actors.Machine.Devices.Virtio;
using Xunit;

namespace Disco.Actors.Machine.Tests.Devices;

/// <summary>What one network driver leaves to the other, done for one that cannot. [VIRTIO 1.2, 5.1.6]</summary>
public sealed class FrameOffloadTests
{
    private const int Headers = 54;

    /// <summary>Every segment is a packet of its own, with the data that was its turn. [RFC 9293, 3.1]</summary>
    [Fact]
    public void Large_frame_is_cut_into_segments_that_check()
    {
        NetFrame frame = Tcp(dataBytes: 2500, segmentBytes: 1000);

        IReadOnlyList<NetFrame> segments = FrameFinisher.Finish(frame);

        Assert.Equal([1000, 1000, 500], segments.Select(segment => segment.Bytes.Length - Headers));
        Assert.Equal(frame.Bytes[Headers..], segments.SelectMany(segment => segment.Bytes[Headers..]));
        Assert.Equal([7000u, 8000u, 9000u], segments.Select(each => Word(each.Bytes.AsSpan(38))));
        // CWR on the first, PSH and FIN on the last only.
        Assert.Equal([0x90, 0x10, 0x19], segments.Select(segment => segment.Bytes[47]));
        Assert.Equal([5, 6, 7], segments.Select(segment => segment.Bytes[19]));
        Assert.All(segments, AssertChecks);
        Assert.All(segments, segment => Assert.Equal(default, segment.Offload));
    }

    [Fact]
    public void Checksum_left_to_do_is_done()
    {
        NetFrame frame = Tcp(dataBytes: 333, segmentBytes: 0);

        NetFrame whole = Assert.Single(FrameFinisher.Finish(frame));

        AssertChecks(whole);
    }

    [Fact]
    public void Frame_that_claims_to_be_segments_of_what_it_is_not_is_lost()
    {
        NetFrame frame = Tcp(dataBytes: 2500, segmentBytes: 1000);
        frame.Bytes[23] = 17;

        Assert.Empty(FrameFinisher.Finish(frame));
    }

    [Theory]
    [InlineData("a checksum behind the end of the frame", 1, 0, 90, 10)]
    [InlineData("segments without a checksum", 0, 1, 34, 16)]
    [InlineData("segments of a kind not offered", 1, 4, 34, 16)]
    public void Header_that_asks_for_the_impossible_is_refused(
        string title, byte flags, byte kind, byte start, byte offset)
    {
        Assert.NotEmpty(title);
        byte[] header = [flags, kind, 0, 0, 100, 0, start, 0, offset, 0, 0, 0];

        Assert.Null(FrameOffload.Parse(header, 100));
    }

    [Fact]
    public void Header_is_received_as_it_was_sent()
    {
        byte[] header = [1, 1, 66, 0, 0xa8, 5, 34, 0, 16, 0, 0, 0];
        byte[] received = new byte[12];

        FrameOffload offload = FrameOffload.Parse(header, 1000)!.Value;
        FrameOffload.Unpack(offload.Pack()).Write(received);

        Assert.Equal([1, 1, 66, 0, 0xa8, 5, 34, 0, 16, 0, 1, 0], received);
    }

    // As a driver leaves it: the sum of the pseudo header where the checksum goes.
    private static NetFrame Tcp(int dataBytes, ushort segmentBytes)
    {
        byte[] frame = new byte[Headers + dataBytes];
        frame[12] = 8;
        Span<byte> ip = frame.AsSpan(14);
        ip[0] = 0x45;
        ip[5] = 5;
        ip[8] = 64;
        ip[9] = 6;
        new byte[] { 10, 0, 0, 1, 10, 0, 0, 2 }.CopyTo(ip[12..]);
        Span<byte> tcp = ip[20..];
        BinaryPrimitives.WriteUInt32BigEndian(tcp[4..], 7000);
        tcp[12] = 0x50;
        tcp[13] = 0x99;
        for (int at = 0; at < dataBytes; at++)
        {
            tcp[20 + at] = (byte)(at * 7);
        }
        FrameFinisher.Sign(ip, 20);
        ulong pseudo = InternetChecksum.OfPseudoHeader(ip[12..], tcp.Length);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[16..], (ushort)~InternetChecksum.Of(pseudo));
        return new NetFrame(frame, new FrameOffload(true, 34, 16, segmentBytes, Headers), default);
    }

    private static void AssertChecks(NetFrame frame)
    {
        ReadOnlySpan<byte> ip = frame.Bytes.AsSpan(14);
        ReadOnlySpan<byte> tcp = ip[20..];
        Assert.Equal(ip.Length, BinaryPrimitives.ReadUInt16BigEndian(ip[2..]));
        Assert.Equal(0, InternetChecksum.Of(InternetChecksum.Sum(ip[..20])));
        ulong pseudo = InternetChecksum.OfPseudoHeader(ip[12..], tcp.Length);
        Assert.Equal(0, InternetChecksum.Of(InternetChecksum.Sum(tcp, pseudo)));
    }

    private static uint Word(ReadOnlySpan<byte> at) => BinaryPrimitives.ReadUInt32BigEndian(at);
}
