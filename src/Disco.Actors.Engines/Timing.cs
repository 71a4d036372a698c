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

    public Timing(EngineOptions options, Lookahead lookahead)
    {
        Invariant.Holds(options.WindowCycles >= 0);
        Invariant.Holds(options.JitterCycles >= 0);
        Order = new TotalOrder(options.Seed);
        JitterCycles = options.JitterCycles;
        _windowCycles = options.WindowCycles;
        InboundCycles = lookahead.InboundCycles;
        CrossNodeCycles = lookahead.CrossNodeCycles;
        // A chain to another self-acting actor ends with a message to it, and between nodes it crosses once.
        LocalReachCycles = Math.Max(lookahead.LocalReachCycles, lookahead.InboundCycles);
        RemoteReachCycles = Math.Max(lookahead.RemoteReachCycles, lookahead.CrossNodeCycles);
        _stopDelayCycles = Math.Max(LocalReachCycles, RemoteReachCycles);
    }

    public TotalOrder Order { get; }

    public long JitterCycles { get; }

    public long InboundCycles { get; }

    public long LocalReachCycles { get; }

    public long RemoteReachCycles { get; }

    public long CrossNodeCycles { get; }

    /// <summary>True when an arrival is more than sending cycle plus latency.</summary>
    public bool Adjusts => JitterCycles != 0 || _windowCycles != 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Plus(long cycle, long cycles)
    {
        long sum = cycle + cycles;
        return sum < cycle ? Never : sum;
    }

    /// <summary>The first cycle in which something that happens at <paramref name="cycle"/> can reach another node.
    /// </summary>
    public long Crossing(long cycle) => Bounded(cycle, CrossNodeCycles);

    /// <summary>The first cycle in which an act of a self-acting actor can reach one on another node.</summary>
    public long RemoteReach(long cycle) => Bounded(cycle, RemoteReachCycles);

    /// <summary>
    /// The cycle in which a stop asked for at <paramref name="cycle"/> takes effect. No engine lets an actor pass it
    /// before the request is known: every horizon is at most a reach, every window at most a crossing, beyond the
    /// earliest event that could still ask.
    /// </summary>
    public long StopAt(long cycle) => Bounded(cycle, _stopDelayCycles);

    /// <summary>No earlier than the next window boundary after the sending cycle.</summary>
    public long Crossed(long sent, long arrival) =>
        _windowCycles == 0 ? arrival : Math.Max(arrival, ((sent / _windowCycles) + 1) * _windowCycles);

    private long Bounded(long cycle, long cycles)
    {
        long sum = Plus(cycle, cycles);
        return _windowCycles == 0 || sum == Never ? sum : Crossed(cycle, sum);
    }
}
