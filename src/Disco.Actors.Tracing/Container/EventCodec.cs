using Disco.Actors.Core;

namespace Disco.Actors.Tracing.Container;

/// <summary>
/// One recorded delivery. <see cref="Sent"/> is how many envelopes the receiver had sent in all when it was through
/// with this one: it tells which delivery caused which envelope.
/// </summary>
/// <param name="Envelope">As delivered; its payload is there in recordings of level full only.</param>
/// <param name="PayloadHash">Hash of the payload; 0 without one.</param>
/// <param name="Sent">Sequence number of the receiver's next envelope.</param>
public readonly record struct RecordedDelivery(Envelope Envelope, ulong PayloadHash, long Sent)
{
    /// <summary>True when both are the same delivery of the same message with the same effects.</summary>
    public bool Matches(in RecordedDelivery other) =>
        Envelope.Compare(Envelope, other.Envelope) == 0 && Envelope.Target == other.Envelope.Target
        && SameWords(Envelope.Message, other.Envelope.Message)
        && PayloadHash == other.PayloadHash && Sent == other.Sent;

    public static RecordedDelivery Of(in Envelope envelope, long sent)
    {
        int bytes = envelope.Message.PayloadBytes;
        ReadOnlySpan<byte> payload = envelope.Payload;
        return new RecordedDelivery(envelope, bytes == 0 ? 0 : Container.PayloadHash.Of(payload[..bytes]), sent);
    }

    private static bool SameWords(in Message a, in Message b) =>
        a.Kind == b.Kind && a.Lane == b.Lane && a.PayloadBytes == b.PayloadBytes
        && a.A == b.A && a.B == b.B && a.C == b.C && a.D == b.D;
}

/// <summary>The numbers both sides of the codec remember, so that only changes are written.</summary>
internal sealed class EventHistory(int actors)
{
    public long Arrival;
    public readonly long[] Sequence = new long[actors + 1];
    public readonly long[] Sent = new long[actors];

    // Of the last message of each kind's low byte: words repeat.
    public readonly Message[] Last = new Message[256];
}

/// <summary>
/// Deliveries of one node as bytes, each as the difference from the ones before:
/// <code>
/// mask (bit 0..3: A, B, C, D differ from the kind's last; 4: reply lane; 5: payload; 6: sent something)
/// kind, arrival - last arrival, target, source, sequence - source's last, then what the mask names
/// </code>
/// </summary>
internal sealed class EventEncoder(ActorNumbers numbers, bool withPayload)
{
    private const byte ReplyLane = 1 << 4;
    private const byte HasPayload = 1 << 5;
    private const byte HasSent = 1 << 6;

    private readonly EventHistory _history = new(numbers.Count);

    public void Write(ByteBuffer to, in Envelope envelope, long sent)
    {
        ref readonly Message message = ref envelope.Message;
        ref Message last = ref _history.Last[message.Kind & 0xFF];
        int target = numbers[envelope.Target];
        int source = numbers[envelope.Source];
        byte mask = (byte)((message.A != last.A ? 1 : 0) | (message.B != last.B ? 2 : 0)
            | (message.C != last.C ? 4 : 0) | (message.D != last.D ? 8 : 0)
            | (message.Lane == Lane.Reply ? ReplyLane : 0) | (message.PayloadBytes != 0 ? HasPayload : 0)
            | (sent != _history.Sent[target] ? HasSent : 0));
        to.Byte(mask);
        to.Unsigned(message.Kind);
        to.Signed(envelope.Arrival.Value - _history.Arrival);
        to.Unsigned((ulong)target);
        to.Unsigned((ulong)source);
        if (source == numbers.Count)
        {
            to.Unsigned(envelope.Source.Packed);
        }
        to.Signed(envelope.Sequence - _history.Sequence[source]);
        WriteWords(to, mask, message, last);
        if ((mask & HasSent) != 0)
        {
            to.Unsigned((ulong)(sent - _history.Sent[target]));
        }
        if ((mask & HasPayload) != 0)
        {
            WritePayload(to, envelope);
        }
        _history.Arrival = envelope.Arrival.Value;
        _history.Sequence[source] = envelope.Sequence;
        _history.Sent[target] = sent;
        last = message;
    }

