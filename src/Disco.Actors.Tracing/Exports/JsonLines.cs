using System.Text.Json;
using Disco.Actors.Core;
using Disco.Actors.Tracing.Analysis;

namespace Disco.Actors.Tracing.Exports;

/// <summary>One JSON object a line and a delivery, for scripts.</summary>
public static class JsonLines
{
    public static void Write(IEnumerable<CausedDelivery> deliveries, IMessageNames names, TextWriter to)
    {
        foreach (CausedDelivery delivery in deliveries)
        {
            Envelope at = delivery.Envelope;
            to.WriteLine(JsonSerializer.Serialize(new
            {
                number = delivery.Number,
                cycle = at.Arrival.Value,
                source = at.Source.ToString(),
                sequence = at.Sequence,
                target = at.Target.ToString(),
                lane = at.Message.Lane.ToString(),
                kind = names.NameOf(at.Message.Kind),
                a = at.Message.A,
                b = at.Message.B,
                c = at.Message.C,
                d = at.Message.D,
                payloadBytes = at.Message.PayloadBytes,
                transaction = delivery.Transaction.ToString(),
                cause = delivery.Cause < 0 ? (long?)null : delivery.Cause,
                latency = delivery.Latency,
            }));
        }
    }
}
