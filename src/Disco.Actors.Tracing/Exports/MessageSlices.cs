using Disco.Actors.Core;
using Disco.Actors.Tracing.Analysis;

namespace Disco.Actors.Tracing.Exports;

/// <summary>A message that was handled, as a short stretch of its receiver's time.</summary>
/// <param name="Delivery">Null for the begin of an actor that sent before anything had reached it.</param>
/// <param name="Actor">Whose time.</param>
/// <param name="FirstSent">The actor's envelopes from this number</param>
/// <param name="NextSent">up to this one are drawn from here: those caused by the message, and those that the actor
/// sent by itself before the next one reached it.</param>
/// <param name="Begin">In nanoseconds.</param>
/// <param name="End">In nanoseconds.</param>
internal readonly record struct MessageSlice(
    CausedDelivery? Delivery, Address Actor, long FirstSent, long NextSent, ulong Begin, ulong End);

/// <summary>Deliveries as slices, of each actor in the order of time.</summary>
internal static class MessageSlices
{
    private const ulong Nanoseconds = 10;

    // An actor that sends more without anything reaching it was left out by a filter.
    private const long SentUnseenMax = 64;

    /// <param name="deliveries">In the total order.</param>
    /// <param name="clockHz">Cycles per second.</param>
    public static IEnumerable<MessageSlice> Of(IEnumerable<CausedDelivery> deliveries, long clockHz)
    {
        // The last slice of each actor waits until it is known what the actor sent then, and when the next begins.
        SortedDictionary<Address, CausedDelivery> waiting = [];
        SortedDictionary<Address, long> sent = [];
        foreach (CausedDelivery delivery in deliveries)
        {
            Address actor = delivery.Envelope.Target;
            Address source = delivery.Envelope.Source;
            sent[source] = Math.Max(sent.GetValueOrDefault(source), delivery.Envelope.Sequence + 1);
            if (waiting.TryGetValue(actor, out CausedDelivery last))
            {
                yield return Slice(last, delivery.Delivery.FirstSent, At(delivery.Envelope.Arrival, clockHz), clockHz);
            }
            else if (delivery.NumberAtActor == 0 && delivery.Delivery.FirstSent > 0)
            {
                ulong end = Math.Min(Nanoseconds, At(delivery.Envelope.Arrival, clockHz));
                yield return new MessageSlice(null, actor, 0, delivery.Delivery.FirstSent, 0, end);
            }
            waiting[actor] = delivery;
        }
        foreach ((Address actor, CausedDelivery last) in waiting)
        {
            yield return Slice(last, sent.GetValueOrDefault(actor), ulong.MaxValue, clockHz);
        }
        foreach ((Address actor, long count) in sent)
        {
            if (!waiting.ContainsKey(actor) && actor.Role != Role.Outside && count <= SentUnseenMax)
            {
                yield return new MessageSlice(null, actor, 0, count, 0, Nanoseconds);
            }
        }
    }

    /// <summary>The number of the arrow that leads to an envelope's delivery.</summary>
    public static ulong FlowOf(Address source, long sequence) =>
        TotalOrder.Mix(((ulong)source.Packed << 32) ^ (ulong)sequence);

    private static MessageSlice Slice(in CausedDelivery delivery, long sent, ulong next, long clockHz)
    {
        ulong begin = At(delivery.Envelope.Arrival, clockHz);
        return new MessageSlice(
            delivery, delivery.Envelope.Target, delivery.Delivery.FirstSent, Math.Max(sent, delivery.Delivery.NextSent),
            begin, Math.Min(begin + Nanoseconds, next));
    }

    private static ulong At(Cycle cycle, long clockHz) => (ulong)Math.Round(cycle.Value * (1e9 / clockHz));
}
