using Disco.Actors.Core;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Analysis;

/// <summary>What a number of host cores could make of a run.</summary>
/// <param name="Cores">Of the host.</param>
/// <param name="AtMost">No layout is faster than this many times one core: the work shared evenly, or the critical
/// path.</param>
/// <param name="AnyActor">Reached by a layout that puts any actor on any core.</param>
/// <param name="ByNode">Reached by one that keeps the actors of a node on one core.</param>
public readonly record struct HostSpeedUp(int Cores, double AtMost, double AnyActor, double ByNode);

/// <summary>
/// The longest chain of work in a recording of which each piece needs the one before, because it caused it or has the
/// same actor; and how fast the whole could be on several host cores.
/// </summary>
/// <remarks>
/// To handle a message is one unit of work, whatever it is. What a CPU does between its messages can be counted too, by
/// virtual time: from its last message to the arrival of the one it sends, the way of that one included, because a
/// recording does not hold the cycle of sending.
/// </remarks>
public sealed class CriticalPath
{
    public static readonly int[] CoreCounts = [1, 2, 4, 8, 16, 32, 64];

    // How far back the sending of a message is looked for among what its sender has handled.
    private const int HistoryMax = 256;

    private readonly long _unit;
    private readonly long _cycleWork;
    private readonly Dictionary<Address, Track> _tracks = [];
    private readonly Dictionary<TransactionId, long[]> _underWay = [];
    private readonly HostSchedule[] _schedules;

    /// <param name="header">Names the actors and their nodes.</param>
    /// <param name="messageCycles">So many cycles of a CPU's own running are as much work as one message; 0 does not
    /// count them.</param>
    public CriticalPath(TraceHeader header, long messageCycles = 0)
    {
        _unit = Math.Max(1, messageCycles);
        _cycleWork = messageCycles == 0 ? 0 : 1;
        int nodes = header.Actors.Select(actor => actor.Node + 1).DefaultIfEmpty(1).Max();
        _schedules =
        [
            new UnboundedSchedule(),
            .. CoreCounts.Select(cores => new FreeSchedule(cores)),
            .. CoreCounts.Select(cores => new NodeSchedule(cores, nodes)),
        ];
        foreach (TraceActor actor in header.Actors)
        {
            if (Address.TryParse(actor.Address, out Address address))
            {
                _tracks[address] = new Track(actor.Node, _schedules.Length);
            }
        }
    }

    /// <summary>All work, in messages.</summary>
    public double Work { get; private set; }

    /// <summary>The longest chain, in messages.</summary>
    public double Length => (double)_schedules[0].Length / _unit;

    /// <summary>The speed-up that no number of cores exceeds.</summary>
    public double Parallelism => Length == 0 ? 1 : Work / Length;

    public IReadOnlyList<HostSpeedUp> SpeedUps =>
    [
        .. CoreCounts.Select((cores, i) => new HostSpeedUp(
            cores,
            Math.Min(cores, Parallelism),
            SpeedUp(_schedules[1 + i]),
            SpeedUp(_schedules[1 + CoreCounts.Length + i]))),
    ];

    /// <param name="delivery">The next in the total order.</param>
    public void Add(in RecordedDelivery delivery)
    {
        Envelope at = delivery.Envelope;
        Track track = _tracks[at.Target];
        long[] ready = _underWay.Remove(new TransactionId(at.Source, at.Sequence), out long[]? caused)
            ? caused
            : Acted(at);
        long[] ends = new long[_schedules.Length];
        for (int i = 0; i < ends.Length; i++)
        {
            ends[i] = _schedules[i].Place(track.Node, Math.Max(ready[i], track.Ends[i]), _unit);
        }
        Work++;
        track.Ends = ends;
        for (long sequence = delivery.FirstSent; sequence < delivery.NextSent; sequence++)
        {
            _underWay[new TransactionId(at.Target, sequence)] = ends;
        }
        track.Remember(delivery.NextSent, at.Arrival, ends);
    }

    /// <summary>What an actor had done when it sent an envelope by itself: the running up to it is laid out.</summary>
    private long[] Acted(in Envelope envelope)
    {
        if (!_tracks.TryGetValue(envelope.Source, out Track? track))
        {
            return new long[_schedules.Length];
        }
        (Cycle since, long[] ready) = track.Before(envelope.Sequence);
        if (_cycleWork == 0)
        {
            return ready;
        }
        since = Cycle.Max(since, track.Acted);
        long work = Math.Max(0, envelope.Arrival - since) * _cycleWork;
        long[] ends = new long[_schedules.Length];
        long[] last = new long[_schedules.Length];
        for (int i = 0; i < ends.Length; i++)
        {
            ends[i] = _schedules[i].Place(track.Node, Math.Max(ready[i], track.ActedEnds[i]), work);
            last[i] = Math.Max(track.Ends[i], ends[i]);
        }
        Work += (double)work / _unit;
        track.Ends = last;
        track.Acted = Cycle.Max(track.Acted, envelope.Arrival);
        track.ActedEnds = ends;
        return ends;
    }

    private double SpeedUp(HostSchedule schedule) =>
        schedule.Length == 0 ? 1 : Work * _unit / schedule.Length;

    /// <summary>What an actor has done so far.</summary>
    private sealed class Track(int node, int schedules)
    {
        private readonly Queue<(long NextSent, Cycle Arrival, long[] Ends)> _history = [];
        private readonly long[] _nothing = new long[schedules];

        public int Node => node;

        /// <summary>When its last piece of work has ended, by schedule.</summary>
        public long[] Ends { get; set; } = new long[schedules];

        /// <summary>Up to when its own running has been laid out.</summary>
        public Cycle Acted { get; set; } = Cycle.Zero;

        public long[] ActedEnds { get; set; } = new long[schedules];

        public void Remember(long nextSent, Cycle arrival, long[] ends)
        {
            _history.Enqueue((nextSent, arrival, ends));
            if (_history.Count > HistoryMax)
            {
                _history.Dequeue();
            }
        }

        /// <summary>The last it had handled before it sent the envelope with that number by itself.</summary>
        public (Cycle Arrival, long[] Ends) Before(long sequence)
        {
            (Cycle, long[]) last = (Cycle.Zero, _nothing);
            foreach ((long nextSent, Cycle arrival, long[] ends) in _history)
            {
                if (nextSent > sequence)
                {
                    break;
                }
                last = (arrival, ends);
            }
            return last;
        }
    }
}
