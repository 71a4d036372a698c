using Disco.Actors.Core;
using Disco.Actors.Engines;

namespace Disco.Actors.Tracing.Container;

/// <summary>The state at a cycle: what a repeated run is compared with.</summary>
/// <param name="Cycle">Everything before it has happened.</param>
/// <param name="Deliveries">So far.</param>
/// <param name="State">Hash of all actors and of the envelopes under way; guest memory is part of it.</param>
/// <param name="Output">Hash of everything put out so far.</param>
public readonly record struct TraceMark(Cycle Cycle, long Deliveries, ulong State, ulong Output)
{
    internal void Write(ByteBuffer buffer)
    {
        buffer.Unsigned((ulong)Cycle.Value);
        buffer.Unsigned((ulong)Deliveries);
        buffer.Unsigned(State);
        buffer.Unsigned(Output);
    }

    internal static TraceMark Read(ref ByteCursor cursor) => new(
        new Cycle((long)cursor.Unsigned()), (long)cursor.Unsigned(), cursor.Unsigned(), cursor.Unsigned());
}

/// <summary>How the recorded run ended.</summary>
public sealed record TraceEnd(Outcome Outcome, int ExitCode, string Reason, TraceMark Mark)
{
    internal void Write(ByteBuffer buffer)
    {
        buffer.Byte((byte)Outcome);
        buffer.Signed(ExitCode);
        buffer.Text(Reason);
        Mark.Write(buffer);
    }

    internal static TraceEnd Read(ref ByteCursor cursor) => new(
        (Outcome)cursor.Byte(), (int)cursor.Signed(), cursor.Text(), TraceMark.Read(ref cursor));
}

/// <summary>Hashes of every actor's state at a mark, in the order of the header; none at level order.</summary>
internal static class ActorHashes
{
    public static ulong[] Of(World world) => [.. world.Actors.Select(StateHash.Of)];

    public static void Write(ByteBuffer buffer, ulong[] hashes)
    {
        buffer.Unsigned((ulong)hashes.Length);
        Array.ForEach(hashes, buffer.Unsigned);
    }

    /// <summary>Errors: TraceException when there are others than of so many actors.</summary>
    public static ulong[] Read(ref ByteCursor cursor, int actors)
    {
        ulong count = cursor.Unsigned();
        if (count != 0 && count != (ulong)actors)
        {
            throw new TraceException($"a mark of the recording has the hashes of {count} actors, not of {actors}");
        }
        ulong[] hashes = new ulong[count];
        for (int i = 0; i < hashes.Length; i++)
        {
            hashes[i] = cursor.Unsigned();
        }
        return hashes;
    }
}
