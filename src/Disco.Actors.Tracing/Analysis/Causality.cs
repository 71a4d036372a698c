using Disco.Actors.Core;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Analysis;

/// <summary>Finds what each delivery was caused by. Holds no more than the envelopes under way.</summary>
public sealed class Causality
{
    private readonly Dictionary<TransactionId, Handled> _underWay = [];
    private readonly Dictionary<Address, long> _numbers = [];
    private long _number;

    /// <param name="deliveries">From the first on, in the total order.</param>
    public static IEnumerable<CausedDelivery> Of(IEnumerable<RecordedDelivery> deliveries)
    {
        Causality causality = new();
        foreach (RecordedDelivery delivery in deliveries)
        {
            yield return causality.Add(delivery);
        }
    }

    public CausedDelivery Add(in RecordedDelivery delivery)
    {
        Envelope at = delivery.Envelope;
        TransactionId id = new(at.Source, at.Sequence);
        bool isToItself = at.Source == at.Target;
        bool isCaused = _underWay.Remove(id, out Handled? cause);
        bool isTurnOfTimer = isToItself && isCaused && cause!.SelfKind == at.Message.Kind;
        TransactionId transaction = !isCaused || isTurnOfTimer ? id : cause!.Transaction;
        long number = _number++;
        if (delivery.NextSent > delivery.FirstSent)
        {
            Handled handled = new(number, transaction, at.Arrival, isToItself ? at.Message.Kind : -1);
            for (long sequence = delivery.FirstSent; sequence < delivery.NextSent; sequence++)
            {
                _underWay[new TransactionId(at.Target, sequence)] = handled;
            }
        }
        long atActor = _numbers[at.Target] = _numbers.GetValueOrDefault(at.Target, -1) + 1;
        return new CausedDelivery(delivery, number, transaction, cause?.Number ?? -1, cause?.Arrival, atActor);
    }

    /// <param name="Number">Of the delivery that was handled.</param>
    /// <param name="Transaction">Its.</param>
    /// <param name="Arrival">When.</param>
    /// <param name="SelfKind">The kind of a message of the actor to itself, -1 for any other.</param>
    private sealed record Handled(long Number, TransactionId Transaction, Cycle Arrival, int SelfKind);
}
