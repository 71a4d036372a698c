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
