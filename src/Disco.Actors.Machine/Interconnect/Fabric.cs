using System.Runtime.CompilerServices;
using Disco.Actors.Core;

namespace Disco.Actors.Machine.Interconnect;

/// <summary>
/// Where everything is and how long a message takes to get there. All actors of a machine share one; it never
/// changes after the machine is built. Every message between actors of the machine is sent through it.
/// </summary>
/// <remarks>
/// Inside a node a message takes the node's bus. Between nodes it goes to the sender's network actor, which
/// forwards it; <see cref="Message.D"/> then names both ends, because the envelope's source is the network:
/// <code>
/// D  31   28 27      16 15   12 11       0
///   +-------+----------+-------+----------+
///   | role  |  index   | role  |  index   |
///   |      sender      |      target      |
///   +-------+----------+-------+----------+
/// </code>
/// </remarks>
public sealed class Fabric
{
    public const int AgentsMax = 128;

    private const byte Nowhere = byte.MaxValue;

    // By role, then by index; Nowhere for an address nobody has.
    private readonly byte[][] _nodeOf = new byte[Enum.GetValues<Role>().Length][];
    private readonly Address[] _agents = new Address[AgentsMax];
    private readonly List<ICopyHolder> _holders = [];
    private readonly bool _uniform;

    public Fabric(InterconnectConfig config, IHomeMap homes)
    {
        config.Check();
        Invariant.Holds(homes.Nodes < Nowhere);
        Config = config;
        Homes = homes;
        Topology = new Topology(homes.Nodes == 1 ? TopologyKind.Uma : config.Topology, homes.Nodes);
        _uniform = Topology.Kind == TopologyKind.Uma;
        Array.Fill(_nodeOf, []);
        for (int node = 0; node < homes.Nodes; node++)
        {
            Place(Address.Directory(node), node);
            Place(Address.Memory(node), node);
            Place(Address.Network(node), node);
        }
    }

    public InterconnectConfig Config { get; }

    public IHomeMap Homes { get; }

    public Topology Topology { get; }

    /// <summary>Says on which node an actor lives. For construction.</summary>
    public void Place(Address address, int node)
    {
        Invariant.Holds(node >= 0);
        Invariant.Holds(node < Homes.Nodes);
        Invariant.Holds(Unpack(Pack(address)) == address);
        ref byte[] nodes = ref _nodeOf[(int)address.Role];
        int known = nodes.Length;
        if (address.Index >= known)
        {
            Array.Resize(ref nodes, address.Index + 1);
            Array.Fill(nodes, Nowhere, known, nodes.Length - known);
        }
        nodes[address.Index] = (byte)node;
    }

    /// <summary>Says that an actor owns a cache, and on which node it lives. For construction.</summary>
    /// <param name="agent">0 to 63 for CPUs, 64 to 127 for devices.</param>
    /// <param name="address">Of the actor.</param>
    /// <param name="node">Where it lives.</param>
    public void PlaceAgent(int agent, Address address, int node)
    {
        Place(address, node);
        _agents[agent] = address;
    }

    public Address AgentAt(int agent) => _agents[agent];

    /// <summary>All caches, in the order they were made: what may be newer than memory. For debuggers.</summary>
    public IReadOnlyList<ICopyHolder> Holders => _holders;

    /// <summary>For the construction of a cache.</summary>
    internal void AddHolder(ICopyHolder holder) => _holders.Add(holder);

    public int NodeOf(Address address)
    {
        byte[] nodes = _nodeOf[(int)address.Role];
        Invariant.Holds(address.Index < nodes.Length);
        int node = nodes[address.Index];
        Invariant.Holds(node != Nowhere);
        return node;
    }

    /// <summary>The actor that sent a message, also when the network brought it.</summary>
    public static Address SenderOf(in Message message) => Unpack(message.D >> 16);

    /// <summary>The actor a message is for, also while the network has it.</summary>
    public static Address TargetOf(in Message message) => Unpack(message.D & 0xFFFF);

    /// <summary>A message as it arrives over the network, for one that is sent in another's name.</summary>
    public static Message Routed(Message message, Address from, Address to)
    {
        message.D = (Pack(from) << 16) | Pack(to);
        return message;
    }

    /// <summary>Sends a message over the bus or, to another node, by way of the network.</summary>
    /// <param name="context">Of the sender.</param>
    /// <param name="from">The sender.</param>
    /// <param name="to">The final target.</param>
    /// <param name="delayCycles">What the sender itself takes before the message leaves it (queueing, access).</param>
    /// <param name="message">Its word D is overwritten with the route.</param>
    /// <param name="line">The line's bytes; empty for a message without a line.</param>
    public void Send(
        Context context, Address from, Address to, long delayCycles, Message message, ReadOnlySpan<byte> line = default)
    {
        int node = NodeOf(from);
        bool direct = _uniform || node == NodeOf(to);
        Address next = direct ? to : Address.Network(node);
        message.D = (Pack(from) << 16) | Pack(to);
        message.PayloadBytes = (byte)line.Length;
        ref Payload payload = ref context.Send(
            next, Math.Max(1, delayCycles + LocalCycles(from.Role, next.Role)), message);
        if (line.Length != 0)
        {
            line.CopyTo(payload);
        }
    }

    /// <summary>Cycles of one move inside a node.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long LocalCycles(Role from, Role to)
    {
        if (!IsController(from) || !IsController(to))
        {
            return Config.BusCycles;
        }
        // Memory's own move to the network lies in its access time, so that a remote miss is exactly as long as stated.
        return from == Role.Memory ? 0 : Config.PortCycles;
    }

    /// <summary>Cycles from a node's network actor to the final target, without waiting for the link.</summary>
    public long TransitCycles(int fromNode, Address to)
    {
        int hops = Topology.Hops(fromNode, NodeOf(to));
        return Config.TransitCycles + ((hops - 1) * Config.HopCycles) + (IsController(to.Role) ? 0 : Config.BusCycles);
    }

    private static bool IsController(Role role) => role is Role.Directory or Role.Memory or Role.Network;

    // 15    12   11    10        0
    // +--------+------+-----------+
    // | role   | role | index     |
    // | 3..0   | 4    |           |
    // +--------+------+-----------+
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Pack(Address address) =>
        (((uint)address.Role & 0xF) << 12) | ((uint)address.Role >> 4 << 11) | address.Index;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Address Unpack(uint packed) =>
        new((Role)((packed >> 12) | ((packed >> 11 & 1) << 4)), (ushort)(packed & 0x7FF));
}
