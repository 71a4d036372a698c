using Disco.Actors.Core;
using Disco.Actors.Tracing.Analysis;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Exports;

/// <summary>A sequence diagram that a browser or a wiki draws. Only for few messages: more cannot be read.</summary>
public static class Mermaid
{
    public const int MessagesMax = 300;

    /// <summary>Errors: TraceException when there are more than <see cref="MessagesMax"/>.</summary>
    public static void Write(IEnumerable<CausedDelivery> deliveries, IMessageNames names, TextWriter to)
    {
        CausedDelivery[] few = [.. deliveries.Take(MessagesMax + 1)];
        if (few.Length > MessagesMax)
        {
            throw new TraceException(
                $"A sequence diagram of more than {MessagesMax} messages cannot be read; choose fewer with "
                + "--actor, --kind, --address, --transaction, --from, --until or --limit.");
        }
        to.WriteLine("sequenceDiagram");
        IEnumerable<Address> actors = few
            .SelectMany(delivery => new[] { delivery.Envelope.Source, delivery.Envelope.Target })
            .Distinct().Order();
        foreach (Address actor in actors)
        {
            to.WriteLine($"    participant {Id(actor)} as {actor}");
        }
        foreach (CausedDelivery delivery in few)
        {
            Envelope at = delivery.Envelope;
            string arrow = at.Message.Lane == Lane.Reply ? "-->>" : "->>";
            to.WriteLine($"    {Id(at.Source)}{arrow}{Id(at.Target)}: {at.Arrival} {names.Describe(at.Message)}");
        }
    }

    private static string Id(Address actor) => $"{actor.Role}{actor.Index}";
}
