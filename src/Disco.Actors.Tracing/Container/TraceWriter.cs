using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Disco.Actors.Tracing.Container;

/// <summary>
/// Appends whole blocks to a recording. May be called by several threads; blocks are in the file in the order of the
/// calls. A thread of its own hashes and writes them, so that a run waits only when it is further ahead than
/// <see cref="BlocksAheadMax"/> blocks.
/// </summary>
public sealed class TraceWriter : IDisposable
{
    private const int BlocksAheadMax = 64;

    private readonly Stream _stream;
    private readonly Lock _lock = new();
    private readonly ByteBuffer _index = new();
    private readonly BlockingCollection<Block> _queue = new(BlocksAheadMax);

    // The last one back is the first one out: it is the one still in the processor's caches.
    private readonly ConcurrentStack<ByteBuffer> _empty = new();
    private readonly Thread _thread;
    private long _blocks;
    private volatile Exception? _error;

    /// <param name="stream">Where to; closed by <see cref="Dispose"/>.</param>
    /// <param name="header">Written first.</param>
    public TraceWriter(Stream stream, TraceHeader header)
    {
        _stream = stream;
        _stream.Write(TraceFormat.Magic);
        BytesWritten = TraceFormat.Magic.Length;
        _thread = new Thread(WriteAll) { IsBackground = true, Name = "recording" };
        _thread.Start();
        Append(BlockType.Header, 0, header.ToBytes());
    }

    /// <summary>Those under way included.</summary>
    public long BytesWritten { get; private set; }

    /// <summary>Errors: IOException when an earlier block could not be written.</summary>
    internal void Append(BlockType type, int process, ReadOnlySpan<byte> contents)
    {
        ByteBuffer block = TakeEmpty();
        block.Bytes(contents);
        Append(type, process, ref block);
    }

    /// <summary>The same without a copy: the buffer is handed over for an empty one.</summary>
    internal void Append(BlockType type, int process, ref ByteBuffer contents)
    {
        if (_error is { } error)
        {
            ExceptionDispatchInfo.Throw(error);
        }
        lock (_lock)
        {
            _index.Byte((byte)type);
            _index.Unsigned((ulong)process);
            _index.Unsigned((ulong)BytesWritten);
            _blocks++;
            Enqueue(type, process, contents);
        }
        contents = TakeEmpty();
    }

    /// <summary>
    /// Everything so far is soon with the operating system: a crash of this program loses nothing of it.
    /// </summary>
    public void Flush() => _queue.Add(default);

    /// <summary>Writes the index, which closes the recording. Errors: IOException.</summary>
    public void Dispose()
    {
        ByteBuffer contents = new();
        contents.Unsigned((ulong)_blocks);
        contents.Bytes(_index.Written);

        // The last bytes of the file say where the index begins.
        Span<byte> offset = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(offset, BytesWritten);
        contents.Bytes(offset);
        Enqueue(BlockType.Index, 0, contents);
        _queue.CompleteAdding();
        _thread.Join();
        _stream.Dispose();
        _queue.Dispose();
        if (_error is { } error)
        {
            ExceptionDispatchInfo.Throw(error);
        }
    }

    private ByteBuffer TakeEmpty() => _empty.TryPop(out ByteBuffer? empty) ? empty : new ByteBuffer();

    private void Enqueue(BlockType type, int process, ByteBuffer contents)
    {
        long offset = BytesWritten;
        BytesWritten += TraceFormat.BlockHeaderBytes + contents.Length;

        // From here on the buffer is the writing thread's.
        _queue.Add(new Block(type, process, offset, contents));
    }

    private void WriteAll()
    {
        foreach (Block block in _queue.GetConsumingEnumerable())
        {
            if (_error is not null)
            {
                continue;
            }
            try
            {
                Write(block);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                _error = e;
            }
        }
    }

    private void Write(in Block block)
    {
        if (block.Contents is not { } contents)
        {
            _stream.Flush();
            return;
        }
        Span<byte> header = stackalloc byte[TraceFormat.BlockHeaderBytes];
        header[0] = (byte)block.Type;
        header[1] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(header[2..], (ushort)block.Process);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], contents.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(header[8..],
            TraceFormat.HashOf(header[..8], block.Offset, contents.Written));
        _stream.Write(header);
        _stream.Write(contents.Written);
        contents.Clear();
        _empty.Push(contents);
    }

    /// <summary>One to be written; without contents a wish to flush.</summary>
    private readonly record struct Block(BlockType Type, int Process, long Offset, ByteBuffer? Contents);
}
