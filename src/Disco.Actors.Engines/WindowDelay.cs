using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <summary>
/// The timing error of <see cref="EngineOptions.WindowCycles"/>: by how much messages between nodes arrive later than
/// their latency says. All zero in an exact run; the same at any thread count.
/// </summary>
/// <param name="Count">Messages that arrive later.</param>
/// <param name="Cycles">The added latencies of all of them.</param>
/// <param name="MaxCycles">The largest.</param>
public readonly record struct WindowDelay(long Count, long Cycles, long MaxCycles)
{
    public double MeanCycles => Count == 0 ? 0 : (double)Cycles / Count;

    internal WindowDelay Plus(long cycles) => new(Count + 1, Cycles + cycles, Math.Max(MaxCycles, cycles));

    internal WindowDelay Plus(WindowDelay other) =>
        new(Count + other.Count, Cycles + other.Cycles, Math.Max(MaxCycles, other.MaxCycles));

    internal void Save(StateWriter writer)
    {
        writer.Write("delayed", Count);
        writer.Write("delayCycles", Cycles);
        writer.Write("delayCyclesMax", MaxCycles);
    }

    internal static WindowDelay Load(StateReader reader) =>
        new(reader.ReadInt64("delayed"), reader.ReadInt64("delayCycles"), reader.ReadInt64("delayCyclesMax"));
}
