using System.Globalization;
using Disco.Actors.Core;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Analysis;

/// <summary>
/// Names an envelope by its sender and the sender's count, written <c>cpu/3#17</c>; of a transaction, its first one.
/// </summary>
/// <remarks>
/// A transaction is everything that one message set off: a message belongs to that of the message in whose handling it
/// was sent; one that an actor sent by itself begins a transaction of its own. So does every further turn of a timer, a
/// message to oneself sent in the handling of one of the same kind.
/// </remarks>
public readonly record struct TransactionId(Address Source, long Sequence)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Source}#{Sequence}");

    /// <summary>Reads <c>cpu/3#17</c> back; false when the text is none.</summary>
    public static bool TryParse(string text, out TransactionId id)
    {
        id = default;
        int hash = text.IndexOf('#', StringComparison.Ordinal);
        if (hash < 0 || !Address.TryParse(text[..hash], out Address source)
            || !long.TryParse(
                text.AsSpan(hash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long sequence))
        {
            return false;
        }
        id = new TransactionId(source, sequence);
        return true;
    }
}

/// <summary>A delivery, and what it is part of.</summary>
/// <param name="Delivery">As recorded.</param>
/// <param name="Number">Its place in the total order, from 0.</param>
/// <param name="Transaction">What it belongs to.</param>
/// <param name="Cause">The number of the delivery in whose handling it was sent; -1 when its sender acted by itself.
/// </param>
/// <param name="Sent">When it was sent; that of an actor that acted by itself is not recorded and is null.</param>
/// <param name="NumberAtActor">Its place among the deliveries of its receiver, from 0.</param>
public readonly record struct CausedDelivery(
    RecordedDelivery Delivery, long Number, TransactionId Transaction, long Cause, Cycle? Sent, long NumberAtActor)
{
    public Envelope Envelope => Delivery.Envelope;

    /// <summary>Cycles it was under way; null when it is not known when it was sent.</summary>
    public long? Latency => Delivery.Envelope.Arrival - Sent;
}
