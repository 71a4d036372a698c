using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <summary>
/// The arithmetic of virtual time that all engines share: when an envelope arrives, how soon an effect can cross
/// nodes, when a stop takes effect. Pure functions of the options, the lookahead and the sending cycle.
/// Cycles are plain numbers here; <see cref="Never"/> stays <see cref="Never"/> under addition.
/// </summary>
internal sealed class Timing
{
    public const long Never = long.MaxValue;

    private readonly long _windowCycles;
    private readonly long _stopDelayCycles;
    private readonly long _outboundCycles;
    private readonly long _remoteInboundCycles;

    public Timing(EngineOptions options, Lookahead lookahead)
    {
        Invariant.Holds(options.WindowCycles >= 0);
        Invariant.Holds(options.JitterCycles >= 0);
        Order = new TotalOrder(options.Seed);
        JitterCycles = options.JitterCycles;
        _windowCycles = options.WindowCycles;
        InboundCycles = lookahead.InboundCycles;
        CrossNodeLatencyCycles = lookahead.CrossNodeCycles;
        CrossNodeCycles = Math.Max(lookahead.CrossNodeCycles, _windowCycles);
        _outboundCycles = lookahead.OutboundCycles;
        _remoteInboundCycles = Math.Max(lookahead.RemoteInboundCycles, CrossNodeCycles);
        // A chain to another self-acting actor ends with a message to it, and between nodes it crosses once.
        LocalReachCycles = Math.Max(lookahead.LocalReachCycles, lookahead.InboundCycles);
        RemoteReachCycles = Math.Max(lookahead.RemoteReachCycles, CrossNodeCycles);
        _stopDelayCycles = Math.Max(LocalReachCycles, RemoteReachCycles);
    }

    public TotalOrder Order { get; }

    public long JitterCycles { get; }

    public long InboundCycles { get; }

    public long LocalReachCycles { get; }

    public long RemoteReachCycles { get; }

    /// <summary>The smallest latency that an actor may give a message to another node.</summary>
    public long CrossNodeLatencyCycles { get; }

    /// <summary>How long such a message takes at the soonest.</summary>
    public long CrossNodeCycles { get; }

    /// <summary>How late envelopes and a stop are; null when all are on time.</summary>
    public Lateness? Lateness { get; set; }

    /// <summary>True when an arrival is more than sending cycle plus latency.</summary>
    public bool Adjusts => JitterCycles != 0 || _windowCycles != 0 || Lateness is not null;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Plus(long cycle, long cycles)
    {
        long sum = cycle + cycles;
        return sum < cycle ? Never : sum;
    }

    /// <summary>What a node whose earliest events these are leaves the other nodes.</summary>
    /// <param name="border">The earliest envelope for an actor at the border.</param>
    /// <param name="envelope">The earliest envelope; not later.</param>
    /// <param name="step">The earliest clock of an actor that acts by itself.</param>
    public Limits Leave(long border, long envelope, long step)
    {
        long acts = Plus(step, _outboundCycles);
        long leaves = Math.Min(border, Plus(envelope, _outboundCycles));
        Limits limits = new(
            Plus(Math.Min(leaves, acts), CrossNodeCycles),
            Math.Min(
                Plus(leaves, _remoteInboundCycles),
                Math.Max(Plus(acts, _remoteInboundCycles), Plus(step, RemoteReachCycles))));
        return limits.AtMost(StopAt(Math.Min(envelope, step)));
    }

    /// <summary>What the answer to an envelope that leaves its node leaves all others.</summary>
    public Limits Answer(long arrival, bool toBorder)
    {
        long leaves = toBorder ? arrival : Plus(arrival, _outboundCycles);
        return new Limits(Plus(leaves, CrossNodeCycles), Plus(leaves, _remoteInboundCycles))
            .AtMost(StopAt(arrival));
    }

    /// <summary>A message that arrives too soon. Apart from those who find it, as its text would take room on the stack
    /// in each of their calls.</summary>
    [DoesNotReturn]
    public void Refuse(Address target, long latencyCycles) => Invariant.Broken(
        $"a message to {target} with latency {latencyCycles}; it must be at least 1, and {CrossNodeLatencyCycles} to "
        + "another node");

    /// <summary>
    /// The cycle in which a stop asked for at <paramref name="cycle"/> takes effect. No engine lets an actor pass it
    /// before the request is known: every horizon is at most a reach, every window at most a crossing, beyond the
    /// earliest event that could still ask.
    /// </summary>
    public long StopAt(long cycle) => Plus(cycle, _stopDelayCycles);

    /// <summary>The same, where it is known that it took effect later.</summary>
    public long LateStopAt(long cycle) => Math.Max(StopAt(cycle), Lateness?.StopAt ?? 0);

    /// <summary>When an envelope to another node arrives, in a run that is not exact not before a window's length.
    /// </summary>
    public long Crossed(long sent, long arrival) => Math.Max(arrival, sent + _windowCycles);

    /// <summary>The envelope at the arrival at which it will be handled.</summary>
    public Envelope Late(in Envelope envelope) =>
        Moved(in envelope, Lateness?.Of(envelope.Source, envelope.Sequence) ?? 0);

    /// <summary>The envelopes at the arrivals their latencies gave, in their total order.</summary>
    public List<Envelope> Punctual(List<Envelope> envelopes)
    {
        if (Lateness is null)
        {
            return envelopes;
        }
        List<Envelope> punctual =
            [.. envelopes.Select(each => Moved(in each, -Lateness.Of(each.Source, each.Sequence)))];
        punctual.Sort((left, right) => Envelope.Compare(in left, in right));
        return punctual;
    }

    /// <summary>The envelope with another arrival, and the rank that goes with it.</summary>
    public Envelope Moved(in Envelope envelope, long cycles)
    {
        Envelope moved = envelope;
        if (cycles != 0)
        {
            moved.Arrival += cycles;
            moved.TieBreak = Order.TieBreak(moved.Arrival, moved.Source, moved.Target, moved.Message.Lane);
        }
        return moved;
    }
}
