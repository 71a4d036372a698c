using Disco.Actors.Core;

namespace Disco.Actors.Engines.Akka;

/// <summary>Which envelope was handled last. Its rank is only worked out when another one is in its cycle.</summary>
internal struct Handled
{
    public long Arrival;
    public long Sequence;
    public Address Source;
    public Lane Lane;

    /// <param name="envelope">Of the same cycle and target.</param>
    /// <param name="order">What ranks both.</param>
    public readonly bool IsBehind(in Envelope envelope, TotalOrder order)
    {
        Envelope last = new()
        {
            Arrival = envelope.Arrival,
            TieBreak = order.TieBreak(envelope.Arrival, Source, envelope.Target, Lane),
            Sequence = Sequence,
            Source = Source,
        };
        return Envelope.Compare(in last, in envelope) > 0;
    }
}
