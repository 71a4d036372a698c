using Disco.Actors.Core;
using Disco.Actors.Engines;

namespace Disco.Actors.Tracing.Container;

/// <summary>
/// The order in which a run without exact order happened: the envelopes that were handled later than their latency
/// says, in the order of source and sequence. A recording of an exact engine has no such block.
/// <code>
/// number of sources, then of each:   source   number of envelopes   then of each:   sequence, from the last   cycles
/// then:                              the cycle at which the run stopped, 0 when it did not
/// </code>
/// </summary>
internal static class LateBlock
{
    public static void Write(ByteBuffer buffer, IReadOnlyList<LateEnvelope> late, long stopAt)
    {
        IGrouping<Address, LateEnvelope>[] sources = [.. late.GroupBy(each => each.Source)];
        buffer.Unsigned((ulong)sources.Length);
        foreach (IGrouping<Address, LateEnvelope> source in sources)
        {
            buffer.Unsigned(source.Key.Packed);
            buffer.Unsigned((ulong)source.Count());
            long last = 0;
            foreach (LateEnvelope each in source)
            {
                buffer.Unsigned((ulong)(each.Sequence - last));
                buffer.Unsigned((ulong)each.Cycles);
                last = each.Sequence;
            }
        }
        buffer.Unsigned((ulong)stopAt);
    }

    /// <summary>How late a recorded run's envelopes were; null when it kept the exact order.</summary>
    /// <remarks>Errors: TraceException when the recording is damaged.</remarks>
    public static Lateness? Read(TraceReader trace)
    {
        Lateness? lateness = null;
        foreach (BlockPlace place in trace.Blocks)
        {
            if (place.Type == BlockType.Late)
            {
                ByteCursor cursor = new(trace.Read(place));
                Read(ref cursor, lateness ??= new Lateness());
            }
        }
        return lateness;
    }

    private static void Read(ref ByteCursor cursor, Lateness lateness)
    {
        for (ulong sources = cursor.Unsigned(); sources > 0; sources--)
        {
            Address source = Address.FromPacked((uint)cursor.Unsigned());
            long sequence = 0;
            for (ulong envelopes = cursor.Unsigned(); envelopes > 0; envelopes--)
            {
                sequence += (long)cursor.Unsigned();
                long cycles = (long)cursor.Unsigned();
                if (cycles <= 0 || lateness.Of(source, sequence) != 0)
                {
                    throw new TraceException($"the recording says twice how late envelope {sequence} of {source} is");
                }
                lateness.Add(new LateEnvelope(source, sequence, cycles));
            }
        }
        lateness.StopAt = Math.Max(lateness.StopAt, (long)cursor.Unsigned());
    }
}
