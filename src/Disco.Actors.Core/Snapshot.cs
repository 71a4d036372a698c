using System.Buffers.Binary;

namespace Disco.Actors.Core;

/// <summary>A saved state in memory: fields in order, each with its name. Compare two to see what differs.</summary>
public sealed class Snapshot : StateWriter
{
    private readonly List<(string Name, int Start, int Length)> _fields = [];
    private byte[] _bytes = new byte[1024];
    private int _length;

    public int Bytes => _length;

    /// <summary>The fields in order; writing them into another snapshot gives an equal one.</summary>
    public IEnumerable<(string Name, ReadOnlyMemory<byte> Bytes)> Fields =>
        _fields.Select(each => (each.Name, (ReadOnlyMemory<byte>)_bytes.AsMemory(each.Start, each.Length)));

    public static Snapshot Of(Actor actor)
    {
        Snapshot snapshot = new();
        actor.Save(snapshot);
        return snapshot;
    }

    public override void Write(string name, ulong value)
    {
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(word, value);
        Write(name, word);
    }

    public override void Write(string name, ReadOnlySpan<byte> bytes)
    {
        if (_length + bytes.Length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + bytes.Length));
        }
        bytes.CopyTo(_bytes.AsSpan(_length));
        _fields.Add((name, _length, bytes.Length));
        _length += bytes.Length;
    }

    public StateReader Read() => new Reader(this);

    /// <summary>The names of the fields that differ, in order; "(shape)" when the lists of fields differ.</summary>
    public IEnumerable<string> Differences(Snapshot other)
    {
        for (int i = 0; i < Math.Min(_fields.Count, other._fields.Count); i++)
        {
            if (_fields[i].Name != other._fields[i].Name)
            {
                yield return "(shape)";
                yield break;
            }
            if (!FieldAt(i).SequenceEqual(other.FieldAt(i)))
            {
                yield return _fields[i].Name;
            }
        }
        if (_fields.Count != other._fields.Count)
        {
            yield return "(shape)";
        }
    }

    private ReadOnlySpan<byte> FieldAt(int index) =>
        _bytes.AsSpan(_fields[index].Start, _fields[index].Length);

    private sealed class Reader(Snapshot snapshot) : StateReader
    {
        private int _next;

        public override ulong ReadUInt64(string name)
        {
            Span<byte> word = stackalloc byte[sizeof(ulong)];
            ReadBytes(name, word);
            return BinaryPrimitives.ReadUInt64LittleEndian(word);
        }

        public override void ReadBytes(string name, Span<byte> into)
        {
            Invariant.Holds(_next < snapshot._fields.Count);
            Invariant.Holds(snapshot._fields[_next].Name == name);
            ReadOnlySpan<byte> field = snapshot.FieldAt(_next++);
            Invariant.Holds(field.Length == into.Length);
            field.CopyTo(into);
        }
    }
}
