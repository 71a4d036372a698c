using System.Text;
using Disco.Actors.Core;

namespace Disco.Actors.Tracing.Container;

/// <summary>
/// The container of recordings: a magic number, then blocks one after the other, each whole in itself. A file that was
/// cut anywhere is good up to its last whole block. All numbers are little endian.
/// <code>
/// file    magic (8 bytes), block, block, ...
/// block   0        1        2          4          8                16
///         +--------+--------+----------+----------+----------------+------------------+
///         |  type  |   0    | process  |  length  |      hash      |  length bytes    |
///         +--------+--------+----------+----------+----------------+------------------+
/// </code>
/// The hash covers the first eight bytes, the block's place in the file and its contents, so that a block that was
/// changed, moved, dropped or doubled is noticed. The process is the logical process (the node) an event block belongs
/// to, 0 for other types.
/// </summary>
internal static class TraceFormat
{
    public const int Version = 3;
    public const int BlockHeaderBytes = 16;

    /// <summary>A block is written when it has this many bytes, so a crash costs at most that of each node.</summary>
    public const int BlockBytes = 64 << 10;

    /// <summary>No block is longer; a longer one is damage.</summary>
    public const int BlockBytesMax = 64 << 20;

    public static readonly byte[] Magic = Encoding.ASCII.GetBytes("DISCOTR\n");

    public static ulong HashOf(ReadOnlySpan<byte> header, long offset, ReadOnlySpan<byte> contents)
    {
        StateHash hash = new();
        hash.Write("header", header);
        hash.Write("offset", offset);
        hash.Write("contents", contents);
        return hash.Value;
    }
}

/// <summary>What a block holds.</summary>
public enum BlockType : byte
{
    None,

    /// <summary>Once, first: what ran. <see cref="TraceHeader"/> as JSON.</summary>
    Header,

    /// <summary>Deliveries of one node, in its order. <see cref="EventEncoder"/></summary>
    Events,

    /// <summary>The state hash at a cycle. <see cref="TraceMark"/></summary>
    Mark,

    /// <summary>A message that came from outside the machine.</summary>
    Outside,

    /// <summary>The whole state at a cycle, to start from.</summary>
    Snapshot,

    /// <summary>How the run ended. <see cref="TraceEnd"/></summary>
    End,

    /// <summary>Last: where every block begins.</summary>
    Index,

    /// <summary>Which envelopes were found to be late since the last. <see cref="LateBlock"/></summary>
    Late,
}

/// <summary>How much a recording holds.</summary>
public enum RecordLevel : byte
{
    /// <summary>Enough to repeat the run: seed, configuration, what came from outside, state hashes.</summary>
    Order,

    /// <summary>Also every delivery: who, whom, when, what kind, its words.</summary>
    Messages,

    /// <summary>Also the payloads, so that one actor can be repeated alone.</summary>
    Full,
}

/// <summary>A recording that is not what it claims to be: one sentence with the place.</summary>
public sealed class TraceException(string sentence) : Exception(sentence);
