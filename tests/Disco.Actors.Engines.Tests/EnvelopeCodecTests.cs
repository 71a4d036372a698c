using Disco.Actors.Core;
using Xunit;

namespace Disco.Actors.Engines.Tests;

/// <summary>The bytes of an envelope between processes: every field comes back, and nothing else is taken for one.
/// </summary>
public sealed class EnvelopeCodecTests
{
    private static readonly TotalOrder Order = new(5);

    private static readonly EnvelopeCodec Codec = new(
        [new MessageFamily(0x01, "first", 3), new MessageFamily(0xFE, "other", 1)], Order);

    [Fact]
    public void Every_field_of_an_envelope_comes_back()
    {
        SeededRandom random = new(11);
        Span<byte> bytes = new byte[EnvelopeCodec.BytesMax];
        for (int i = 0; i < 2_000; i++)
        {
            Envelope envelope = AnyOf(ref random);
            int length = Codec.Write(in envelope, bytes);

            Codec.Read(bytes[..length], out Envelope read);

            Assert.Equal(0, Envelope.Compare(in envelope, in read));
            Assert.Equal(envelope.Target, read.Target);
            Assert.Equal(envelope.Message, read.Message);
            int used = envelope.Message.PayloadBytes;
            Assert.Equal(((ReadOnlySpan<byte>)envelope.Payload)[..used], ((ReadOnlySpan<byte>)read.Payload)[..used]);
        }
    }

    /// <summary>Other programs read these bytes: another layout is another version.</summary>
    [Fact]
    public void The_layout_of_version_1_is_fixed()
    {
        Envelope envelope = default;
        envelope.Arrival = new Cycle(0x1122);
        envelope.Sequence = 7;
        envelope.Source = Address.Cpu(3);
        envelope.Target = Address.Directory(1);
        envelope.Message = new Message { Kind = 0x0104, Lane = Lane.Reply, PayloadBytes = 2, B = 0x99, D = 0x55 };
        envelope.Payload[0] = 0xAB;
        envelope.Payload[1] = 0xCD;
        byte[] bytes = new byte[EnvelopeCodec.BytesMax];

        int length = Codec.Write(in envelope, bytes);

        Assert.Equal(
            "01010304150203000100010002002211000000000000" + "0700000000000000" + "9900000000000000" + "55000000"
            + "ABCD",
            Convert.ToHexString(bytes.AsSpan(0, length)));
    }

    [Fact]
    public void Bytes_of_another_version_are_refused_with_both_versions()
    {
        byte[] bytes = One();
        bytes[0] = 2;
        Assert.Contains("format 2", Refusal(bytes), StringComparison.Ordinal);
        bytes = One();
        bytes[2] = 4;
        Assert.Contains("family 01 version 4", Refusal(bytes), StringComparison.Ordinal);
        Assert.Contains("first version 3", Refusal(bytes), StringComparison.Ordinal);
        bytes[1] = 0x02;
        Assert.Contains("does not know", Refusal(bytes), StringComparison.Ordinal);
    }

    /// <summary>Whatever bytes come, they are read as an envelope that writes the same bytes, or refused.</summary>
    [Fact]
    public void Damaged_bytes_are_refused_or_mean_just_what_they_say()
    {
        SeededRandom random = new(12);
        byte[] again = new byte[EnvelopeCodec.BytesMax];
        for (int i = 0; i < 2_000; i++)
        {
            byte[] bytes = One();
            bytes[random.Below(bytes.Length)] ^= (byte)(1 << random.Below(8));
            bytes = bytes[..(bytes.Length - (random.OneIn(3) ? random.Below(bytes.Length) : 0))];
            try
            {
                Codec.Read(bytes, out Envelope envelope);
                int length = Codec.Write(in envelope, again);
                Assert.Equal(EnvelopeCodec.Version, again[0]);
                Assert.True(length <= bytes.Length);
            }
            catch (EnvelopeFormatException e)
            {
                Assert.NotEqual("", e.Message);
            }
        }
    }

    private static string Refusal(byte[] bytes) =>
        Assert.Throws<EnvelopeFormatException>(() => Codec.Read(bytes, out _)).Message;

    private static byte[] One()
    {
        SeededRandom random = new(13);
        Envelope envelope = AnyOf(ref random);
        envelope.Message.Kind = 0x0105;
        envelope.Message.PayloadBytes = 16;
        byte[] bytes = new byte[EnvelopeCodec.BytesMax];
        return bytes[..Codec.Write(in envelope, bytes)];
    }

    private static Envelope AnyOf(ref SeededRandom random)
    {
        Envelope envelope = default;
        envelope.Arrival = new Cycle((long)(random.Next() >> 2));
        envelope.Sequence = (long)(random.Next() >> 3);
        envelope.Source = new Address(Role.Cpu, (ushort)random.Next());
        envelope.Target = new Address(Role.Memory, (ushort)random.Next());
        envelope.Message = new Message
        {
            Kind = (ushort)((random.OneIn(2) ? 0x0100 : 0xFE00) | random.Below(256)),
            Lane = random.OneIn(2) ? Lane.Reply : Lane.Request,
            PayloadBytes = (byte)(random.OneIn(2) ? 0 : random.Below(Payload.BytesMax + 1)),
            A = random.OneIn(3) ? 0 : random.Next(),
            B = random.OneIn(3) ? 0 : random.Next(),
            C = random.OneIn(3) ? 0 : random.Next(),
            D = random.OneIn(3) ? 0 : (uint)random.Next(),
        };
        for (int i = 0; i < Payload.BytesMax; i++)
        {
            envelope.Payload[i] = (byte)random.Next();
        }
        envelope.TieBreak = Order.TieBreak(
            envelope.Arrival, envelope.Source, envelope.Target, envelope.Message.Lane);
        return envelope;
    }
}
