using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Vmm.Losses;

/// <summary>
/// A loss as the actors that survive it see it: who is out, what was under way, and what each is to be told so that it
/// waits for nobody who is out.
/// </summary>
internal sealed class Loss(Fabric fabric, NodeSet lost, Cycle now)
{
    private readonly List<(Address Target, Message Message)> _posts = [];

    /// <summary>All nodes that are gone.</summary>
    public NodeSet Lost => lost;

    /// <summary>Everything before has happened.</summary>
    public Cycle Now => now;

    /// <summary>Virtual machines that are taken off.</summary>
    public SortedSet<int> Gone { get; } = [];

    /// <summary>Envelopes that will be delivered.</summary>
    public List<Envelope> UnderWay { get; } = [];

    public IReadOnlyList<(Address Target, Message Message)> Posts => _posts;

    /// <summary>How many releases from rendezvous of surviving virtual machines a CPU has to expect.</summary>
    public Func<int, int> ReleasesTo { get; init; } = _ => 0;

    public bool IsLost(Address actor) => actor.Role != Role.Outside && lost.Contains(fabric.NodeOf(actor));

    /// <summary>On a lost node, or the monitor of a virtual machine that is taken off.</summary>
    public bool IsOut(Address actor) => IsLost(actor) || (actor.Role == Role.Vm && Gone.Contains(actor.Index));

    /// <summary>With what a virtual machine has ended, as far as the keeper has heard.</summary>
    public Func<int, int?> ExitCodeOf { get; init; } = _ => null;

    /// <summary>How many surviving schedulers still have virtual CPUs of a virtual machine that is to stop.</summary>
    public Func<int, int> SchedulersStopping { get; init; } = _ => 0;

    /// <summary>Tells an actor something in another's name.</summary>
    public void Post(Address from, Address target, in Message message) =>
        _posts.Add((target, Fabric.Routed(message, from, target)));

    public int CountUnderWay(Func<Message, bool> counts) => UnderWay.Count(envelope => counts(envelope.Message));

    /// <summary>Messages of one kind to an actor that are under way.</summary>
    public IEnumerable<Message> UnderWayTo(Address target, ushort kind) => UnderWay
        .Where(envelope => envelope.Message.Kind == kind && FinalTarget(envelope) == target)
        .Select(envelope => envelope.Message);

    /// <summary>Whom an envelope is for in the end; one to oneself has no route.</summary>
    public static Address FinalTarget(in Envelope envelope) =>
        envelope.Target.Role == Role.Network ? Fabric.TargetOf(envelope.Message) : envelope.Target;

    /// <summary>Who sent it in the beginning.</summary>
    public static Address FirstSender(in Envelope envelope) =>
        envelope.Source.Role == Role.Network ? Fabric.SenderOf(envelope.Message) : envelope.Source;
}
