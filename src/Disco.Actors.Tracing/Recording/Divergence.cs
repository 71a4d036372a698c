using Disco.Actors.Core;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Recording;

/// <summary>The first place where a repeated run is not the recorded one.</summary>
/// <param name="Cycle">When.</param>
/// <param name="Actor">The receiver of the delivery that differs; null for a difference of the whole state.</param>
/// <param name="Delivery">Its number among its node's deliveries, from 0; -1 for the whole state.</param>
/// <param name="What">One sentence.</param>
/// <param name="Expected">As recorded; null when nothing was recorded there.</param>
/// <param name="Found">As it happened now; null when nothing happened.</param>
public sealed record Divergence(
    Cycle Cycle, Address? Actor, long Delivery, string What, RecordedDelivery? Expected, RecordedDelivery? Found)
{
    internal static Divergence OfEnd(Cycle cycle, string expected, string found) =>
        new(cycle, null, -1, $"the recorded run is {expected}; this one ends with: {found}", null, null);

    internal static Divergence OfState(TraceMark expected, TraceMark found)
    {
        string what = expected.Deliveries != found.Deliveries
            ? $"the recorded run had {expected.Deliveries} deliveries by then, this one {found.Deliveries}"
            : expected.Output != found.Output
                ? "what the machine has put out differs"
                : $"the state hash is {found.State:x16}, recorded was {expected.State:x16}";
        return new Divergence(found.Cycle, null, -1, what, null, null);
    }

    internal static Divergence OfDelivery(long number, RecordedDelivery? expected, RecordedDelivery? found)
    {
        Envelope at = (found ?? expected)!.Value.Envelope;
        string what = (expected, found) switch
        {
            (null, _) => "a delivery that was not recorded",
            (_, null) => "a recorded delivery that does not happen",
            ({ } was, { } now) when was.Envelope.Source != now.Envelope.Source
                || was.Envelope.Sequence != now.Envelope.Sequence => "another envelope than recorded",
            ({ } was, { } now) when was.Envelope.Arrival != now.Envelope.Arrival => "another cycle than recorded",
            ({ } was, { } now) when was.PayloadHash != now.PayloadHash => "another payload than recorded",
            ({ } was, { } now) when was.FirstSent != now.FirstSent || was.NextSent != now.NextSent
                => "the receiver sent another number of envelopes",
            _ => "other words than recorded",
        };
        return new Divergence(at.Arrival, at.Target, number, what, expected, found);
    }
}
