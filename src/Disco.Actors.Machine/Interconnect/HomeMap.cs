using System.Numerics;
using Disco.Actors.Core;

namespace Disco.Actors.Machine.Interconnect;

/// <summary>Which node's memory holds a machine address, and where in it.</summary>
public interface IHomeMap
{
    /// <summary>Bytes of memory of the whole machine; addresses from 0 up to it are memory.</summary>
    ulong MemoryBytes { get; }

    int Nodes { get; }

    /// <summary>Bytes of memory of one node, the same on each.</summary>
    ulong NodeBytes { get; }

    NodeId HomeOf(MachineAddress address);

    /// <summary>The byte offset of the address in its home's memory.</summary>
    ulong OffsetOf(MachineAddress address);

    /// <summary>The address of a byte of a node's memory; the inverse of the two above.</summary>
    MachineAddress AddressOf(NodeId node, ulong offset);
}

/// <summary>The page size of placement, and of the directories' miss counters.</summary>
public static class Page
{
    public const int Shift = 12;
    public const int Bytes = 1 << Shift;
}

/// <summary>
/// Pages dealt to the nodes in turn: the placement of the paper's IRIX baseline on bare hardware (Disco, 5.4).
/// </summary>
public sealed class RoundRobinPages : IHomeMap
{
    private readonly uint _nodes;
    private readonly int _nodeShift;

    /// <param name="nodes">At least 1.</param>
    /// <param name="nodeBytes">A multiple of the page size.</param>
    public RoundRobinPages(int nodes, ulong nodeBytes)
    {
        Invariant.Holds(nodes >= 1);
        Invariant.Holds(nodeBytes % Page.Bytes == 0);
        Nodes = nodes;
        NodeBytes = nodeBytes;
        _nodes = (uint)nodes;
        _nodeShift = BitOperations.IsPow2(nodes) ? BitOperations.Log2(_nodes) : -1;
    }

    public ulong MemoryBytes => NodeBytes * _nodes;

    public int Nodes { get; }

    public ulong NodeBytes { get; }

    public NodeId HomeOf(MachineAddress address)
    {
        ulong page = address.Value >> Page.Shift;
        return new NodeId((int)(_nodeShift >= 0 ? page & (_nodes - 1) : page % _nodes));
    }

    public ulong OffsetOf(MachineAddress address)
    {
        ulong page = address.Value >> Page.Shift;
        ulong localPage = _nodeShift >= 0 ? page >> _nodeShift : page / _nodes;
        return (localPage << Page.Shift) | (address.Value & (Page.Bytes - 1));
    }

    public MachineAddress AddressOf(NodeId node, ulong offset)
    {
        ulong page = ((offset >> Page.Shift) * _nodes) + (uint)node.Value;
        return new MachineAddress((page << Page.Shift) | (offset & (Page.Bytes - 1)));
    }
}

/// <summary>Each node holds one contiguous stretch: the placement under a monitor that allocates by node.</summary>
public sealed class ContiguousPerNode(int nodes, ulong nodeBytes) : IHomeMap
{
    public ulong MemoryBytes => NodeBytes * (ulong)Nodes;

    public int Nodes { get; } = nodes;

    public ulong NodeBytes { get; } = nodeBytes;

    public NodeId HomeOf(MachineAddress address) => new((int)(address.Value / NodeBytes));

    public ulong OffsetOf(MachineAddress address) => address.Value % NodeBytes;

    public MachineAddress AddressOf(NodeId node, ulong offset) => new(((ulong)node.Value * NodeBytes) + offset);
}
