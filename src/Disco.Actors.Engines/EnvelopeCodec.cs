using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <summary>
/// An envelope as bytes, for another process. All numbers are little endian.
/// <code>
/// 0         1        2          3      4       5         6        10       14        22        30
/// +---------+--------+----------+------+-------+---------+--------+--------+---------+---------+-------+---------+
/// | version | family | family's | kind | flags | payload | source | target | arrival | sequence| words | payload |
/// |  of it  |        | version  |      |       |  bytes  |        |        |         |         |       |         |
/// +---------+--------+----------+------+-------+---------+--------+--------+---------+---------+-------+---------+
/// </code>
/// The flags' bit 0 is the lane, bits 1 to 4 say which of A, B, C (8 bytes each) and D (4 bytes) follow; the others
/// are 0. The tie-break is not written, as it follows from the seed and the rest.
/// </summary>
/// <param name="families">Those of the world; messages of others are refused.</param>
/// <param name="order">Of the run's seed.</param>
public sealed class EnvelopeCodec(IReadOnlyList<MessageFamily> families, TotalOrder order)
{
    /// <summary>Changes with the layout.</summary>
    public const byte Version = 1;

    /// <summary>No envelope is longer.</summary>
    public const int BytesMax = HeaderBytes + (3 * sizeof(ulong)) + sizeof(uint) + Payload.BytesMax;

    private const int HeaderBytes = 30;
    private const byte ReplyFlag = 1;
    private const byte FlagsMask = 0b11111;

    private readonly MessageFamily?[] _families = ByNumber(families);

    /// <summary>The families in order, with versions: equal in two programs that understand each other.</summary>
    public string Describe() => string.Join(", ", _families.OfType<MessageFamily>());

