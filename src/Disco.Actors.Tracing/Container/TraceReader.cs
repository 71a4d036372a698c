using System.Buffers.Binary;
using Disco.Actors.Core;

namespace Disco.Actors.Tracing.Container;

/// <summary>Where a block is.</summary>
internal readonly record struct BlockPlace(BlockType Type, int Process, long Offset, int Length);

/// <summary>
/// Reads a recording block by block. What follows the last whole block of a file that was cut is ignored, and
/// <see cref="Truncated"/> says so; damage before that is a <see cref="TraceException"/> with its place.
/// </summary>
public sealed class TraceReader : IDisposable
{
    private readonly Stream _stream;
    private readonly string _file;
    private readonly Lock _lock = new();
    private readonly List<BlockPlace> _blocks = [];
    private readonly bool _checksOnReading;

    /// <summary>Errors: TraceException.</summary>
    /// <param name="stream">Its bytes, which can be sought in.</param>
    /// <param name="file">Its name.</param>
    /// <param name="isChecked">
    /// True to look at every block's header and hash at once. False to trust the index of a recording that has one, and
    /// look at blocks as they are read: however long the recording, it is opened in no time.
    /// </param>
    public TraceReader(Stream stream, string file, bool isChecked = true)
    {
        _stream = stream;
        _file = file;
        _checksOnReading = !isChecked && TryIndex();
        if (!_checksOnReading)
        {
            Scan();
        }
        if (_blocks is not [{ Type: BlockType.Header }, ..])
        {
            throw new TraceException($"{file}: the recording does not begin with its header; it was cut too early.");
        }
        Header = TraceHeader.Parse(Read(_blocks[0]), file);
    }

    /// <summary>Reads what is whole of a damaged recording.</summary>
    /// <param name="stream">Its bytes.</param>
    /// <param name="file">Its name.</param>
    /// <param name="blocks">The whole blocks, the header first.</param>
    internal TraceReader(Stream stream, string file, IEnumerable<BlockPlace> blocks)
    {
        _stream = stream;
        _file = file;
        _blocks.AddRange(blocks);
        Header = TraceHeader.Parse(Read(_blocks[0]), file);
    }

    public TraceHeader Header { get; }

    /// <summary>True when the end is missing: the recording program did not finish.</summary>
    public bool Truncated { get; private set; } = true;

    /// <summary>Bytes of whole blocks.</summary>
    public long BytesRead { get; private set; }

    /// <summary>How the run ended; null when the recording was cut before.</summary>
    public TraceEnd? End
    {
        get
        {
            BlockPlace place = _blocks.Find(block => block.Type == BlockType.End);
            if (place.Type == BlockType.None)
            {
                return null;
            }
            ByteCursor cursor = new(Read(place));
            return TraceEnd.Read(ref cursor);
        }
    }

    internal IReadOnlyList<BlockPlace> Blocks => _blocks;

    /// <summary>Opens a file. Errors: TraceException also when it cannot be opened.</summary>
    public static TraceReader Open(string file, bool isChecked = true)
    {
        try
        {
            return new TraceReader(File.OpenRead(file), file, isChecked);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TraceException($"The recording '{file}' cannot be read: {e.Message}");
        }
    }

    public void Dispose() => _stream.Dispose();

    /// <summary>The state hashes, in the order of the file; the end's is not among them.</summary>
    public IEnumerable<TraceMark> Marks() => _blocks.Where(block => block.Type == BlockType.Mark).Select(block =>
    {
        ByteCursor cursor = new(Read(block));
        return TraceMark.Read(ref cursor);
    });

    /// <summary>What came from outside, in the order of the file.</summary>
    public IEnumerable<OutsideInput> OutsideInputs() =>
        _blocks.Where(block => block.Type == BlockType.Outside).Select(block =>
        {
            ByteCursor cursor = new(Read(block));
            return OutsideInput.Read(ref cursor);
        });

