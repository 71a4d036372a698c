using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <summary>
/// Bytes for the world outside, kept until nothing earlier can follow and then handed over in the order of
/// (cycle, source, order of output of the source).
/// </summary>
internal sealed class OutputBuffer
{
    private readonly List<Chunk> _chunks = [];
    private byte[] _bytes = new byte[256];
    private int _length;

    public void Add(Address source, long cycle, ReadOnlySpan<byte> bytes)
    {
        if (_length + bytes.Length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + bytes.Length));
        }
        bytes.CopyTo(_bytes.AsSpan(_length));
        _chunks.Add(new Chunk(cycle, source.Packed, _chunks.Count, _length, bytes.Length));
        _length += bytes.Length;
    }

    public void MoveTo(OutputBuffer other)
    {
        foreach (Chunk chunk in _chunks)
        {
            other.Add(Address.FromPacked(chunk.Source), chunk.Cycle, _bytes.AsSpan(chunk.Start, chunk.Bytes));
        }
        Clear();
    }

    public void Flush(Action<Address, Cycle, ReadOnlySpan<byte>>? sink)
    {
        if (_chunks.Count == 0)
        {
            return;
        }
        _chunks.Sort();
        foreach (Chunk chunk in _chunks)
        {
            sink?.Invoke(
                Address.FromPacked(chunk.Source), new Cycle(chunk.Cycle), _bytes.AsSpan(chunk.Start, chunk.Bytes));
        }
        Clear();
    }

    private void Clear()
    {
        _chunks.Clear();
        _length = 0;
    }

    private readonly record struct Chunk(long Cycle, uint Source, int Order, int Start, int Bytes) : IComparable<Chunk>
    {
        public int CompareTo(Chunk other) =>
            (Cycle, Source, Order).CompareTo((other.Cycle, other.Source, other.Order));
    }
}
