using System.IO.Compression;
using Disco.Actors.Core;

namespace Disco.Actors.Tracing.Container;

/// <summary>The whole state of a run at a cycle, to start from.</summary>
/// <param name="Cycle">Everything before it has happened, nothing of it.</param>
/// <param name="Deliveries">So far.</param>
/// <param name="Inputs">Messages from outside that were posted so far.</param>
/// <param name="Output">Hash of everything put out so far.</param>
/// <param name="State">As the engine saved it.</param>
internal sealed record StoredSnapshot(Cycle Cycle, long Deliveries, int Inputs, ulong Output, Snapshot State)
{
    /// <summary>The numbers in front of the state take no more.</summary>
    public const int NumbersBytesMax = 4 * 10;

    /// <summary>The delivery before the cycle, where it is known; not stored.</summary>
    public Envelope? Last { get; init; }

    /// <summary>
    /// The numbers, then compressed: the names of fields, where each actor's begin, and the fields in order.
    /// </summary>
    public byte[] ToBlock()
    {
        ByteBuffer numbers = new();
        WriteNumbers(numbers);
        using MemoryStream block = new();
        block.Write(numbers.Written);
        using (ZLibStream packed = new(block, CompressionLevel.Fastest, leaveOpen: true))
        using (BinaryWriter writer = new(new BufferedStream(packed, 1 << 16)))
        {
            WriteFields(writer);
        }
        return block.ToArray();
    }

    /// <summary>Only the numbers: the state stays packed.</summary>
    public static (Cycle Cycle, long Deliveries, int Inputs, ulong Output) Place(ReadOnlySpan<byte> block)
    {
        ByteCursor cursor = new(block[..Math.Min(block.Length, NumbersBytesMax)]);
        return ReadNumbers(ref cursor, out _);
    }

    /// <summary>Errors: TraceException for a block without sense.</summary>
    public static StoredSnapshot FromBlock(byte[] block)
    {
        ByteCursor cursor = new(block);
        (Cycle cycle, long deliveries, int inputs, ulong output) = ReadNumbers(ref cursor, out int bytes);
        try
        {
            using MemoryStream packed = new(block, bytes, block.Length - bytes);
            using ZLibStream plain = new(packed, CompressionMode.Decompress);
            using BinaryReader reader = new(new BufferedStream(plain, 1 << 16));
            return new StoredSnapshot(cycle, deliveries, inputs, output, ReadFields(reader));
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException
            or ArgumentException or IndexOutOfRangeException)
        {
            throw new TraceException($"the snapshot of {cycle} in the recording cannot be read: {e.Message}");
        }
    }

    private static (Cycle Cycle, long Deliveries, int Inputs, ulong Output) ReadNumbers(
        ref ByteCursor cursor, out int bytes)
    {
        Cycle cycle = new((long)cursor.Unsigned());
        long deliveries = (long)cursor.Unsigned();
        int inputs = (int)cursor.Unsigned();
        ulong output = cursor.Unsigned();
        bytes = cursor.At;
        return (cycle, deliveries, inputs, output);
    }

    private void WriteNumbers(ByteBuffer to)
    {
        to.Unsigned((ulong)Cycle.Value);
        to.Unsigned((ulong)Deliveries);
        to.Unsigned((ulong)Inputs);
        to.Unsigned(Output);
    }

    private void WriteFields(BinaryWriter writer)
    {
        Dictionary<string, int> numbers = new(StringComparer.Ordinal);
        foreach ((string name, _) in State.Fields)
        {
            numbers.TryAdd(name, numbers.Count);
        }
        writer.Write(numbers.Count);
        foreach (string name in numbers.OrderBy(number => number.Value).Select(number => number.Key))
        {
            writer.Write(name);
        }
        writer.Write(State.Parts.Count);
        foreach ((Address actor, int field) in State.Parts)
        {
            writer.Write(actor.Packed);
            writer.Write(field);
        }
        writer.Write(State.Fields.Count());
        foreach ((string name, ReadOnlyMemory<byte> bytes) in State.Fields)
        {
            writer.Write7BitEncodedInt(numbers[name]);
            writer.Write7BitEncodedInt(bytes.Length);
            writer.Write(bytes.Span);
        }
    }

    private static Snapshot ReadFields(BinaryReader reader)
    {
        string[] names = new string[Math.Clamp(reader.ReadInt32(), 0, 1 << 16)];
        for (int i = 0; i < names.Length; i++)
        {
            names[i] = reader.ReadString();
        }
        Queue<(Address Actor, int Field)> parts = [];
        for (int left = reader.ReadInt32(); left > 0; left--)
        {
            parts.Enqueue((Address.FromPacked(reader.ReadUInt32()), reader.ReadInt32()));
        }
        Snapshot state = new();
        byte[] bytes = new byte[1 << 16];
        int fields = reader.ReadInt32();
        for (int field = 0; field < fields; field++)
        {
            while (parts.TryPeek(out (Address Actor, int Field) part) && part.Field == field)
            {
                state.Begin(parts.Dequeue().Actor);
            }
            string name = names[reader.Read7BitEncodedInt()];
            int length = reader.Read7BitEncodedInt();
            if (length < 0 || length > TraceFormat.BlockBytesMax)
            {
                throw new InvalidDataException($"a field of {length} bytes");
            }
            bytes = bytes.Length >= length ? bytes : new byte[length];
            reader.BaseStream.ReadExactly(bytes.AsSpan(0, length));
            state.Write(name, bytes.AsSpan(0, length));
        }
        return state;
    }
}
