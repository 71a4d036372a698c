using Disco.Actors.Core;
using Disco.Actors.Engines;

namespace Disco.Actors.Tracing.Recording;

/// <summary>A running hash of everything a run puts out, with source and cycle: a chain of pieces.</summary>
internal sealed class OutputHash
{
    /// <summary>Settable, for a run that goes on from elsewhere.</summary>
    public ulong Value { get; set; }

    /// <summary>Listens in front of whoever listens already.</summary>
    public static OutputHash Of(Engine engine)
    {
        OutputHash output = new();
        Action<Address, Cycle, ReadOnlySpan<byte>>? next = engine.OnOutput;
        engine.OnOutput = (source, cycle, bytes) =>
        {
            output.Add(source, cycle, bytes);
            next?.Invoke(source, cycle, bytes);
        };
        return output;
    }

    private void Add(Address source, Cycle cycle, ReadOnlySpan<byte> bytes)
    {
        StateHash hash = new();
        hash.Write("before", Value);
        hash.Write("source", (ulong)source.Packed);
        hash.Write("cycle", cycle.Value);
        hash.Write("bytes", bytes);
        Value = hash.Value;
    }
}