    private static void WriteWords(ByteBuffer to, byte mask, in Message message, in Message last)
    {
        if ((mask & 1) != 0)
        {
            to.Signed((long)(message.A - last.A));
        }
        if ((mask & 2) != 0)
        {
            to.Unsigned(message.B);
        }
        if ((mask & 4) != 0)
        {
            to.Unsigned(message.C);
        }
        if ((mask & 8) != 0)
        {
            to.Unsigned(message.D);
        }
    }

    private void WritePayload(ByteBuffer to, in Envelope envelope)
    {
        int bytes = envelope.Message.PayloadBytes;
        ReadOnlySpan<byte> payload = ((ReadOnlySpan<byte>)envelope.Payload)[..bytes];
        to.Byte((byte)bytes);
        if (withPayload)
        {
            to.Bytes(payload);
        }
        else
        {
            to.Unsigned(PayloadHash.Of(payload));
        }
    }
}

/// <summary>The other direction.</summary>
internal sealed class EventDecoder
{
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
        byte mask = from.Byte();
        Envelope envelope = default;
        ref Message message = ref envelope.Message;
        ulong kind = from.Unsigned();
        ref Message last = ref _history.Last[kind & 0xFF];
        message = last;
        message.Kind = (ushort)kind;
        message.Lane = (mask & 0x10) != 0 ? Lane.Reply : Lane.Request;
        _history.Arrival += from.Signed();
        envelope.Arrival = new Cycle(_history.Arrival);
        int target = Number(from.Unsigned(), _actors.Length - 1);
        int source = Number(from.Unsigned(), _actors.Length);
        envelope.Target = _actors[target];
        envelope.Source = source == _actors.Length
            ? Core.Address.FromPacked((uint)from.Unsigned())
            : _actors[source];
        envelope.Sequence = _history.Sequence[source] += from.Signed();
        message.A = (mask & 1) != 0 ? last.A + (ulong)from.Signed() : last.A;
        message.B = (mask & 2) != 0 ? from.Unsigned() : last.B;
        message.C = (mask & 4) != 0 ? from.Unsigned() : last.C;
        message.D = (mask & 8) != 0 ? (uint)from.Unsigned() : last.D;
        _history.Sent[target] += (mask & 0x40) != 0 ? (long)from.Unsigned() : 0;
        message.PayloadBytes = 0;
        ulong hash = (mask & 0x20) != 0 ? ReadPayload(ref from, ref envelope) : 0;
        envelope.TieBreak = _order.TieBreak(envelope.Arrival, envelope.Source, envelope.Target, message.Lane);
        last = message;
        return new RecordedDelivery(envelope, hash, _history.Sent[target]);
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

/// <summary>The place of each actor in the header's list; the number after the last is any address outside.</summary>
internal sealed class ActorNumbers
{
    private readonly int[][] _byRole = new int[Enum.GetValues<Role>().Length][];

    public ActorNumbers(IEnumerable<Address> actors)
    {
        Address[] all = [.. actors];
        Count = all.Length;
        for (int role = 0; role < _byRole.Length; role++)
        {
            _byRole[role] = new int[all.Where(actor => (int)actor.Role == role)
                .Select(actor => actor.Index + 1).DefaultIfEmpty().Max()];
            Array.Fill(_byRole[role], Count);
        }
        for (int number = 0; number < all.Length; number++)
        {
            _byRole[(int)all[number].Role][all[number].Index] = number;
        }
    }

    public int Count { get; }

    public int this[Address actor]
    {
        get
        {
            int[] ofRole = _byRole[(int)actor.Role];
            return actor.Index < ofRole.Length ? ofRole[actor.Index] : Count;
        }
    }
}

internal static class PayloadHash
{
    public static ulong Of(ReadOnlySpan<byte> payload)
    {
        StateHash hash = new();
        hash.Write("payload", payload);
        return hash.Value;
    }
}
