using System.Buffers.Binary;
using System.Globalization;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Analysis;

/// <summary>
/// Checks a recording by itself, without running anything: every block's hash and place, the index, the order of the
/// deliveries, that each envelope is delivered once, the marks, and whether anything is missing.
/// </summary>
public sealed class TraceVerifier
{
    private readonly Stream _stream;
    private readonly string _file;
    private readonly BlockScan _scan;
    private readonly List<TraceProblem> _problems = [];

    // What the index says of each block, by place; null without a whole one.
    private readonly Dictionary<long, (int Number, BlockType Type, int Process)>? _index;

    private TraceVerifier(Stream stream, string file)
    {
        _stream = stream;
        _file = file;
        _scan = BlockScan.Of(stream);
        _index = _scan.Blocks is [.., { Type: BlockType.Index } index] ? ReadIndex(index) : null;
    }

    /// <summary>Errors: TraceException when the file cannot be read or is no recording at all.</summary>
    public static TraceVerification Verify(string file)
    {
        try
        {
            using FileStream stream = File.OpenRead(file);
            return Verify(stream, file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TraceException($"The recording '{file}' cannot be read: {e.Message}");
        }
    }

    /// <param name="stream">Can seek; stays open.</param>
    /// <param name="file">Its name.</param>
    public static TraceVerification Verify(Stream stream, string file)
    {
        byte[] magic = new byte[TraceFormat.Magic.Length];
        if (stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) < magic.Length
            || !magic.AsSpan().SequenceEqual(TraceFormat.Magic))
        {
            throw new TraceException($"{file}: this is not a recording of disco; record one with disco run --record.");
        }
        return new TraceVerifier(stream, file).Run();
    }

    private TraceVerification Run()
    {
        foreach (LostStretch lost in _scan.Lost)
        {
            _problems.Add(new TraceProblem(lost.Block, lost.Offset, Describe(lost)));
        }
        CheckPlaces();
        long readable = _scan.Lost is [{ } first, ..] ? first.Offset : _stream.Length;
        BlockPlace[] whole = [.. _scan.Blocks.Where(block => block.Type != BlockType.Index)];
        DeliveryCheck? deliveries = null;
        TraceReader? trace = null;
        if (whole is [{ Type: BlockType.Header }, ..])
        {
            trace = ReaderOf(whole);
        }
        if (trace is not null)
        {
            deliveries = new DeliveryCheck(trace, LosersOf(trace), _problems);
            deliveries.Run(isComplete: _scan.Lost.Count == 0);
        }
        SortedDictionary<BlockType, int> counts = [];
        _scan.Blocks.ForEach(block => counts[block.Type] = counts.GetValueOrDefault(block.Type) + 1);
        return new TraceVerification
        {
            FileBytes = _stream.Length,
            Blocks = counts,
            Problems = _problems,
            ReadableBytes = trace is null ? 0 : readable,
            ReadableUntil = deliveries?.LastMark(readable),
            Nodes = deliveries?.Nodes ?? [],
            HasEnd = counts.ContainsKey(BlockType.End),
        };
    }

    private TraceReader? ReaderOf(BlockPlace[] whole)
    {
        try
        {
            return new TraceReader(_stream, _file, whole);
        }
        catch (TraceException e)
        {
            _problems.Add(new TraceProblem(0, whole[0].Offset, e.Message));
            return null;
        }
    }

    private void CheckPlaces()
    {
        if (_scan.Blocks is not [{ Type: BlockType.Header }, ..] && _scan.Lost.Count == 0)
        {
            _problems.Add(new TraceProblem(0, TraceFormat.Magic.Length, "the first block is not the header"));
        }
        bool isCut = _scan.Lost is [.., { IsCut: true }];
        BlockPlace? last = _scan.Blocks.Count == 0 ? null : _scan.Blocks[^1];
        if (last is { Type: BlockType.Index } index)
        {
            if (index.Offset + TraceFormat.BlockHeaderBytes + index.Length != _stream.Length && !isCut
                && _scan.Lost.All(lost => lost.Offset < index.Offset))
            {
                _problems.Add(new TraceProblem(-1, index.Offset, "bytes follow the index, which should be the last"));
            }
            CheckIndex(index);
        }
        else if (!isCut)
        {
            _problems.Add(new TraceProblem(-1, -1,
                "the index is missing: the recording program did not finish, or the file was cut between two blocks"));
        }
        foreach (BlockType type in new[] { BlockType.Header, BlockType.End, BlockType.Index })
        {
            if (_scan.Blocks.Count(block => block.Type == type) > 1)
            {
                _problems.Add(new TraceProblem(-1, -1, $"there is more than one block of type {type}"));
            }
        }
    }

