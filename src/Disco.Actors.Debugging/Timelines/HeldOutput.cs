using Disco.Actors.Core;

namespace Disco.Actors.Debugging.Timelines;

/// <summary>Called with what actors put out.</summary>
public delegate void OutputListener(Address source, Cycle cycle, ReadOnlySpan<byte> bytes);

/// <summary>
/// What a run puts out while it is moved through in both directions: handed on once, when its time has come.
/// </summary>
internal sealed class HeldOutput(OutputListener? next)
{
    private readonly List<(Address Source, Cycle Cycle, byte[] Bytes)> _held = [];
    private Cycle _shown;

    public void Add(Address source, Cycle cycle, ReadOnlySpan<byte> bytes)
    {
        if (next is not null && cycle >= _shown)
        {
            _held.Add((source, cycle, bytes.ToArray()));
        }
    }

    /// <summary>The run goes on from an earlier cycle, and puts out once more what came after it.</summary>
    public void Rewind(Cycle to) => _held.RemoveAll(output => output.Cycle >= to);

    /// <summary>Hands on what came before a cycle.</summary>
    public void ShowUntil(Cycle cycle)
    {
        foreach ((Address source, Cycle at, byte[] bytes) in _held)
        {
            if (at < cycle)
            {
                next!(source, at, bytes);
            }
        }
        _held.RemoveAll(output => output.Cycle < cycle);
        _shown = Cycle.Max(_shown, cycle);
    }
}
