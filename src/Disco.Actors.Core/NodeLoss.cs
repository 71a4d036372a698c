namespace Disco.Actors.Core;

/// <summary>
/// What becomes of a machine when nodes are gone for good: their actors do nothing any more, and nothing is sent to or
/// comes from them. Between two cycles, on the thread of the engine.
/// </summary>
public interface INodeLosses
{
    /// <summary>Repairs the actors of the other nodes.</summary>
    /// <param name="lost">Gone now, not before.</param>
    /// <param name="underWay">Undelivered envelopes between other nodes, in the total order.</param>
    /// <param name="now">Everything before has happened.</param>
    /// <returns>How the run goes on; null when it cannot go on without these nodes.</returns>
    NodeLoss? Lose(NodeSet lost, IReadOnlyList<Envelope> underWay, Cycle now);
}

/// <summary>How a run goes on after a loss.</summary>
/// <param name="Kept">Of the envelopes under way, those that will be delivered.</param>
/// <param name="Posts">What actors are told, in this order, at once; with its route.</param>
public sealed record NodeLoss(IReadOnlyList<Envelope> Kept, IReadOnlyList<(Address Target, Message Message)> Posts)
{
    /// <summary>
    /// The kind of the message from outside that is a loss: it is not delivered, the engine takes word A for the set
    /// of nodes that are lost. So whatever writes down and repeats what comes from outside knows losses too.
    /// </summary>
    public const ushort Kind = 0x0F01;

    /// <summary>Whom losses come from, and what actors are told because of them.</summary>
    public static Address From => new(Role.Outside, 15);

    public static Message Of(NodeSet nodes) => new() { Kind = Kind, Lane = Lane.Request, A = nodes.Bits };
}
