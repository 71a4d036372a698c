using System.Runtime.InteropServices;
using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <summary>The engine's part of a saved run. Independent of the engine's kind and of the thread count.</summary>
internal static class EngineState
{
    public static void SaveSequences(
        StateWriter writer, Engine engine, SortedDictionary<Address, long> outsideSequences)
    {
        for (int actor = 0; actor < engine.World.Actors.Length; actor++)
        {
            writer.Write("sequence", engine.Sequence(actor));
        }
        writer.Write("outsides", outsideSequences.Count);
        foreach ((Address source, long sequence) in outsideSequences)
        {
            writer.Write("outside", (ulong)source.Packed);
            writer.Write("sequence", sequence);
        }
    }

    public static void LoadSequences(
        StateReader reader, Engine engine, SortedDictionary<Address, long> outsideSequences)
    {
        for (int actor = 0; actor < engine.World.Actors.Length; actor++)
        {
            engine.Sequence(actor) = reader.ReadInt64("sequence");
        }
        outsideSequences.Clear();
        int outsides = reader.ReadInt32("outsides");
        for (int i = 0; i < outsides; i++)
        {
            Address source = Address.FromPacked((uint)reader.ReadUInt64("outside"));
            outsideSequences[source] = reader.ReadInt64("sequence");
        }
    }

    public static void SaveEnvelopes(StateWriter writer, List<Envelope> envelopes)
    {
        writer.Write("envelopes", envelopes.Count);
        foreach (Envelope envelope in envelopes)
        {
            Message message = envelope.Message;
            writer.Write("arrival", envelope.Arrival.Value);
            writer.Write("tieBreak", envelope.TieBreak);
            writer.Write("sequence", envelope.Sequence);
            writer.Write("source", (ulong)envelope.Source.Packed);
            writer.Write("target", (ulong)envelope.Target.Packed);
            writer.Write("kind", (ulong)message.Kind);
            writer.Write("lane", (ulong)message.Lane);
            writer.Write("a", message.A);
            writer.Write("b", message.B);
            writer.Write("c", message.C);
            writer.Write("d", (ulong)message.D);
            writer.Write("payloadBytes", (ulong)message.PayloadBytes);
            Payload payload = envelope.Payload;
            writer.Write("payload", ((ReadOnlySpan<byte>)payload)[..message.PayloadBytes]);
        }
    }

    public static void LoadEnvelopes(StateReader reader, Engine engine)
    {
        int count = reader.ReadInt32("envelopes");
        for (int i = 0; i < count; i++)
        {
            Envelope envelope = default;
            envelope.Arrival = new Cycle(reader.ReadInt64("arrival"));
            envelope.TieBreak = reader.ReadUInt64("tieBreak");
            envelope.Sequence = reader.ReadInt64("sequence");
            envelope.Source = Address.FromPacked((uint)reader.ReadUInt64("source"));
            envelope.Target = Address.FromPacked((uint)reader.ReadUInt64("target"));
            envelope.Message.Kind = (ushort)reader.ReadUInt64("kind");
            envelope.Message.Lane = (Lane)reader.ReadUInt64("lane");
            envelope.Message.A = reader.ReadUInt64("a");
            envelope.Message.B = reader.ReadUInt64("b");
            envelope.Message.C = reader.ReadUInt64("c");
            envelope.Message.D = (uint)reader.ReadUInt64("d");
            envelope.Message.PayloadBytes = (byte)reader.ReadUInt64("payloadBytes");
            reader.ReadBytes("payload", ((Span<byte>)envelope.Payload)[..envelope.Message.PayloadBytes]);
            engine.Accept(in envelope);
        }
    }

    public static void SaveRun(StateWriter writer, Engine engine, StopRequest stop)
    {
        writer.Write("now", engine.Now.Value);
        writer.Write("stopAt", stop.At);
        writer.Write("stopSource", (ulong)stop.Source.Packed);
        writer.Write("stopExitCode", (long)stop.ExitCode);
        writer.Write("stopReasonBytes", stop.Reason.Length * sizeof(char));
        writer.Write("stopReason", MemoryMarshal.AsBytes(stop.Reason.AsSpan()));
        engine.WindowDelay.Save(writer);
        writer.Write("lostNodes", engine.LostNodes.Bits);
        long[] byKind = engine.DeliveriesByKind();
        writer.Write("kinds", byKind.Count(deliveries => deliveries != 0));
        for (int kind = 0; kind < byKind.Length; kind++)
        {
            if (byKind[kind] != 0)
            {
                writer.Write("kind", kind);
                writer.Write("deliveries", byKind[kind]);
            }
        }
    }

    public static SavedCourse LoadRun(StateReader reader)
    {
        Cycle now = new(reader.ReadInt64("now"));
        long at = reader.ReadInt64("stopAt");
        Address source = Address.FromPacked((uint)reader.ReadUInt64("stopSource"));
        int exitCode = reader.ReadInt32("stopExitCode");
        char[] reason = new char[reader.ReadInt32("stopReasonBytes") / sizeof(char)];
        reader.ReadBytes("stopReason", MemoryMarshal.AsBytes(reason.AsSpan()));
        WindowDelay delay = WindowDelay.Load(reader);
        NodeSet lost = new(reader.ReadUInt64("lostNodes"));
        long[] byKind = new long[ushort.MaxValue + 1];
        int kinds = reader.ReadInt32("kinds");
        for (int i = 0; i < kinds; i++)
        {
            int kind = reader.ReadInt32("kind");
            byKind[kind] = reader.ReadInt64("deliveries");
        }
        return new SavedCourse(now, new StopRequest(at, source, exitCode, new string(reason)), delay, byKind, lost);
    }
}

/// <summary>How far a run is, whether it is to stop, what it counted, and the nodes it has lost.</summary>
internal sealed record SavedCourse(
    Cycle Now, StopRequest Stop, WindowDelay Delay, long[] DeliveriesByKind, NodeSet Lost);
