using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Disco.Actors.Core;

namespace Disco.Actors.Tracing.Container;

/// <summary>
/// Deliveries of one node as blocks of bytes, each delivery as the difference from the ones before it in its block:
/// <code>
/// block   count (4 bytes), deliveries of the node before (8), arrival of the first (8) and of the last (8), entries
/// entry   mask, kind, arrival - last arrival, target, source, sequence - source's last, then what the mask names
/// </code>
/// A block needs no other one to be read. Kinds are numbered as they come in a block; a new one follows its number.
/// </summary>
internal sealed class EventEncoder(ActorNumbers numbers, bool withPayload)
{
    public const int HeaderBytes = 28;

    // Mask, 11 numbers of at most 10 bytes, a new kind, and the line with its length.
    private const int EntryBytesMax = 1 + (11 * 10) + 2 + 1 + Payload.BytesMax;

    private static readonly Vector256<byte> AllButLane = Bits(new Message
    {
        Kind = ushort.MaxValue,
        PayloadBytes = byte.MaxValue,
        A = ulong.MaxValue,
        B = ulong.MaxValue,
        C = ulong.MaxValue,
        D = uint.MaxValue,
    });

    private readonly EventHistory _history = new(numbers.Count);
    private readonly byte[] _codes = new byte[ushort.MaxValue + 1];
    private long _first;

    /// <summary>Deliveries of the node in earlier blocks.</summary>
    public long Before { get; set; }

    /// <summary>Deliveries in the block under way.</summary>
    public int Count { get; private set; }

    /// <param name="to">Empty to begin a block.</param>
    /// <param name="envelope">As delivered.</param>
    /// <param name="firstSent">The receiver's next sequence number before it handled the envelope.</param>
    /// <param name="nextSent">The same after.</param>
    public void Write(ByteBuffer to, in Envelope envelope, long firstSent, long nextSent)
    {
        if (to.Length == 0)
        {
            Begin(to, envelope.Arrival.Value);
        }
        ref byte start = ref to.Room(EntryBytesMax);
        int bytes = Short(ref start, in envelope, firstSent, nextSent);
        to.Taken(bytes != 0 ? bytes : Any(ref start, in envelope, firstSent, nextSent));
        Count++;
    }

    /// <summary>Fills in the head of the block, which is whole then. The next one begins in an empty buffer.</summary>
    public void Finish(ByteBuffer block)
    {
        Span<byte> header = block.From(0)[..HeaderBytes];
        BinaryPrimitives.WriteInt32LittleEndian(header, Count);
        BinaryPrimitives.WriteInt64LittleEndian(header[4..], Before);
        BinaryPrimitives.WriteInt64LittleEndian(header[12..], _first);
        BinaryPrimitives.WriteInt64LittleEndian(header[20..], _history.Arrival);
        Before += Count;
    }

    /// <summary>
    /// An entry of which every number takes one byte, as nearly all do that bring no line: written at once. 0, with
    /// nothing done, for any other.
    /// </summary>
    private int Short(ref byte start, in Envelope envelope, long firstSent, long nextSent)
    {
        EventHistory history = _history;
        ref readonly Message message = ref envelope.Message;
        int code = _codes[message.Kind];
        uint target = (uint)numbers[envelope.Target];
        uint source = (uint)numbers[envelope.Source];
        ref long sequence = ref history.Sequence[source];
        ref long sent = ref history.Sent[target];
        ulong arrived = ZigZag(envelope.Arrival.Value - history.Arrival);
        ulong counted = ZigZag(envelope.Sequence - sequence);
        ulong caused = (ulong)(nextSent - firstSent);
        if ((arrived | counted | caused | target | source) >= 0x80
            || code >= history.KindCount || firstSent != sent || source == (uint)numbers.Count
            || !SameButLane(in message, in history.Last[code]))
        {
            return 0;
        }
        sequence = envelope.Sequence;
        sent = nextSent;
        history.Arrival = envelope.Arrival.Value;
        ulong mask = message.Lane == Lane.Reply ? (ulong)EventMask.Reply : 0;
        ulong entry = mask | ((ulong)code << 8) | (arrived << 16) | ((ulong)target << 24)
            | ((ulong)source << 32) | (counted << 40);
        int bytes = 6;
        if (caused != 0)
        {
            entry |= (ulong)EventMask.Caused | (caused << 48);
            bytes = 7;
        }
        Unsafe.WriteUnaligned(ref start, BitConverter.IsLittleEndian
            ? entry : BinaryPrimitives.ReverseEndianness(entry));
        return bytes;
    }

