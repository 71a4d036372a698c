using System.Buffers.Binary;
using Disco.Actors.Core;

namespace Disco.Actors.Verification.Exploration;

/// <summary>
/// A state as few bytes: the tails of zeros of long fields and all statistics are left out, so that many thousand
/// states fit and that what only counts does not tell states apart.
/// </summary>
internal sealed class StatePacker : StateWriter
{
    private byte[] _bytes = new byte[4096];
    private int _length;

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    public void Clear() => _length = 0;

    public override void Write(string name, ulong value)
    {
        if (IsStatistic(name))
        {
            return;
        }
        BinaryPrimitives.WriteUInt64LittleEndian(Take(sizeof(ulong)), value);
    }

    public override void Write(string name, ReadOnlySpan<byte> bytes)
    {
        if (IsStatistic(name))
        {
            return;
        }
        int used = bytes.LastIndexOfAnyExcept((byte)0) + 1;
        BinaryPrimitives.WriteInt32LittleEndian(Take(sizeof(int)), used);
        bytes[..used].CopyTo(Take(used));
    }

    public static bool IsStatistic(string name) => name.StartsWith("stat.", StringComparison.Ordinal);

    private Span<byte> Take(int count)
    {
        if (_length + count > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + count));
        }
        _length += count;
        return _bytes.AsSpan(_length - count, count);
    }
}

/// <summary>Reads what <see cref="StatePacker"/> wrote; statistics come back as nothing.</summary>
internal sealed class StateUnpacker : StateReader
{
    private byte[] _bytes = [];
    private int _next;

    public void Start(byte[] bytes)
    {
        _bytes = bytes;
        _next = 0;
    }

    public override ulong ReadUInt64(string name)
    {
        if (StatePacker.IsStatistic(name))
        {
            // The end mark of a list of pages, and a harmless value for a counter.
            return name == "stat.misses" ? ulong.MaxValue : 0;
        }
        _next += sizeof(ulong);
        return BinaryPrimitives.ReadUInt64LittleEndian(_bytes.AsSpan(_next - sizeof(ulong)));
    }

    public override void ReadBytes(string name, Span<byte> into)
    {
        if (StatePacker.IsStatistic(name))
        {
            into.Clear();
            return;
        }
        int used = BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan(_next));
        _next += sizeof(int);
        _bytes.AsSpan(_next, used).CopyTo(into);
        into[used..].Clear();
        _next += used;
    }
}
