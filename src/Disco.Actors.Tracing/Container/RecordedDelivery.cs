using Disco.Actors.Core;

namespace Disco.Actors.Tracing.Container;

/// <summary>
/// One recorded delivery, with what it caused: the receiver's envelopes with sequence numbers from
/// <see cref="FirstSent"/> up to, not including, <see cref="NextSent"/>.
/// </summary>
/// <param name="Envelope">As delivered; its payload is there in recordings of level full only.</param>
/// <param name="PayloadHash">Hash of the payload; 0 without one.</param>
/// <param name="FirstSent">Sequence number of the receiver's next envelope before it handled this one.</param>
/// <param name="NextSent">The same after.</param>
public readonly record struct RecordedDelivery(Envelope Envelope, ulong PayloadHash, long FirstSent, long NextSent)
{
    /// <summary>True when both are the same delivery of the same message with the same effects.</summary>
    public bool Matches(in RecordedDelivery other) =>
        Envelope.Compare(Envelope, other.Envelope) == 0 && Envelope.Target == other.Envelope.Target
        && SameWords(Envelope.Message, other.Envelope.Message)
        && PayloadHash == other.PayloadHash
        && FirstSent == other.FirstSent && NextSent == other.NextSent;

    public static RecordedDelivery Of(in Envelope envelope, long firstSent, long nextSent)
    {
        int bytes = envelope.Message.PayloadBytes;
        ReadOnlySpan<byte> payload = envelope.Payload;
        ulong hash = bytes == 0 ? 0 : Container.PayloadHash.Of(payload[..bytes]);
        return new RecordedDelivery(envelope, hash, firstSent, nextSent);
    }

    private static bool SameWords(in Message a, in Message b) =>
        a.Kind == b.Kind && a.Lane == b.Lane && a.PayloadBytes == b.PayloadBytes
        && a.A == b.A && a.B == b.B && a.C == b.C && a.D == b.D;
}

internal static class PayloadHash
{
    public static ulong Of(ReadOnlySpan<byte> payload) => StateHash.Of(payload);
}
