using System.Buffers.Binary;

namespace Disco.Actors.Tracing.Container;

/// <summary>Appends whole blocks to a recording. May be called by several threads; a block is never torn.</summary>
public sealed class TraceWriter : IDisposable
{
    private readonly Stream _stream;
    private readonly Lock _lock = new();
    private readonly ByteBuffer _index = new();
    private long _blocks;

    /// <param name="stream">Where to; closed by <see cref="Dispose"/>.</param>
    /// <param name="header">Written at once.</param>
    public TraceWriter(Stream stream, TraceHeader header)
    {
        _stream = stream;
        _stream.Write(TraceFormat.Magic);
        BytesWritten = TraceFormat.Magic.Length;
        Append(BlockType.Header, 0, header.ToBytes());
    }

    public long BytesWritten { get; private set; }

    internal void Append(BlockType type, int process, ReadOnlySpan<byte> contents)
    {
        lock (_lock)
        {
            _index.Byte((byte)type);
            _index.Unsigned((ulong)process);
            _index.Unsigned((ulong)BytesWritten);
            _blocks++;
            Write(type, process, contents);
        }
    }

    /// <summary>Everything so far is with the operating system: a crash of this program loses nothing of it.</summary>
    public void Flush()
    {
        lock (_lock)
        {
            _stream.Flush();
        }
    }

    /// <summary>Writes the index, which closes the recording.</summary>
    public void Dispose()
    {
        ByteBuffer contents = new();
        contents.Unsigned((ulong)_blocks);
        contents.Bytes(_index.Written);
        Write(BlockType.Index, 0, contents.Written);
        _stream.Dispose();
    }

    private void Write(BlockType type, int process, ReadOnlySpan<byte> contents)
    {
        Span<byte> header = stackalloc byte[TraceFormat.BlockHeaderBytes];
        header[0] = (byte)type;
        header[1] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(header[2..], (ushort)process);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], contents.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(header[8..],
            TraceFormat.HashOf(header[..8], BytesWritten, contents));
        _stream.Write(header);
        _stream.Write(contents);
        BytesWritten += header.Length + contents.Length;
    }
}