    /// <summary>The deliveries of one node in its order. Errors: TraceException when a block makes no sense.</summary>
    public IEnumerable<RecordedDelivery> Deliveries(int node) => Deliveries(node, Cycle.Zero);

    /// <summary>The same from a cycle on, and perhaps a few before it; blocks before are not decoded.</summary>
    public IEnumerable<RecordedDelivery> Deliveries(int node, Cycle from)
    {
        EventDecoder decoder = new(Header);
        List<RecordedDelivery> decoded = [];
        foreach (BlockPlace block in _blocks)
        {
            if (block.Type != BlockType.Events || block.Process != node
                || (from > Cycle.Zero && EventBlock.Read(ReadStart(block)).Last < from))
            {
                continue;
            }
            decoded.Clear();
            decoder.ReadAll(Read(block), decoded);
            foreach (RecordedDelivery delivery in decoded)
            {
                yield return delivery;
            }
        }
    }

    /// <summary>The deliveries of all nodes in the total order.</summary>
    public IEnumerable<RecordedDelivery> Deliveries()
    {
        PriorityQueue<IEnumerator<RecordedDelivery>, Envelope> next = new(
            Comparer<Envelope>.Create((left, right) => Envelope.Compare(in left, in right)));
        int nodes = Header.Actors.Select(actor => actor.Node + 1).DefaultIfEmpty().Max();
        for (int node = 0; node < nodes; node++)
        {
            Enqueue(Deliveries(node).GetEnumerator());
        }
        while (next.TryDequeue(out IEnumerator<RecordedDelivery>? deliveries, out _))
        {
            yield return deliveries.Current;
            Enqueue(deliveries);
        }

        void Enqueue(IEnumerator<RecordedDelivery> deliveries)
        {
            if (deliveries.MoveNext())
            {
                next.Enqueue(deliveries, deliveries.Current.Envelope);
            }
        }
    }

