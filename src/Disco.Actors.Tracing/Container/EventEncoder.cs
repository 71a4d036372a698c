using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
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
        EventHistory history = _history;
        ref readonly Message message = ref envelope.Message;
        int target = numbers[envelope.Target];
        int source = numbers[envelope.Source];
        int code = _codes[message.Kind];
        bool isKnown = code < history.KindCount && history.Kinds[code] == message.Kind;
        ref long sequence = ref history.Sequence[source];
        ref long sent = ref history.Sent[target];
        ulong arrived = ZigZag(envelope.Arrival.Value - history.Arrival);
        ulong counted = ZigZag(envelope.Sequence - sequence);
        ulong caused = (ulong)(nextSent - firstSent);
        long before = sent;
        EventMask mask = (message.Lane == Lane.Reply ? EventMask.Reply : 0) | (caused != 0 ? EventMask.Caused : 0);
        bool isShort = (arrived | counted | caused | (uint)target | (uint)source) < 0x80
            && isKnown && firstSent == before && source != numbers.Count && message.PayloadBytes == 0
            && SameWords(in message, in history.Last[code]);
        sequence = envelope.Sequence;
        sent = nextSent;
        history.Arrival = envelope.Arrival.Value;
        Count++;
        if (isShort)
        {
            // Every number is one byte: all of them at once.
            ulong entry = (ulong)mask | ((ulong)code << 8) | (arrived << 16) | ((ulong)target << 24)
                | ((ulong)source << 32) | (counted << 40) | (caused << 48);
            Unsafe.WriteUnaligned(ref start, BitConverter.IsLittleEndian
                ? entry : BinaryPrimitives.ReverseEndianness(entry));
            to.Taken(caused != 0 ? 7 : 6);
            return;
        }
        int at = isKnown ? Byte(ref start, 1, (byte)code) : NewKind(ref start, 1, message.Kind, out code);
        at = Unsigned(ref start, at, arrived);
        at = Unsigned(ref start, at, (uint)target);
        at = Unsigned(ref start, at, (uint)source);
        if (source == numbers.Count)
        {
            at = Unsigned(ref start, at, envelope.Source.Packed);
        }
        at = Unsigned(ref start, at, counted);
        at = Words(ref start, at, ref mask, in message, ref history.Last[code]);
        if (firstSent != before)
        {
            mask |= EventMask.Acted;
            at = Unsigned(ref start, at, (ulong)(firstSent - before));
        }
        if (caused != 0)
        {
            at = Unsigned(ref start, at, caused);
        }
        if (message.PayloadBytes != 0)
        {
            mask |= EventMask.Payload;
            at = Line(ref start, at, in envelope);
        }
        start = (byte)mask;
        to.Taken(at);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool SameWords(in Message one, in Message other) =>
        ((one.A ^ other.A) | (one.B ^ other.B) | (one.C ^ other.C) | (one.D ^ other.D)) == 0;

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
        _history.Kinds[code] = kind;
        _history.Last[code] = default;
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
