using Disco.Actors.Core;

namespace Disco.Actors.Machine.Interconnect;

/// <summary>
/// The network controller of a node, <c>net/n</c>: forwards what its node sends to other nodes. Its outgoing links
/// are busy while a message passes; a message that finds its link busy waits, in order. Links further on add latency
/// only (their contention is not modelled).
/// </summary>
public sealed class NetworkActor : Actor
{
    private readonly Fabric _fabric;

    // State: until when each outgoing link is busy, what passed, and which nodes are gone.
    private readonly long[] _busyUntil;
    private long _messages;
    private long _bytes;
    private long _waitedCycles;

    public NetworkActor(int node, Fabric fabric)
        : base(Address.Network(node), node)
    {
        _fabric = fabric;
        _busyUntil = new long[fabric.Topology.Ports];
    }

    public long Messages => _messages;

    /// <summary>Nodes that are gone: what is for them is answered here, or dropped. [FLASH, MAGIC's node map]
    /// </summary>
    public NodeSet Lost { get; private set; }

    /// <summary>Answers for the actors of nodes that are gone; null when nobody ever is. For construction.</summary>
    public IUndertaker? Undertaker { get; set; }

    /// <summary>Headers and lines that left the node.</summary>
    public long BytesSent => _bytes;

    /// <summary>Cycles messages waited for a busy link, in sum.</summary>
    public long WaitedCycles => _waitedCycles;

    /// <summary>Nodes are gone from now on. Between two cycles.</summary>
    public void Lose(NodeSet nodes) => Lost |= nodes;

    public override void Receive(in Envelope envelope, Context context)
    {
        Address target = Fabric.TargetOf(envelope.Message);
        int targetNode = _fabric.NodeOf(target);
        Invariant.Holds(targetNode != Node);
        if (Lost.Contains(targetNode))
        {
            Refuse(envelope.Message, target, context);
            return;
        }
        long wait = Occupy(targetNode, envelope.Message.PayloadBytes, context.Now.Value);
        ref Payload payload = ref context.Send(
            target, wait + _fabric.TransitCycles(Node, target), envelope.Message);
        if (envelope.Message.PayloadBytes != 0)
        {
            payload = envelope.Payload;
        }
    }

    public override void Save(StateWriter writer)
    {
        foreach (long busyUntil in _busyUntil)
        {
            writer.Write("busyUntil", busyUntil);
        }
        writer.Write("lostNodes", Lost.Bits);
        writer.Write("stat.messages", _messages);
        writer.Write("stat.bytes", _bytes);
        writer.Write("stat.waitedCycles", _waitedCycles);
    }

    public override void Load(StateReader reader)
    {
        for (int port = 0; port < _busyUntil.Length; port++)
        {
            _busyUntil[port] = reader.ReadInt64("busyUntil");
        }
        Lost = new NodeSet(reader.ReadUInt64("lostNodes"));
        _messages = reader.ReadInt64("stat.messages");
        _bytes = reader.ReadInt64("stat.bytes");
        _waitedCycles = reader.ReadInt64("stat.waitedCycles");
    }

    private void Refuse(in Message message, Address target, Context context)
    {
        if (Undertaker?.AnswerTo(message, target) is not { } answer)
        {
            return;
        }
        Address sender = Fabric.SenderOf(message);
        long delay = _fabric.Config.TransitCycles + _fabric.LocalCycles(Role.Network, sender.Role);
        context.Send(sender, Math.Max(1, delay), Fabric.Routed(answer, target, sender));
    }

    /// <summary>Takes the link for the message's length; returns how long the message waits for it.</summary>
    private long Occupy(int targetNode, int payloadBytes, long now)
    {
        int bytes = _fabric.Config.HeaderBytes + payloadBytes;
        _messages++;
        _bytes += bytes;
        if (_fabric.Config.LinkBytesPerCycle == 0)
        {
            return 0;
        }
        ref long busyUntil = ref _busyUntil[_fabric.Topology.PortTowards(Node, targetNode)];
        long start = Math.Max(now, busyUntil);
        busyUntil = start + ((bytes + _fabric.Config.LinkBytesPerCycle - 1) / _fabric.Config.LinkBytesPerCycle);
        _waitedCycles += start - now;
        return start - now;
    }
}
