using Disco.Actors.Core;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Analysis;

/// <summary>Something that is not right in a recording.</summary>
/// <param name="Block">The number of the block, from 0 for the header; -1 for none in particular.</param>
/// <param name="Offset">Where the block begins in the file, in bytes; -1 for none in particular.</param>
/// <param name="What">One sentence.</param>
public sealed record TraceProblem(int Block, long Offset, string What);

/// <summary>What can still be had of one node.</summary>
/// <param name="Node">Its number.</param>
/// <param name="Deliveries">That can be read.</param>
/// <param name="Until">The cycle of the last of them; null without any.</param>
/// <param name="Complete">False when some before, between or behind them cannot be read.</param>
public sealed record ReadableNode(int Node, long Deliveries, Cycle? Until, bool Complete);

/// <summary>What a check of a recording has found.</summary>
public sealed record TraceVerification
{
    public required long FileBytes { get; init; }

    /// <summary>Blocks that are whole, by type.</summary>
    public required SortedDictionary<BlockType, int> Blocks { get; init; }

    public required IReadOnlyList<TraceProblem> Problems { get; init; }

    /// <summary>The file up to here is a readable recording by itself, cut short.</summary>
    public required long ReadableBytes { get; init; }

    /// <summary>The last state hash in that part: up to there a replay follows it; null without any.</summary>
    public required Cycle? ReadableUntil { get; init; }

    /// <summary>By node; none for a recording of level order, or without header.</summary>
    public required IReadOnlyList<ReadableNode> Nodes { get; init; }

    /// <summary>False when the recording program did not come to the end of its run.</summary>
    public required bool HasEnd { get; init; }

    public bool Whole => Problems.Count == 0;
}
