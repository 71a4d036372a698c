using System.Text.Json;
using Disco.Actors.Core;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Exports;

/// <summary>One JSON object a line and a delivery, for scripts.</summary>
public static class JsonLines
{
    public static void Write(IEnumerable<RecordedDelivery> deliveries, IMessageNames names, TextWriter to)
    {
        foreach (RecordedDelivery delivery in deliveries)
        {
            Envelope at = delivery.Envelope;
            to.WriteLine(JsonSerializer.Serialize(new
            {
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
            }));
        }
    }
}
