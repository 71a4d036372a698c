using Disco.Actors.Core;

namespace Disco.Actors.Tracing.Container;

/// <summary>Reads what an <see cref="EventEncoder"/> wrote. Errors: TraceException for one without sense.</summary>
internal sealed class EventDecoder
{
    // More envelopes than any actor sends in the handling of one; a larger number is damage.
    private const int CausedMax = 1 << 20;

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

    public void ReadAll(ReadOnlySpan<byte> block, List<RecordedDelivery> into)
    {
        ByteCursor cursor = new(block);
        while (!cursor.AtEnd)
        {
            into.Add(Read(ref cursor));
        }
    }

    public RecordedDelivery Read(ref ByteCursor from)
    {
        EventMask mask = (EventMask)from.Byte();
        Envelope envelope = default;
        ref Message message = ref envelope.Message;
        ulong kind = from.Unsigned();
        ref Message last = ref _history.Last[kind & 0xFF];
        message = last;
        message.Kind = (ushort)kind;
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
        ulong hash = mask.HasFlag(EventMask.Payload) ? ReadPayload(ref from, ref envelope) : 0;
        envelope.TieBreak = _order.TieBreak(envelope.Arrival, envelope.Source, envelope.Target, message.Lane);
        last = message;
        return new RecordedDelivery(envelope, hash, firstSent, _history.Sent[target]);
    }

    private ulong ReadPayload(ref ByteCursor from, ref Envelope envelope)
    {
        int bytes = Number(from.Byte(), Payload.BytesMax);
        envelope.Message.PayloadBytes = (byte)bytes;
        if (!_withPayload)
        {
            return from.Unsigned();
        }
        ReadOnlySpan<byte> payload = from.Bytes(bytes);
        payload.CopyTo(envelope.Payload);
        return PayloadHash.Of(payload);
    }

    private static int Number(ulong value, int max) => value <= (ulong)max
        ? (int)value
        : throw new TraceException($"an entry of the recording names number {value} where {max} is the last");

    private static Address AddressOf(string text) => Address.TryParse(text, out Address address)
        ? address
        : throw new TraceException($"the recording's header names an actor '{text}'");
}