    /// <summary>What is there and what the index says must be there.</summary>
    private void CheckIndex(BlockPlace index)
    {
        if (_index is null)
        {
            _problems.Add(new TraceProblem(-1, index.Offset, "the index makes no sense, though its hash is right"));
            return;
        }
        HashSet<long> found = [.. _scan.Blocks.Select(block => block.Offset)];
        foreach ((long offset, (int number, BlockType type, int process)) in _index.OrderBy(entry => entry.Key))
        {
            bool isInLost = _scan.Lost.Any(lost => lost.Offset <= offset && offset < lost.End);
            if (!found.Contains(offset) && !isInLost)
            {
                _problems.Add(new TraceProblem(number, offset,
                    $"the index names a block here, {Name(type, process)}, that is not there"));
            }
        }
        foreach (BlockPlace block in _scan.Blocks.Where(block => block.Type != BlockType.Index))
        {
            if (!_index.TryGetValue(block.Offset, out (int, BlockType Type, int Process) entry)
                || entry.Type != block.Type || entry.Process != block.Process)
            {
                _problems.Add(new TraceProblem(-1, block.Offset,
                    $"there is a block here, {Name(block.Type, block.Process)}, that the index does not name"));
            }
        }
    }

    private Dictionary<long, (int, BlockType, int)>? ReadIndex(BlockPlace index)
    {
        byte[] contents = new byte[index.Length];
        _stream.Position = index.Offset + TraceFormat.BlockHeaderBytes;
        _stream.ReadExactly(contents);
        Dictionary<long, (int, BlockType, int)> entries = [];
        try
        {
            ByteCursor cursor = new(contents);
            ulong count = cursor.Unsigned();
            for (int number = 0; (ulong)number < count; number++)
            {
                BlockType type = (BlockType)cursor.Byte();
                int process = (int)cursor.Unsigned();
                entries[(long)cursor.Unsigned()] = (number, type, process);
            }
            // Last, where the index begins: readers find it from the end of the file.
            bool isPlaced = BinaryPrimitives.ReadInt64LittleEndian(cursor.Bytes(sizeof(long))) == index.Offset;
            return cursor.AtEnd && isPlaced ? entries : null;
        }
        catch (TraceException)
        {
            return null;
        }
    }

    private string Describe(LostStretch lost)
    {
        string bytes = (lost.End - lost.Offset).ToString("N0", CultureInfo.InvariantCulture) + " bytes";
        if (lost.IsCut)
        {
            return $"the file ends in the middle of this block, after {bytes} of it";
        }
        if (_index is not null)
        {
            string names = string.Join(", ", _index.Where(entry => lost.Offset <= entry.Key && entry.Key < lost.End)
                .OrderBy(entry => entry.Key).Select(entry => Name(entry.Value.Type, entry.Value.Process)));
            if (names.Length > 0)
            {
                return $"damaged: {names}; {bytes}";
            }
        }
        return lost.Named is { } named
            ? $"damaged: {Name(named.Type, named.Process)}; {bytes}"
            : $"damaged: {bytes} that are no whole block";
    }

    /// <summary>The nodes of which an event block is lost, or may be.</summary>
    private HashSet<int> LosersOf(TraceReader trace)
    {
        HashSet<int> losers = [];
        foreach (LostStretch lost in _scan.Lost)
        {
            losers.UnionWith(_index is not null
                ? _index.Where(entry => lost.Offset <= entry.Key && entry.Key < lost.End
                    && entry.Value.Type == BlockType.Events).Select(entry => entry.Value.Process)
                : lost.Named is { } named
                ? named.Type == BlockType.Events ? [named.Process] : []
                : trace.Header.Actors.Select(actor => actor.Node).Distinct());
        }
        return losers;
    }

    private static string Name(BlockType type, int process) => type switch
    {
        BlockType.Events => $"deliveries of node {process}",
        BlockType.Header => "the header",
        BlockType.Mark => "a state hash",
        BlockType.Outside => "a message from outside",
        BlockType.Snapshot => "a snapshot",
        BlockType.End => "the end",
        BlockType.Index => "the index",
        BlockType.Late => "which messages were late",
        _ => $"a block of type {(int)type}",
    };
}
