using Disco.Actors.Core;

namespace Disco.Actors.Tracing.Container;

/// <summary>
/// Deliveries of one node as bytes, each as the difference from the ones before:
/// <code>
/// mask, kind, arrival - last arrival, target, source, sequence - source's last, then what the mask names
/// </code>
/// </summary>
internal sealed class EventEncoder(ActorNumbers numbers, bool withPayload)
{
    private readonly EventHistory _history = new(numbers.Count);

    public void Write(ByteBuffer to, in Envelope envelope, long firstSent, long nextSent)
    {
        ref readonly Message message = ref envelope.Message;
        ref Message last = ref _history.Last[message.Kind & 0xFF];
        int target = numbers[envelope.Target];
        int source = numbers[envelope.Source];
        EventMask mask = (message.A != last.A ? EventMask.A : 0) | (message.B != last.B ? EventMask.B : 0)
            | (message.C != last.C ? EventMask.C : 0) | (message.D != last.D ? EventMask.D : 0)
            | (message.Lane == Lane.Reply ? EventMask.Reply : 0)
            | (message.PayloadBytes != 0 ? EventMask.Payload : 0)
            | (nextSent != firstSent ? EventMask.Caused : 0)
            | (firstSent != _history.Sent[target] ? EventMask.Acted : 0);
        to.Byte((byte)mask);
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
        if (mask.HasFlag(EventMask.Acted))
        {
            to.Unsigned((ulong)(firstSent - _history.Sent[target]));
        }
        if (mask.HasFlag(EventMask.Caused))
        {
            to.Unsigned((ulong)(nextSent - firstSent));
        }
        if (mask.HasFlag(EventMask.Payload))
        {
            WritePayload(to, envelope);
        }
        _history.Arrival = envelope.Arrival.Value;
        _history.Sequence[source] = envelope.Sequence;
        _history.Sent[target] = nextSent;
        last = message;
    }

    private static void WriteWords(ByteBuffer to, EventMask mask, in Message message, in Message last)
    {
        if (mask.HasFlag(EventMask.A))
        {
            to.Signed((long)(message.A - last.A));
        }
        if (mask.HasFlag(EventMask.B))
        {
            to.Unsigned(message.B);
        }
        if (mask.HasFlag(EventMask.C))
        {
            to.Unsigned(message.C);
        }
        if (mask.HasFlag(EventMask.D))
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
