using System.Text;
using Akka.Actor;
using Akka.Serialization;

namespace Disco.Actors.Engines.Akka.Cluster;

/// <summary>A <see cref="Bundle"/> as a message of Akka.</summary>
internal sealed class LinkFrames(byte[] bytes)
{
    public byte[] Bytes { get; } = bytes;
}

internal enum GreetingKind : byte
{
    /// <summary>Member to coordinator: its <see cref="Handshake.Versions"/> and a nonce.</summary>
    Hello,

    /// <summary>Back: another nonce, and the proof that the coordinator knows the secret.</summary>
    Challenge,

    /// <summary>Member: its address, and the proof that it knows the secret.</summary>
    Answer,

    /// <summary>Coordinator: it may take part.</summary>
    Accepted,

    /// <summary>Either: why not, in one sentence.</summary>
    Refused,

    /// <summary>Coordinator: the session, the member's number and everybody's address.</summary>
    Start,
}

/// <summary>What members say before they trust each other.</summary>
internal sealed class Greeting(GreetingKind kind, string text, byte[] nonce, byte[] proof)
{
    public GreetingKind Kind { get; } = kind;

    public string Text { get; } = text;

    public byte[] Nonce { get; } = nonce;

    public byte[] Proof { get; } = proof;
}

/// <summary>
/// The bytes of both messages between processes; no reflection, and nothing else is taken. Bound in
/// hocon/engines/akka-cluster.conf. The manifest is name and version.
/// </summary>
/// <param name="system">Akka's.</param>
public sealed class WireSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private const string FramesManifest = "disco-frames/2";
    private const string GreetingManifest = "disco-greeting/1";
    private const int PartBytesMax = 4096;

    public override int Identifier => 4053;

    public override string Manifest(object o) => o is LinkFrames ? FramesManifest : GreetingManifest;

    public override byte[] ToBinary(object obj)
    {
        if (obj is LinkFrames frames)
        {
            return frames.Bytes;
        }
        Greeting greeting = obj as Greeting
            ?? throw new ArgumentException($"{obj.GetType()} does not leave the process", nameof(obj));
        MemoryStream bytes = new();
        using BinaryWriter writer = new(bytes, Encoding.UTF8);
        writer.Write((byte)greeting.Kind);
        byte[][] parts = [Encoding.UTF8.GetBytes(greeting.Text), greeting.Nonce, greeting.Proof];
        foreach (byte[] part in parts)
        {
            writer.Write((ushort)part.Length);
            writer.Write(part);
        }
        return bytes.ToArray();
    }

    /// <summary>Errors: EnvelopeFormatException when the bytes are of another program or version.</summary>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        if (manifest == FramesManifest)
        {
            return new LinkFrames(bytes);
        }
        if (manifest != GreetingManifest || bytes.Length < 1)
        {
            throw new EnvelopeFormatException($"a message '{manifest}' came, and this program reads {FramesManifest} "
                + $"and {GreetingManifest}");
        }
        int at = 1;
        byte[][] parts = [Take(bytes, ref at), Take(bytes, ref at), Take(bytes, ref at)];
        return new Greeting((GreetingKind)bytes[0], Encoding.UTF8.GetString(parts[0]), parts[1], parts[2]);
    }

    private static byte[] Take(byte[] bytes, ref int at)
    {
        int length = at + 2 <= bytes.Length ? bytes[at] | (bytes[at + 1] << 8) : PartBytesMax + 1;
        if (length > PartBytesMax || at + 2 + length > bytes.Length)
        {
            throw new EnvelopeFormatException($"a greeting of {bytes.Length} bytes ends in the middle");
        }
        at += 2 + length;
        return bytes[(at - length)..at];
    }
}
