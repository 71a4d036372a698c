using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Machine.Directory;

/// <summary>
/// Typed view of a directory's report of a hot page. The payload has the misses of each node since the page's counters
/// were zero, 4 bytes each, little endian.
/// <code>
/// A  machine page
/// B  the node whose misses reached the threshold
/// C  how many of all nodes' misses were to write
/// </code>
/// </summary>
/// <param name="MachinePage">The page of machine memory, counted from 0.</param>
/// <param name="Node">Not the page's own node.</param>
/// <param name="Writes">Misses to write, of all nodes.</param>
public readonly record struct HotPageReport(ulong MachinePage, NodeId Node, uint Writes)
{
    public const ushort Kind = 0x050F;

    public static HotPageReport From(in Message message) =>
        new(message.A, new NodeId((int)message.B), (uint)message.C);

    public Message Pack() => new()
    {
        Kind = Kind, Lane = Lane.Request, A = MachinePage, B = (uint)Node.Value, C = Writes,
    };
}