    private int Any(ref byte start, in Envelope envelope, long firstSent, long nextSent)
    {
        EventHistory history = _history;
        ref readonly Message message = ref envelope.Message;
        int target = numbers[envelope.Target];
        int source = numbers[envelope.Source];
        int code = _codes[message.Kind];
        bool isKnown = code < history.KindCount && history.Last[code].Kind == message.Kind;
        EventMask mask = message.Lane == Lane.Reply ? EventMask.Reply : 0;
        int at = isKnown ? Byte(ref start, 1, (byte)code) : NewKind(ref start, 1, message.Kind, out code);
        at = Unsigned(ref start, at, ZigZag(envelope.Arrival.Value - history.Arrival));
        at = Unsigned(ref start, at, (uint)target);
        at = Unsigned(ref start, at, (uint)source);
        if (source == numbers.Count)
        {
            at = Unsigned(ref start, at, envelope.Source.Packed);
        }
        at = Unsigned(ref start, at, ZigZag(envelope.Sequence - history.Sequence[source]));
        at = Words(ref start, at, ref mask, in message, ref history.Last[code]);
        if (firstSent != history.Sent[target])
        {
            mask |= EventMask.Acted;
            at = Unsigned(ref start, at, (ulong)(firstSent - history.Sent[target]));
        }
        if (nextSent != firstSent)
        {
            mask |= EventMask.Caused;
            at = Unsigned(ref start, at, (ulong)(nextSent - firstSent));
        }
        if (message.PayloadBytes != 0)
        {
            mask |= EventMask.Payload;
            at = Line(ref start, at, in envelope);
        }
        start = (byte)mask;
        history.Sequence[source] = envelope.Sequence;
        history.Sent[target] = nextSent;
        history.Arrival = envelope.Arrival.Value;
        return at;
    }

    private static int Words(ref byte start, int at, ref EventMask mask, in Message message, ref Message last)
    {
        if (message.A != last.A)
        {
            mask |= EventMask.A;
            at = Unsigned(ref start, at, ZigZag((long)(message.A - last.A)));
            last.A = message.A;
        }
        if (message.B != last.B)
        {
            mask |= EventMask.B;
            at = Unsigned(ref start, at, message.B);
            last.B = message.B;
        }
        if (message.C != last.C)
        {
            mask |= EventMask.C;
            at = Unsigned(ref start, at, message.C);
            last.C = message.C;
        }
        if (message.D != last.D)
        {
            mask |= EventMask.D;
            at = Unsigned(ref start, at, message.D);
            last.D = message.D;
        }
        return at;
    }

    /// <summary>The same kind, words and bytes of payload; those remembered have none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool SameButLane(in Message one, in Message other) =>
        ((Bits(in one) ^ Bits(in other)) & AllButLane) == Vector256<byte>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Bits(in Message message) =>
        Unsafe.ReadUnaligned<Vector256<byte>>(in Unsafe.As<Message, byte>(ref Unsafe.AsRef(in message)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Byte(ref byte start, int at, byte value)
    {
        Unsafe.Add(ref start, at) = value;
        return at + 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Unsigned(ref byte start, int at, ulong value) =>
        value < 0x80 ? Byte(ref start, at, (byte)value) : Long(ref start, at, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));

    private static int Long(ref byte start, int at, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            at = Byte(ref start, at, (byte)(value | 0x80));
        }
        return Byte(ref start, at, (byte)value);
    }

    private void Begin(ByteBuffer to, long arrival)
    {
        to.Room(HeaderBytes);
        to.Taken(HeaderBytes);
        _history.Clear(arrival);
        _first = arrival;
        Count = 0;
    }

    private int NewKind(ref byte start, int at, ushort kind, out int code)
    {
        code = _history.KindCount;

        // The last place is used again and again where there are more kinds than numbers.
        _history.KindCount = Math.Min(code + 1, EventHistory.KindsMax);
        _codes[kind] = (byte)code;
        _history.Last[code] = new Message { Kind = kind };
        at = Byte(ref start, at, EventHistory.NewKind);
        at = Byte(ref start, at, (byte)kind);
        return Byte(ref start, at, (byte)(kind >> 8));
    }

    private int Line(ref byte start, int at, in Envelope envelope)
    {
        int bytes = envelope.Message.PayloadBytes;
        ReadOnlySpan<byte> payload = ((ReadOnlySpan<byte>)envelope.Payload)[..bytes];
        at = Byte(ref start, at, (byte)bytes);
        if (!withPayload)
        {
            ulong hash = PayloadHash.Of(payload);
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref start, at), BitConverter.IsLittleEndian
                ? hash : BinaryPrimitives.ReverseEndianness(hash));
            return at + sizeof(ulong);
        }
        payload.CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.Add(ref start, at), bytes));
        return at + bytes;
    }
}
