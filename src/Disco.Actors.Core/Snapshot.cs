using System.Buffers.Binary;

namespace Disco.Actors.Core;

/// <summary>A saved state in memory: fields in order, each with its name. Compare two to see what differs.</summary>
public sealed class Snapshot : StateWriter
{
    private readonly List<(string Name, int Start, int Length)> _fields = [];
    private readonly List<(Address Actor, int Field)> _parts = [];
    private byte[] _bytes = new byte[1024];
    private int _length;

    public int Bytes => _length;

    /// <summary>The fields in order; writing them into another snapshot gives an equal one.</summary>
    public IEnumerable<(string Name, ReadOnlyMemory<byte> Bytes)> Fields =>
        _fields.Select(each => (each.Name, (ReadOnlyMemory<byte>)_bytes.AsMemory(each.Start, each.Length)));

    /// <summary>The actors whose states are in it, each with the number of its first field.</summary>
    public IReadOnlyList<(Address Actor, int Field)> Parts => _parts;

    public static Snapshot Of(Actor actor)
    {
        Snapshot snapshot = new();
        actor.Save(snapshot);
        return snapshot;
    }

    public override void Begin(Address actor) => _parts.Add((actor, _fields.Count));

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

    public StateReader Read() => new Reader(this, 0);

    /// <summary>Reads one actor's state. Breaks an invariant when it is not in it.</summary>
    public StateReader Read(Address actor) => new Reader(this, FirstOf(actor));

    /// <summary>An actor's fields in order.</summary>
    public IEnumerable<(string Name, ReadOnlyMemory<byte> Bytes)> FieldsOf(Address actor)
    {
        int part = _parts.FindIndex(each => each.Actor == actor);
        int end = part + 1 < _parts.Count ? _parts[part + 1].Field : _fields.Count;
        return Fields.Skip(FirstOf(actor)).Take(end - FirstOf(actor));
    }

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

    private int FirstOf(Address actor)
    {
        int part = _parts.FindIndex(each => each.Actor == actor);
        Invariant.Holds(part >= 0);
        return _parts[part].Field;
    }

    private ReadOnlySpan<byte> FieldAt(int index) =>
        _bytes.AsSpan(_fields[index].Start, _fields[index].Length);

    private sealed class Reader(Snapshot snapshot, int first) : StateReader
    {
        private int _next = first;

        public override bool IsNext(string name) =>
            _next < snapshot._fields.Count && snapshot._fields[_next].Name == name;

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
