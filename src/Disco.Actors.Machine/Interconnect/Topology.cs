using System.Numerics;
using Disco.Actors.Core;

namespace Disco.Actors.Machine.Interconnect;

public enum TopologyKind : byte
{
    /// <summary>Every node is as near as one's own: no network.</summary>
    Uma,
    Ring,
    Mesh,
    Hypercube,
}

/// <summary>
/// The shape of the interconnect: how many links lie between two nodes, and by which of its ports a node sends.
/// Routing is in dimension order, so that a pair of nodes has one path and messages of one lane keep their order.
/// </summary>
public sealed class Topology
{
    private readonly int _columns;

    /// <param name="kind">The shape.</param>
    /// <param name="nodes">At least 1; a power of two for a hypercube; a mesh is as square as it divides.</param>
    public Topology(TopologyKind kind, int nodes)
    {
        Invariant.Holds(nodes >= 1);
        if (kind == TopologyKind.Hypercube)
        {
            Invariant.Holds(BitOperations.IsPow2(nodes));
        }
        Kind = kind;
        Nodes = nodes;
        _columns = ColumnsOf(nodes);
        Ports = kind switch
        {
            TopologyKind.Uma => 0,
            TopologyKind.Ring => 2,
            TopologyKind.Mesh => 4,
            TopologyKind.Hypercube => BitOperations.Log2((uint)nodes),
        };
    }

    public TopologyKind Kind { get; }

    public int Nodes { get; }

    /// <summary>Outgoing links of a node.</summary>
    public int Ports { get; }

    /// <summary>Links between two nodes; 0 for a node and itself and in a uniform machine.</summary>
    public int Hops(int from, int to) => Kind switch
    {
        TopologyKind.Uma => 0,
        TopologyKind.Ring => Math.Min(Ahead(from, to), Nodes - Ahead(from, to)) % Nodes,
        TopologyKind.Mesh =>
            Math.Abs((from % _columns) - (to % _columns)) + Math.Abs((from / _columns) - (to / _columns)),
        TopologyKind.Hypercube => BitOperations.PopCount((uint)(from ^ to)),
    };

    /// <summary>The port by which a message for another node leaves, 0 to <see cref="Ports"/> - 1.</summary>
    public int PortTowards(int from, int to)
    {
        Invariant.Holds(from != to);
        return Kind switch
        {
            TopologyKind.Uma => Invariant.Unreachable<int>("a uniform machine has no links"),
            TopologyKind.Ring => Ahead(from, to) * 2 <= Nodes ? 0 : 1,
            TopologyKind.Mesh => MeshPort(from, to),
            TopologyKind.Hypercube => BitOperations.TrailingZeroCount(from ^ to),
        };
    }

    private int Ahead(int from, int to) => (to - from + Nodes) % Nodes;

    /// <summary>First along the row (east 0, west 1), then along the column (south 2, north 3).</summary>
    private int MeshPort(int from, int to)
    {
        int columns = (to % _columns) - (from % _columns);
        if (columns != 0)
        {
            return columns > 0 ? 0 : 1;
        }
        return to > from ? 2 : 3;
    }

    private static int ColumnsOf(int nodes)
    {
        int rows = (int)Math.Sqrt(nodes);
        while (nodes % rows != 0)
        {
            rows--;
        }
        return nodes / rows;
    }
}
