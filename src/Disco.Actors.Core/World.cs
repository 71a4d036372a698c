namespace Disco.Actors.Core;

/// <summary>
/// Lower bounds on how fast actors can affect each other, in cycles, as the machine's latencies guarantee them.
/// Engines take their freedom from these: how far an actor may run ahead, how long a parallel window is.
/// Every one of the four bounds is at least 1.
/// </summary>
/// <param name="InboundCycles">The shortest latency of a message to an actor that acts by itself.</param>
/// <param name="LocalReachCycles">From an act of one self-acting actor to its first effect on another of the
/// same node, through any chain of messages.</param>
/// <param name="RemoteReachCycles">The same for two self-acting actors on different nodes.</param>
/// <param name="CrossNodeCycles">The shortest latency of any message between different nodes.</param>
public readonly record struct Lookahead(
    long InboundCycles, long LocalReachCycles, long RemoteReachCycles, long CrossNodeCycles)
{
    /// <summary>
    /// From an event at an actor that is not <see cref="Actor.IsAtBorder"/> to the first sending of anything it causes
    /// to another node; 0 when nothing is known.
    /// </summary>
    public long OutboundCycles { get; init; }

    /// <summary>
    /// From any event to its first effect on a self-acting actor of another node, through any chain of messages; not
    /// less than <see cref="CrossNodeCycles"/> is known when it is 0.
    /// </summary>
    public long RemoteInboundCycles { get; init; }
}

/// <summary>All actors of a run and what an engine must know of them. It does not know what they are.</summary>
public sealed class World
{
    private readonly Dictionary<Address, Actor> _byAddress = [];

    public World(IEnumerable<Actor> actors, Lookahead lookahead, IMessageNames names)
    {
        Actors = [.. actors.OrderBy(actor => actor.Address)];
        Lookahead = lookahead;
        Names = names;
        foreach (Actor actor in Actors)
        {
            Invariant.Holds(_byAddress.TryAdd(actor.Address, actor));
        }
        Nodes = Actors.Length == 0 ? 0 : Actors.Max(actor => actor.Node) + 1;
        Invariant.Holds(lookahead.InboundCycles >= 1);
        Invariant.Holds(lookahead.LocalReachCycles >= 1);
        Invariant.Holds(lookahead.RemoteReachCycles >= 1);
        Invariant.Holds(lookahead.CrossNodeCycles >= 1);
        Invariant.Holds(lookahead.OutboundCycles >= 0);
    }

    /// <summary>In order of address.</summary>
    public Actor[] Actors { get; }

    public int Nodes { get; }

    public Lookahead Lookahead { get; }

    public IMessageNames Names { get; }

    /// <summary>What it does when nodes are lost; null when that ends its run. For construction.</summary>
    public INodeLosses? Losses { get; set; }

    public Actor this[Address address] =>
        _byAddress.TryGetValue(address, out Actor? actor)
            ? actor
            : throw new InvariantBroken($"no actor has the address {address}");
}