    internal byte[] Read(BlockPlace block)
    {
        byte[] contents = ReadBytes(block.Offset + TraceFormat.BlockHeaderBytes, block.Length);
        if (_checksOnReading)
        {
            byte[] header = ReadBytes(block.Offset, TraceFormat.BlockHeaderBytes);
            ulong hash = TraceFormat.HashOf(header.AsSpan(0, 8), block.Offset, contents);
            if (hash != BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(8)) || header[0] != (byte)block.Type)
            {
                throw Damaged(block.Offset);
            }
        }
        return contents;
    }

    /// <summary>The first bytes of a block, as many as a snapshot's numbers may take. Not checked.</summary>
    internal byte[] ReadStart(BlockPlace block) => ReadBytes(
        block.Offset + TraceFormat.BlockHeaderBytes, Math.Min(block.Length, StoredSnapshot.NumbersBytesMax));

    private byte[] ReadBytes(long offset, int length)
    {
        byte[] bytes = new byte[length];
        lock (_lock)
        {
            _stream.Position = offset;
            _stream.ReadExactly(bytes);
        }
        return bytes;
    }

    /// <summary>Takes the places of all blocks from the index; false when there is none that is whole.</summary>
    private bool TryIndex()
    {
        long end = _stream.Length;
        long offset = end < TraceFormat.Magic.Length + TraceFormat.BlockHeaderBytes + sizeof(long) ? -1
            : BinaryPrimitives.ReadInt64LittleEndian(ReadBytes(end - sizeof(long), sizeof(long)));
        long length = end - offset - TraceFormat.BlockHeaderBytes;
        if (offset < TraceFormat.Magic.Length || length < sizeof(long) || length > TraceFormat.BlockBytesMax
            || !ReadBytes(0, TraceFormat.Magic.Length).AsSpan().SequenceEqual(TraceFormat.Magic))
        {
            _stream.Position = 0;
            return false;
        }
        byte[] header = ReadBytes(offset, TraceFormat.BlockHeaderBytes);
        byte[] body = ReadBytes(offset + header.Length, (int)length);
        bool isWhole = header[0] == (byte)BlockType.Index
            && BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(4)) == body.Length
            && BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(8))
                == TraceFormat.HashOf(header.AsSpan(0, 8), offset, body);
        if (!isWhole)
        {
            _stream.Position = 0;
            return false;
        }
        ByteCursor cursor = new(body);
        for (ulong left = cursor.Unsigned(); left > 0; left--)
        {
            BlockType type = (BlockType)cursor.Byte();
            int process = (int)cursor.Unsigned();
            long at = (long)cursor.Unsigned();
            if (_blocks.Count > 0)
            {
                _blocks[^1] = _blocks[^1] with { Length = LengthTo(at) };
            }
            _blocks.Add(new BlockPlace(type, process, at, 0));
        }
        if (_blocks.Count > 0)
        {
            _blocks[^1] = _blocks[^1] with { Length = LengthTo(offset) };
        }
        Truncated = false;
        BytesRead = end;
        return true;

        // Blocks lie one behind the other.
        int LengthTo(long next)
        {
            long length = next - _blocks[^1].Offset - TraceFormat.BlockHeaderBytes;
            return length is >= 0 and <= TraceFormat.BlockBytesMax && next <= offset ? (int)length
                : throw Damaged(offset);
        }
    }

    private void Scan()
    {
        byte[] magic = new byte[TraceFormat.Magic.Length];
        if (_stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) < magic.Length
            || !magic.AsSpan().SequenceEqual(TraceFormat.Magic))
        {
            throw new TraceException($"{_file}: this is not a recording of disco; record one with disco run --record.");
        }
        byte[] header = new byte[TraceFormat.BlockHeaderBytes];
        byte[] contents = [];
        long offset = magic.Length;
        while (Truncated)
        {
            int got = _stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
            if (got < header.Length)
            {
                break;
            }
            BlockType type = (BlockType)header[0];
            int length = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(4));
            if (type is BlockType.None or > BlockType.Late || length < 0 || length > TraceFormat.BlockBytesMax)
            {
                throw Damaged(offset);
            }
            contents = contents.Length >= length ? contents : new byte[length];
            Span<byte> body = contents.AsSpan(0, length);
            if (_stream.ReadAtLeast(body, length, throwOnEndOfStream: false) < length)
            {
                break;
            }
            ulong hash = TraceFormat.HashOf(header.AsSpan(0, 8), offset, body);
            if (hash != BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(8)))
            {
                throw Damaged(offset);
            }
            int process = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(2));
            if (type == BlockType.Index)
            {
                CheckIndex(body, offset);
            }
            else
            {
                _blocks.Add(new BlockPlace(type, process, offset, length));
            }
            offset += TraceFormat.BlockHeaderBytes + length;
        }
        BytesRead = offset;
        if (!Truncated && _stream.ReadByte() >= 0)
        {
            throw new TraceException($"{_file}: bytes follow the end of the recording at byte {offset}.");
        }
    }

    /// <summary>A block cut out leaves hashes of places wrong; the index also shows one cut at the end.</summary>
    private void CheckIndex(ReadOnlySpan<byte> body, long offset)
    {
        ByteCursor cursor = new(body);
        bool same = cursor.Unsigned() == (ulong)_blocks.Count;
        for (int i = 0; same && i < _blocks.Count; i++)
        {
            same = cursor.Byte() == (byte)_blocks[i].Type
                && cursor.Unsigned() == (ulong)_blocks[i].Process
                && cursor.Unsigned() == (ulong)_blocks[i].Offset;
        }
        if (!same)
        {
            throw Damaged(offset);
        }
        Truncated = false;
    }

    private TraceException Damaged(long offset) => new(
        $"{_file}: the block at byte {offset} is damaged; everything before it is whole.");
}
