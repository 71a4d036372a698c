using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <content>Nodes that are lost in the middle of a run.</content>
public abstract partial class Engine
{
    /// <summary>Nodes whose actors do nothing any more; what is sent to them goes nowhere.</summary>
    public NodeSet LostNodes { get; private set; }

    /// <summary>
    /// False once something has happened that no recording holds: nodes were lost that nobody asked to be, with what
    /// they had done last.
    /// </summary>
    public virtual bool CanBeRepeated => true;

    /// <summary>
    /// Nodes are gone for good, between two calls of <see cref="Run"/>. The world is repaired without them
    /// (<see cref="World.Losses"/>); the run of one that cannot be has failed.
    /// </summary>
    /// <param name="nodes">Those the world has not, or that are gone already, do not count.</param>
    public void Lose(NodeSet nodes)
    {
        NodeSet lost = (nodes & NodeSet.Below(World.Nodes)).Except(LostNodes);
        if (lost.IsEmpty || _fault is not null)
        {
            return;
        }
        if (Undelivered().Exists(envelope => envelope.Source == NodeLoss.From))
        {
            // What an earlier loss has to say is heard before the next.
            RunTo(Now.Value + 1);
        }
        if (!TryLose(lost, Now))
        {
            Address first = World.Actors.First(actor => lost.Contains(actor.Node)).Address;
            Note(new Fault(first, Now.Value, null, new NodesLostException(lost)));
        }
    }

    /// <summary>Has the world repaired, and goes on from there; false when it cannot be.</summary>
    /// <param name="lost">Gone now, not before.</param>
    /// <param name="at">Everything before has happened.</param>
    private protected bool TryLose(NodeSet lost, Cycle at)
    {
        NodeSet gone = LostNodes | lost;
        Envelope[] between = [.. _timing.Punctual(Undelivered())
            .Where(envelope => !IsOn(envelope.Source, gone) && !IsOn(envelope.Target, gone))];
        if (!CanLoseNodes || World.Losses?.Lose(lost, between, at) is not { } loss)
        {
            return false;
        }
        Rebuild(loss.Kept, gone);
        foreach ((Address target, Message message) in loss.Posts)
        {
            Post(NodeLoss.From, target, in message, at);
        }
        return true;
    }

    /// <summary>False for an engine whose run ends with any loss.</summary>
    private protected virtual bool CanLoseNodes => true;

    /// <summary>Goes on from the actors' states, with these envelopes under way, without these nodes.</summary>
    private protected virtual void Rebuild(IReadOnlyList<Envelope> envelopes, NodeSet gone)
    {
        long[] sequences = [.. Enumerable.Range(0, World.Actors.Length).Select(actor => Sequence(actor))];
        SavedCourse course = new(Now, Stop, WindowDelay, DeliveriesByKind(), gone);
        Clear();
        for (int actor = 0; actor < sequences.Length; actor++)
        {
            Sequence(actor) = sequences[actor];
        }
        foreach (Envelope envelope in envelopes)
        {
            Accept(in envelope);
        }
        GoOn(course);
    }

    /// <summary>No envelope is under way to these nodes, and their actors never act again.</summary>
    private protected abstract void SilenceNodes(NodeSet lost);

    private protected void Silence(NodeSet lost)
    {
        LostNodes = lost;
        for (int actor = 0; actor < _table.Actors.Length; actor++)
        {
            _table.IsLost[actor] = lost.Contains(_table.NodeOf[actor]);
        }
        SilenceNodes(lost);
    }

    private bool IsOn(Address actor, NodeSet nodes) =>
        actor.Role != Role.Outside && nodes.Contains(_table.NodeOf[_table.Find(actor)]);
}

/// <summary>Why a run that has lost nodes does not go on.</summary>
public sealed class NodesLostException(NodeSet nodes) : Exception(
    $"the nodes {nodes} are lost, and the rest of the machine cannot go on without them");
