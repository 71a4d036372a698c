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

/// <summary>Work of one sort on the critical path.</summary>
/// <param name="Role">Of the actors that did it.</param>
/// <param name="Kind">Of the messages they handled; null for what they did by themselves.</param>
/// <param name="Count">How many pieces.</param>
/// <param name="Work">In messages.</param>
public readonly record struct PathShare(Role Role, ushort? Kind, long Count, double Work);

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
    private readonly Dictionary<TransactionId, Piece> _underWay = [];
    private readonly HostSchedule[] _schedules;
    private readonly Piece _nothing;
    private Piece _longest;

    /// <param name="actors">All, with their nodes.</param>
    /// <param name="messageCycles">So many cycles of a CPU's own running are as much work as one message; 0 does not
    /// count them.</param>
    public CriticalPath(IReadOnlyList<TraceActor> actors, long messageCycles = 0)
    {
        _unit = Math.Max(1, messageCycles);
        _cycleWork = messageCycles == 0 ? 0 : 1;
        int nodes = actors.Select(actor => actor.Node + 1).DefaultIfEmpty(1).Max();
        _schedules =
        [
            new UnboundedSchedule(),
            .. CoreCounts.Select(cores => new FreeSchedule(cores)),
            .. CoreCounts.Select(cores => new NodeSchedule(cores, nodes)),
        ];
        _nothing = _longest = new Piece(new long[_schedules.Length], null);
        foreach (TraceActor actor in actors)
        {
            if (Address.TryParse(actor.Address, out Address address))
            {
                _tracks[address] = new Track(actor.Node, _nothing);
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

    /// <summary>What the critical path consists of, the most work first.</summary>
    public IReadOnlyList<PathShare> OnPath()
    {
        Dictionary<(Role, ushort?), (long Count, long Work)> shares = [];
        for (Link? link = _longest.Chain; link is not null; link = link.Before)
        {
            (long count, long work) = shares.GetValueOrDefault((link.Role, link.Kind));
            shares[(link.Role, link.Kind)] = (count + 1, work + link.Work);
        }
        return
        [
            .. shares.Where(share => share.Value.Work > 0)
                .Select(share => new PathShare(
                    share.Key.Item1, share.Key.Item2, share.Value.Count, (double)share.Value.Work / _unit))
                .OrderByDescending(share => share.Work).ThenBy(share => share.Role).ThenBy(share => share.Kind),
        ];
    }

    /// <param name="delivery">The next in the total order.</param>
    public void Add(in RecordedDelivery delivery)
    {
        Envelope at = delivery.Envelope;
        Track track = _tracks[at.Target];
        Piece cause = _underWay.Remove(new TransactionId(at.Source, at.Sequence), out Piece? caused)
            ? caused
            : Acted(at);
        Piece handled = Place(at.Target.Role, at.Message.Kind, track, cause, track.Last, _unit);
        Work++;
        track.Last = handled;
        for (long sequence = delivery.FirstSent; sequence < delivery.NextSent; sequence++)
        {
            _underWay[new TransactionId(at.Target, sequence)] = handled;
        }
        track.Remember(delivery.NextSent, at.Arrival, handled);
    }

    /// <summary>What an actor had done when it sent an envelope by itself: the running up to it is laid out.</summary>
    private Piece Acted(in Envelope envelope)
    {
        if (!_tracks.TryGetValue(envelope.Source, out Track? track))
        {
            return _nothing;
        }
        (Cycle since, Piece before) = track.Before(envelope.Sequence);
        if (_cycleWork == 0)
        {
            return before;
        }
        since = Cycle.Max(since, track.ActedUntil);
        long work = Math.Max(0, envelope.Arrival - since) * _cycleWork;
        Piece running = Place(envelope.Source.Role, null, track, before, track.Acted, work);
        Work += (double)work / _unit;
        track.ActedUntil = Cycle.Max(track.ActedUntil, envelope.Arrival);
        track.Acted = running;
        if (running.Ends[0] > track.Last.Ends[0])
        {
            track.Last = running;
        }
        return running;
    }

    /// <summary>Lays a piece of work out that needs two others to have ended.</summary>
    private Piece Place(Role role, ushort? kind, Track track, Piece one, Piece other, long work)
    {
        long[] ends = new long[_schedules.Length];
        for (int i = 0; i < ends.Length; i++)
        {
            ends[i] = _schedules[i].Place(track.Node, Math.Max(one.Ends[i], other.Ends[i]), work);
        }
        Link? later = one.Ends[0] >= other.Ends[0] ? one.Chain : other.Chain;
        Piece piece = new(ends, new Link(role, kind, work, later));
        _longest = piece.Ends[0] > _longest.Ends[0] ? piece : _longest;
        return piece;
    }

    private double SpeedUp(HostSchedule schedule) =>
        schedule.Length == 0 ? 1 : Work * _unit / schedule.Length;

    /// <summary>A piece of work.</summary>
    /// <param name="Ends">When it ends, by schedule; the first is the unbounded one.</param>
    /// <param name="Chain">The longest chain that ends with it.</param>
    private sealed record Piece(long[] Ends, Link? Chain);

    /// <summary>A piece of work as one of a chain. Chains share their beginnings.</summary>
    /// <param name="Role">Of the actor.</param>
    /// <param name="Kind">What it handled; null when it acted by itself.</param>
    /// <param name="Work">How much.</param>
    /// <param name="Before">The later one of what it needed.</param>
    private sealed record Link(Role Role, ushort? Kind, long Work, Link? Before);

    /// <summary>What an actor has done so far.</summary>
    private sealed class Track(int node, Piece nothing)
    {
        private readonly Queue<(long NextSent, Cycle Arrival, Piece Handled)> _history = [];
        private readonly Piece _nothing = nothing;

        public int Node => node;

        /// <summary>Its last piece of work.</summary>
        public Piece Last { get; set; } = nothing;

        /// <summary>Up to when its own running has been laid out.</summary>
        public Cycle ActedUntil { get; set; } = Cycle.Zero;

        /// <summary>The last piece of that.</summary>
        public Piece Acted { get; set; } = nothing;

        public void Remember(long nextSent, Cycle arrival, Piece handled)
        {
            _history.Enqueue((nextSent, arrival, handled));
            if (_history.Count > HistoryMax)
            {
                _history.Dequeue();
            }
        }

        /// <summary>The last it had handled before it sent the envelope with that number by itself.</summary>
        public (Cycle Arrival, Piece Handled) Before(long sequence)
        {
            (Cycle, Piece) last = (Cycle.Zero, _nothing);
            foreach ((long nextSent, Cycle arrival, Piece handled) in _history)
            {
                if (nextSent > sequence)
                {
                    break;
                }
                last = (arrival, handled);
            }
            return last;
        }
    }
}
