namespace Disco.Actors.Core;

/// <summary>Receives an actor's state field by field. Names make a field-level difference readable.</summary>
public abstract class StateWriter
{
    /// <summary>
    /// What follows is the state of an actor, or with <see cref="Role.Outside"/> what belongs to none. Changes no hash.
    /// </summary>
    public virtual void Begin(Address actor)
    {
    }

    public abstract void Write(string name, ulong value);

    public abstract void Write(string name, ReadOnlySpan<byte> bytes);

    public void Write(string name, long value) => Write(name, (ulong)value);

    public void Write(string name, bool value) => Write(name, value ? 1UL : 0UL);
}

/// <summary>Gives a saved state back, in the order it was written.</summary>
public abstract class StateReader
{
    /// <summary>The next field; <paramref name="name"/> must be the one it was written under.</summary>
    public abstract ulong ReadUInt64(string name);

    /// <summary>The next field, of exactly <paramref name="into"/>'s length.</summary>
    public abstract void ReadBytes(string name, Span<byte> into);

    /// <summary>False when the next field is known to have another name: what is optional was not written.</summary>
    public virtual bool IsNext(string name) => true;

    public long ReadInt64(string name) => (long)ReadUInt64(name);

    public int ReadInt32(string name) => checked((int)ReadInt64(name));

    public bool ReadBool(string name) => ReadUInt64(name) != 0;
}
