using System.Buffers.Binary;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Analysis;

/// <summary>
/// Goes over a recording's blocks without giving up at a bad one: the next whole block behind it is looked for, which
/// is possible because each block's hash covers its place.
/// </summary>
internal sealed class BlockScan
{
    // Hashing candidates for a block behind a damaged one ends after so many bytes.
    private const long SearchBytesMax = 1L << 30;

    private const int WindowBytes = 1 << 16;

    private readonly Stream _stream;
    private readonly long _length;
    private long _searched;
    private byte[] _contents = [];

    private BlockScan(Stream stream)
    {
        _stream = stream;
        _length = stream.Length;
    }

    /// <summary>The whole blocks in their order, the index among them.</summary>
    public List<BlockPlace> Blocks { get; } = [];

    /// <summary>The stretches between, with the type and process that the header there names.</summary>
    public List<LostStretch> Lost { get; } = [];

    public static BlockScan Of(Stream stream)
    {
        BlockScan scan = new(stream);
        scan.Run();
        return scan;
    }

    private void Run()
    {
        long offset = TraceFormat.Magic.Length;
        while (offset < _length)
        {
            if (TryRead(offset, out BlockPlace block))
            {
                Blocks.Add(block);
                offset += TraceFormat.BlockHeaderBytes + block.Length;
                continue;
            }
            long next = NextWhole(offset);
            Lost.Add(Describe(offset, next));
            offset = next;
        }
    }

    private LostStretch Describe(long offset, long next)
    {
        bool isHeader = TryReadHeader(offset, out BlockPlace named);
        long end = offset + TraceFormat.BlockHeaderBytes + named.Length;
        // A length that leads to the next whole block is right, and so are then the other words beside it.
        return new LostStretch(
            Blocks.Count + Lost.Count,
            offset,
            next,
            isHeader && end == next ? named : null,
            IsCut: next == _length && (!isHeader || end > _length));
    }

    private long NextWhole(long offset)
    {
        // Where the header says, first.
        if (TryReadHeader(offset, out BlockPlace named))
        {
            long end = offset + TraceFormat.BlockHeaderBytes + named.Length;
            if (end == _length || TryRead(end, out _))
            {
                return end;
            }
        }
        byte[] window = new byte[WindowBytes];
        for (long at = offset + 1; at < _length; at += WindowBytes - TraceFormat.BlockHeaderBytes)
        {
            _stream.Position = at;
            int got = _stream.ReadAtLeast(window, window.Length, throwOnEndOfStream: false);
            for (int i = 0; i + TraceFormat.BlockHeaderBytes <= got && _searched < SearchBytesMax; i++)
            {
                if (IsHeader(window.AsSpan(i)) && TryRead(at + i, out BlockPlace candidate))
                {
                    return candidate.Offset;
                }
            }
        }
        return _length;
    }

    private bool TryReadHeader(long offset, out BlockPlace block)
    {
        Span<byte> header = stackalloc byte[TraceFormat.BlockHeaderBytes];
        block = default;
        _stream.Position = offset;
        if (_stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length)
        {
            return false;
        }
        block = new BlockPlace(
            (BlockType)header[0],
            BinaryPrimitives.ReadUInt16LittleEndian(header[2..]),
            offset,
            BinaryPrimitives.ReadInt32LittleEndian(header[4..]));
        return IsHeader(header);
    }

    private static bool IsHeader(ReadOnlySpan<byte> header) =>
        header[0] != (byte)BlockType.None && Enum.IsDefined((BlockType)header[0]) && header[1] == 0
        && BinaryPrimitives.ReadInt32LittleEndian(header[4..]) is >= 0 and <= TraceFormat.BlockBytesMax;

    private bool TryRead(long offset, out BlockPlace block)
    {
        if (!TryReadHeader(offset, out block)
            || block.Length > _length - offset - TraceFormat.BlockHeaderBytes)
        {
            return false;
        }
        Span<byte> header = stackalloc byte[TraceFormat.BlockHeaderBytes];
        _stream.Position = offset;
        _stream.ReadExactly(header);
        _contents = _contents.Length >= block.Length ? _contents : new byte[block.Length];
        Span<byte> contents = _contents.AsSpan(0, block.Length);
        _stream.ReadExactly(contents);
        // Only what is hashed in vain counts.
        bool isWhole = TraceFormat.HashOf(header[..8], offset, contents)
            == BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);
        _searched += isWhole ? 0 : block.Length;
        return isWhole;
    }
}

/// <summary>Bytes that are no whole block.</summary>
/// <param name="Block">The number the first block in it would have.</param>
/// <param name="Offset">First byte.</param>
/// <param name="End">First byte behind.</param>
/// <param name="Named">The one block it is, when its header can be believed; null otherwise.</param>
/// <param name="IsCut">The file ends in the middle of it.</param>
internal sealed record LostStretch(int Block, long Offset, long End, BlockPlace? Named, bool IsCut);
