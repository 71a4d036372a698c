using System.Text;
using Disco.Actors.Core;

namespace Disco.Actors.Engines.Akka.Cluster;

internal enum ControlKind : byte
{
    /// <summary>To a member: the settings of the run. Answer: <see cref="Built"/>.</summary>
    Build,

    /// <summary>The hash of the fresh machine, or why there is none.</summary>
    Built,

    /// <summary>To all: everything before a cycle may be done.</summary>
    Open,

    /// <summary>The answer, whenever a process has nothing left to do: <see cref="PartReport"/>.</summary>
    Closed,

    /// <summary>To all, while nothing is under way: what came out of it. Answer: <see cref="Collected"/>.</summary>
    Collect,
    Collected,

    /// <summary>To all, while nothing is under way: the actors' states. Answer: <see cref="StateIs"/>.</summary>
    State,
    StateIs,

    /// <summary>To all: a member is gone for good.</summary>
    Gone,

    /// <summary>
    /// To a member, while nothing is under way: the states its actors go on from, and what is under way to them from
    /// now on. Answer: <see cref="Restored"/>.
    /// </summary>
    Restore,
    Restored,

    /// <summary>To all: the run is over.</summary>
    End,

    /// <summary>To the coordinator: an Akka actor has ended; one sentence.</summary>
    Broken,

    /// <summary>To the coordinator: a member does not answer another one; its number.</summary>
    Silent,
}

/// <summary>The bytes of what coordinator and members tell each other about the run.</summary>
internal static class Control
{
    /// <summary>Changes with any of the layouts.</summary>
    public const byte Version = 3;

    public static byte[] Of(ControlKind kind, Action<BinaryWriter>? write = null)
    {
        MemoryStream bytes = new();
        using BinaryWriter writer = new(bytes, Encoding.UTF8);
        writer.Write((byte)kind);
        write?.Invoke(writer);
        writer.Flush();
        return bytes.ToArray();
    }

    public static BinaryReader Read(byte[] bytes, out ControlKind kind)
    {
        BinaryReader reader = new(new MemoryStream(bytes), Encoding.UTF8);
        kind = (ControlKind)reader.ReadByte();
        return reader;
    }

    public static void Write(BinaryWriter writer, EnvelopeCodec codec, in Envelope envelope)
    {
        Span<byte> bytes = stackalloc byte[EnvelopeCodec.BytesMax];
        int length = codec.Write(in envelope, bytes);
        writer.Write((ushort)length);
        writer.Write(bytes[..length]);
    }

    public static Envelope ReadEnvelope(BinaryReader reader, EnvelopeCodec codec)
    {
        codec.Read(reader.ReadBytes(reader.ReadUInt16()), out Envelope envelope);
        return envelope;
    }

    /// <summary>An actor's state; null for none.</summary>
    public static void WriteState(BinaryWriter writer, Actor? actor)
    {
        (string Name, ReadOnlyMemory<byte> Bytes)[] fields = actor is null ? [] : [.. Snapshot.Of(actor).Fields];
        writer.Write(fields.Length);
        foreach ((string name, ReadOnlyMemory<byte> bytes) in fields)
        {
            writer.Write(name);
            writer.Write(bytes.Length);
            writer.Write(bytes.Span);
        }
    }

    public static Snapshot ReadState(BinaryReader reader)
    {
        Snapshot state = new();
        for (int fields = reader.ReadInt32(); fields > 0; fields--)
        {
            string name = reader.ReadString();
            state.Write(name, reader.ReadBytes(reader.ReadInt32()));
        }
        return state;
    }

    public static void Write(BinaryWriter writer, in StopRequest stop)
    {
        writer.Write(stop.At);
        writer.Write(stop.Source.Packed);
        writer.Write(stop.ExitCode);
        writer.Write(stop.Reason);
    }

    public static StopRequest ReadStop(BinaryReader reader) =>
        new(reader.ReadInt64(), Address.FromPacked(reader.ReadUInt32()), reader.ReadInt32(), reader.ReadString());
}

/// <summary>Where one process stands when nothing is left to do in it.</summary>
/// <param name="Window">The window it has finished.</param>
/// <param name="Gone">How many members it knows to be gone.</param>
/// <param name="Next">The earliest event of its actors.</param>
/// <param name="HasFault">One of its actors has failed.</param>
/// <param name="Stop">The earliest request.</param>
/// <param name="Sent">Envelopes to each member since the beginning.</param>
/// <param name="Received">Envelopes from each member that it has handled.</param>
internal sealed record PartReport(
    long Window, int Gone, long Next, bool HasFault, StopRequest Stop, long[] Sent, long[] Received)
{
    public byte[] ToControl() => Control.Of(ControlKind.Closed, writer =>
    {
        writer.Write(Window);
        writer.Write(Gone);
        writer.Write(Next);
        writer.Write(HasFault);
        Control.Write(writer, Stop);
        for (int member = 0; member < Sent.Length; member++)
        {
            writer.Write(Sent[member]);
            writer.Write(Received[member]);
        }
    });

    public static PartReport Read(BinaryReader reader, int members)
    {
        PartReport report = new(
            reader.ReadInt64(), reader.ReadInt32(), reader.ReadInt64(), reader.ReadBoolean(), Control.ReadStop(reader),
            new long[members], new long[members]);
        for (int member = 0; member < members; member++)
        {
            report.Sent[member] = reader.ReadInt64();
            report.Received[member] = reader.ReadInt64();
        }
        return report;
    }
}
