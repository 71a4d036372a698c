using System.Runtime.CompilerServices;

namespace Disco.Actors.Core;

/// <summary>
/// A message under way. Its place in the run is the total order
/// (<see cref="Arrival"/>, <see cref="TieBreak"/>, <see cref="Source"/>, <see cref="Sequence"/>);
/// nothing else orders events.
/// </summary>
public struct Envelope
{
    public Cycle Arrival;

    /// <summary>Seeded rank among envelopes that arrive in the same cycle; see <see cref="TotalOrder"/>.</summary>
    public ulong TieBreak;

    /// <summary>Counts the envelopes of one source, from 0.</summary>
    public long Sequence;

    public Address Source;
    public Address Target;
    public Message Message;

    /// <summary>Valid for <see cref="Message.PayloadBytes"/> bytes; the rest is stale.</summary>
    public Payload Payload;

    /// <summary>Compares places in the total order; 0 only for an envelope and itself.</summary>
    public static int Compare(in Envelope left, in Envelope right)
    {
        int byArrival = left.Arrival.Value.CompareTo(right.Arrival.Value);
        if (byArrival != 0)
        {
            return byArrival;
        }
        int byTieBreak = left.TieBreak.CompareTo(right.TieBreak);
        if (byTieBreak != 0)
        {
            return byTieBreak;
        }
        int bySource = left.Source.Packed.CompareTo(right.Source.Packed);
        return bySource != 0 ? bySource : left.Sequence.CompareTo(right.Sequence);
    }

    /// <summary>Copies header and the used part of the payload.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(in Envelope from, ref Envelope to)
    {
        to.Arrival = from.Arrival;
        to.TieBreak = from.TieBreak;
        to.Sequence = from.Sequence;
        to.Source = from.Source;
        to.Target = from.Target;
        to.Message = from.Message;
        if (from.Message.PayloadBytes != 0)
        {
            to.Payload = from.Payload;
        }
    }
}
