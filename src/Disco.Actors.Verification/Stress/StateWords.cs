using Disco.Actors.Core;

namespace Disco.Actors.Verification.Stress;

/// <summary>A message under way as fields of a state.</summary>
internal static class StateWords
{
    public static void Write(StateWriter writer, in Message message, in Payload payload)
    {
        writer.Write("kind", ((ulong)message.Kind << 8) | message.PayloadBytes);
        writer.Write("a", message.A);
        writer.Write("b", message.B);
        writer.Write("c", message.C);
        writer.Write("d", (ulong)message.D);
        writer.Write("payload", ((ReadOnlySpan<byte>)payload)[..message.PayloadBytes]);
    }

    public static void Read(StateReader reader, ref Envelope envelope)
    {
        ulong kind = reader.ReadUInt64("kind");
        envelope.Message.Kind = (ushort)(kind >> 8);
        envelope.Message.PayloadBytes = (byte)kind;
        envelope.Message.A = reader.ReadUInt64("a");
        envelope.Message.B = reader.ReadUInt64("b");
        envelope.Message.C = reader.ReadUInt64("c");
        envelope.Message.D = (uint)reader.ReadUInt64("d");
        reader.ReadBytes("payload", ((Span<byte>)envelope.Payload)[..envelope.Message.PayloadBytes]);
    }
}
