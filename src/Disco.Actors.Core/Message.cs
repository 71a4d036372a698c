using System.Runtime.CompilerServices;

namespace Disco.Actors.Core;

/// <summary>
/// The virtual network a message travels on. Order is kept per (source, target, lane) and nowhere else.
/// Replies are always accepted, so that a request waiting for one can never block it (FLASH, DASH).
/// </summary>
public enum Lane : byte
{
    Request,
    Reply,
}

/// <summary>
/// One message: a value of four words, meaningful only to the actors that share its <see cref="Kind"/>.
/// Each family of messages (coherence, devices, monitor) is a typed view that packs into and out of this value,
/// which is why an engine can carry, record and serialise every message without knowing any.
/// </summary>
public struct Message
{
    /// <summary>Family in the high byte, kind within the family in the low byte.</summary>
    public ushort Kind;

    public Lane Lane;

    /// <summary>Bytes of <see cref="Envelope.Payload"/> in use, 0 for a message without a line.</summary>
    public byte PayloadBytes;

    public uint D;
    public ulong A;
    public ulong B;
    public ulong C;

    public override readonly string ToString() => $"{Kind:x4} {A:x} {B:x} {C:x} {D:x}";
}

/// <summary>The bytes of one cache line, carried by value: handed over, never shared.</summary>
[InlineArray(BytesMax)]
public struct Payload
{
    public const int BytesMax = 128;

    private byte _first;
}

/// <summary>Gives messages their names in reports and traces.</summary>
public interface IMessageNames
{
    /// <summary>The families there are, each in its present form. Messages of others cannot become bytes.</summary>
    IReadOnlyList<MessageFamily> Families => [];

    /// <summary>The kind's name (<c>GetShared</c>), or its number in hex when unknown.</summary>
    string NameOf(ushort kind);

    /// <summary>The whole message on one line (<c>GetShared 0x1000 for cpu/3</c>).</summary>
    string Describe(in Message message);
}
