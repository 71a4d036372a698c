using Disco.Actors.Core;
using Disco.Actors.Engines;

namespace Disco.Actors.Tracing.Recording;

/// <summary>A running hash of everything a run puts out, with source and cycle.</summary>
internal sealed class OutputHash
{
    private readonly StateHash _hash = new();

    public ulong Value => _hash.Value;

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
        _hash.Write("source", (ulong)source.Packed);
        _hash.Write("cycle", cycle.Value);
        _hash.Write("bytes", bytes);
    }
}
