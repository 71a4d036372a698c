using System.Buffers.Binary;
using Disco.Actors.Core;

namespace Disco.Actors.Tracing.Container;

/// <summary>What an event block says of itself.</summary>
/// <param name="Count">Its deliveries.</param>
/// <param name="Before">Deliveries of the node in earlier blocks.</param>
/// <param name="First">Arrival of the first.</param>
/// <param name="Last">Arrival of the last.</param>
internal readonly record struct EventBlock(int Count, long Before, Cycle First, Cycle Last)
{
    /// <summary>Errors: TraceException when the block is shorter than that.</summary>
    public static EventBlock Read(ReadOnlySpan<byte> block)
    {
        if (block.Length < EventEncoder.HeaderBytes)
        {
            throw new TraceException("a block of deliveries in the recording is too short to be one");
        }
        return new EventBlock(
            BinaryPrimitives.ReadInt32LittleEndian(block),
            BinaryPrimitives.ReadInt64LittleEndian(block[4..]),
            new Cycle(BinaryPrimitives.ReadInt64LittleEndian(block[12..])),
            new Cycle(BinaryPrimitives.ReadInt64LittleEndian(block[20..])));
    }
}

/// <summary>Reads what an <see cref="EventEncoder"/> wrote. Errors: TraceException for one without sense.</summary>
internal sealed class EventDecoder
{
    // More envelopes than any actor sends in the handling of one; a larger number is damage.
    private const int CausedMax = 1 << 16;

    private readonly EventHistory _history;
    private readonly Address[] _actors;
    private readonly TotalOrder _order;
    private readonly bool _withPayload;

    public EventDecoder(TraceHeader header)
    {
        _actors = [.. header.Actors.Select(actor => AddressOf(actor.Address))];
        _history = new EventHistory(_actors.Length);
        _order = new TotalOrder(header.Seed);
        _withPayload = header.Level == RecordLevel.Full;
    }

    /// <summary>Errors: TraceException when the text is no address.</summary>
    public static Address AddressOf(string text) => Address.TryParse(text, out Address address)
        ? address
        : throw new TraceException($"the recording's header names an actor '{text}'");

    /// <summary>All deliveries of a block.</summary>
    public void ReadAll(ReadOnlySpan<byte> block, List<RecordedDelivery> into)
    {
        EventBlock header = EventBlock.Read(block);
        _history.Clear(header.First.Value);
        ByteCursor cursor = new(block[EventEncoder.HeaderBytes..]);
        int count = 0;
        for (; !cursor.AtEnd; count++)
        {
            into.Add(Read(ref cursor));
        }
        if (count != header.Count || _history.Arrival != header.Last.Value)
        {
            throw new TraceException(
                $"a block of the recording claims {header.Count} deliveries up to {header.Last} and has {count} up to "
                + $"c{_history.Arrival}");
        }
    }

    private RecordedDelivery Read(ref ByteCursor from)
    {
        EventMask mask = (EventMask)from.Byte();
        Envelope envelope = default;
        ref Message message = ref envelope.Message;
        ref Message last = ref _history.Last[KindNumber(ref from)];
        message = last;
        message.Lane = mask.HasFlag(EventMask.Reply) ? Lane.Reply : Lane.Request;
        _history.Arrival += from.Signed();
        envelope.Arrival = new Cycle(_history.Arrival);
        int target = Number(from.Unsigned(), _actors.Length - 1);
        int source = Number(from.Unsigned(), _actors.Length);
        envelope.Target = _actors[target];
        envelope.Source = source == _actors.Length ? OutsideInput.AddressOf(from.Unsigned()) : _actors[source];
        envelope.Sequence = _history.Sequence[source] += from.Signed();
        message.A = mask.HasFlag(EventMask.A) ? last.A + (ulong)from.Signed() : last.A;
        message.B = mask.HasFlag(EventMask.B) ? from.Unsigned() : last.B;
        message.C = mask.HasFlag(EventMask.C) ? from.Unsigned() : last.C;
        message.D = mask.HasFlag(EventMask.D) ? (uint)from.Unsigned() : last.D;
        long firstSent = _history.Sent[target] + (mask.HasFlag(EventMask.Acted) ? (long)from.Unsigned() : 0);
        _history.Sent[target] = firstSent + (mask.HasFlag(EventMask.Caused) ? Number(from.Unsigned(), CausedMax) : 0);
        message.PayloadBytes = 0;
        last = message;
        ulong hash = mask.HasFlag(EventMask.Payload) ? ReadPayload(ref from, ref envelope) : 0;
        envelope.TieBreak = _order.TieBreak(envelope.Arrival, envelope.Source, envelope.Target, message.Lane);
        return new RecordedDelivery(envelope, hash, firstSent, _history.Sent[target]);
    }

    private int KindNumber(ref ByteCursor from)
    {
        int code = from.Byte();
        if (code != EventHistory.NewKind)
        {
            return Number((ulong)code, _history.KindCount - 1);
        }
        code = _history.KindCount;
        _history.KindCount = Math.Min(code + 1, EventHistory.KindsMax);
        int low = from.Byte();
        _history.Last[code] = new Message { Kind = (ushort)(low | (from.Byte() << 8)) };
        return code;
    }

    private ulong ReadPayload(ref ByteCursor from, ref Envelope envelope)
    {
        int bytes = Number(from.Byte(), Payload.BytesMax);
        envelope.Message.PayloadBytes = (byte)bytes;
        if (!_withPayload)
        {
            return BinaryPrimitives.ReadUInt64LittleEndian(from.Bytes(sizeof(ulong)));
        }
        ReadOnlySpan<byte> payload = from.Bytes(bytes);
        payload.CopyTo(envelope.Payload);
        return PayloadHash.Of(payload);
    }

    private static int Number(ulong value, int max) => max >= 0 && value <= (ulong)max
        ? (int)value
        : throw new TraceException($"an entry of the recording names number {value} where {max} is the last");
}
