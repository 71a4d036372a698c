using Disco.Actors.Core;

namespace Disco.Actors.Engines.Akka;

/// <summary>
/// What one actor did since the last quiet, so that observers of a node can be told afterwards in the order of the
/// cycles: host threads handle the actors of a node in any order.
/// </summary>
internal sealed class EventLog(Actor actor)
{
    private readonly List<Entry> _entries = [];

    public void Add(in Envelope envelope, long firstSequence, long nextSequence) =>
        _entries.Add(new Entry(actor, envelope, firstSequence, nextSequence, null));

    /// <summary>While an envelope is handled it comes before that, otherwise after all of the cycle.</summary>
    public void Add(long cycle, Carried? handling, in TraceEvent traceEvent)
    {
        Envelope place = handling?.Envelope
            ?? new Envelope { Arrival = new Cycle(cycle), TieBreak = ulong.MaxValue, Sequence = long.MaxValue };
        _entries.Add(new Entry(actor, place, 0, cycle, traceEvent));
    }

    public void MoveTo(List<Entry> entries)
    {
        entries.AddRange(_entries);
        _entries.Clear();
    }

    /// <summary>Tells the observer of a node, in the order of the cycles.</summary>
    public static void Tell(IObserver observer, List<Entry> entries)
    {
        // Entries of one place keep the order in which they were made: the sort is stable.
        IEnumerable<Entry> ordered = entries.Order(
            Comparer<Entry>.Create((left, right) => Envelope.Compare(left.Envelope, right.Envelope)));
        foreach (Entry entry in ordered)
        {
            if (entry.Event is { } traced)
            {
                observer.Traced(entry.Actor, new Cycle(entry.Next), in traced);
            }
            else
            {
                observer.Delivered(entry.Envelope, entry.Actor, entry.First, entry.Next);
            }
        }
    }

    /// <param name="Actor">Whose.</param>
    /// <param name="Envelope">Handled, or the place of something else in the order.</param>
    /// <param name="First">Number of the actor's next envelope before.</param>
    /// <param name="Next">The same after; the cycle of something else.</param>
    /// <param name="Event">Something else; null for a delivery.</param>
    internal readonly record struct Entry(Actor Actor, Envelope Envelope, long First, long Next, TraceEvent? Event);
}