    /// <param name="envelope">Whole: its payload is filled in.</param>
    /// <param name="to">At least <see cref="BytesMax"/>.</param>
    /// <returns>The bytes written. A message of an unknown family breaks an invariant.</returns>
    public int Write(in Envelope envelope, Span<byte> to)
    {
        ref readonly Message message = ref envelope.Message;
        MessageFamily? family = _families[message.Kind >> 8];
        if (family is null)
        {
            Invariant.Broken($"no family of messages has the kind {message.Kind:x4}, sent by {envelope.Source}");
        }
        to[0] = Version;
        to[1] = family!.Number;
        to[2] = family.Version;
        to[3] = (byte)message.Kind;
        to[5] = message.PayloadBytes;
        BinaryPrimitives.WriteUInt32LittleEndian(to[6..], envelope.Source.Packed);
        BinaryPrimitives.WriteUInt32LittleEndian(to[10..], envelope.Target.Packed);
        BinaryPrimitives.WriteInt64LittleEndian(to[14..], envelope.Arrival.Value);
        BinaryPrimitives.WriteInt64LittleEndian(to[22..], envelope.Sequence);
        int flags = message.Lane == Lane.Reply ? ReplyFlag : 0;
        int at = HeaderBytes;
        flags |= Put(to, ref at, message.A) << 1;
        flags |= Put(to, ref at, message.B) << 2;
        flags |= Put(to, ref at, message.C) << 3;
        if (message.D != 0)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(to[at..], message.D);
            at += sizeof(uint);
            flags |= 1 << 4;
        }
        to[4] = (byte)flags;
        ((ReadOnlySpan<byte>)envelope.Payload)[..message.PayloadBytes].CopyTo(to[at..]);
        return at + message.PayloadBytes;
    }

    /// <summary>Reads one envelope that takes all the bytes.</summary>
    /// <remarks>Errors: EnvelopeFormatException when the bytes are none, or of another version.</remarks>
    public void Read(ReadOnlySpan<byte> from, out Envelope envelope)
    {
        envelope = default;
        if (from.Length < HeaderBytes || from[0] != Version)
        {
            throw new EnvelopeFormatException(from.Length < HeaderBytes
                ? $"an envelope of {from.Length} bytes is too short to be one"
                : $"an envelope has format {from[0]}, and this program reads format {Version}");
        }
        MessageFamily? family = _families[from[1]];
        if (family is null || family.Version != from[2])
        {
            throw new EnvelopeFormatException($"an envelope is of family {from[1]:x2} version {from[2]}, "
                + (family is null ? "which this program does not know" : $"and this program has {family}"));
        }
        int flags = from[4];
        ref Message message = ref envelope.Message;
        message.PayloadBytes = from[5];
        if ((flags & ~FlagsMask) != 0 || from.Length != LengthOf(flags, message.PayloadBytes)
            || message.PayloadBytes > Payload.BytesMax)
        {
            throw new EnvelopeFormatException($"an envelope of {from.Length} bytes has flags {flags:x2} and "
                + $"{message.PayloadBytes} bytes of payload, which do not go together");
        }
        message.Kind = (ushort)((from[1] << 8) | from[3]);
        message.Lane = (flags & ReplyFlag) != 0 ? Lane.Reply : Lane.Request;
        envelope.Source = Address.FromPacked(BinaryPrimitives.ReadUInt32LittleEndian(from[6..]));
        envelope.Target = Address.FromPacked(BinaryPrimitives.ReadUInt32LittleEndian(from[10..]));
        envelope.Arrival = new Cycle(BinaryPrimitives.ReadInt64LittleEndian(from[14..]));
        envelope.Sequence = BinaryPrimitives.ReadInt64LittleEndian(from[22..]);
        int at = HeaderBytes;
        message.A = Take(from, ref at, flags >> 1);
        message.B = Take(from, ref at, flags >> 2);
        message.C = Take(from, ref at, flags >> 3);
        if ((flags & 1 << 4) != 0)
        {
            message.D = BinaryPrimitives.ReadUInt32LittleEndian(from[at..]);
            at += sizeof(uint);
        }
        from[at..].CopyTo(envelope.Payload);
        envelope.TieBreak = order.TieBreak(envelope.Arrival, envelope.Source, envelope.Target, message.Lane);
    }

    /// <summary>Makes an envelope what its bytes say; what they do not say is gone.</summary>
    internal void PassThroughBytes(ref Envelope envelope)
    {
        Span<byte> bytes = stackalloc byte[BytesMax];
        int length = Write(in envelope, bytes);
        ulong tieBreak = envelope.TieBreak;
        MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref envelope, 1)).Fill(0xA5);
        Read(bytes[..length], out envelope);
        Invariant.Holds(envelope.TieBreak == tieBreak);
    }

    private static int Put(Span<byte> to, ref int at, ulong word)
    {
        if (word == 0)
        {
            return 0;
        }
        BinaryPrimitives.WriteUInt64LittleEndian(to[at..], word);
        at += sizeof(ulong);
        return 1;
    }

    private static ulong Take(ReadOnlySpan<byte> from, ref int at, int flag)
    {
        if ((flag & 1) == 0)
        {
            return 0;
        }
        at += sizeof(ulong);
        return BinaryPrimitives.ReadUInt64LittleEndian(from[(at - sizeof(ulong))..]);
    }

    private static int LengthOf(int flags, int payloadBytes) => HeaderBytes + payloadBytes
        + (((flags >> 1 & 1) + (flags >> 2 & 1) + (flags >> 3 & 1)) * sizeof(ulong))
        + ((flags >> 4 & 1) * sizeof(uint));

    private static MessageFamily?[] ByNumber(IReadOnlyList<MessageFamily> families)
    {
        MessageFamily?[] byNumber = new MessageFamily?[byte.MaxValue + 1];
        foreach (MessageFamily family in families)
        {
            Invariant.Holds(byNumber[family.Number] is null);
            byNumber[family.Number] = family;
        }
        return byNumber;
    }
}

/// <summary>Bytes that are no envelope of this program's: one sentence.</summary>
public sealed class EnvelopeFormatException(string sentence) : Exception(sentence);
