using System.Numerics;
using Disco.Actors.Core;

namespace Disco.Actors.Machine.Caches;

/// <summary>The shape of one cache.</summary>
/// <param name="Bytes">Its size; sets x ways x line.</param>
/// <param name="Ways">Lines of a set.</param>
/// <param name="LineBytes">A power of two.</param>
public readonly record struct CacheShape(int Bytes, int Ways, int LineBytes)
{
    public int Frames => Bytes / LineBytes;

    public int Sets => Frames / Ways;

    public void Check()
    {
        Invariant.Holds(Ways >= 1);
        Invariant.Holds(BitOperations.IsPow2(LineBytes));
        Invariant.Holds(Sets >= 1);
        Invariant.Holds(BitOperations.IsPow2(Sets));
        Invariant.Holds(Bytes == Sets * Ways * LineBytes);
    }
}

/// <summary>
/// The caches of one agent; the defaults are those of the Disco paper's machine (5.1: 32 KB two-way first-level caches,
/// a 1 MB two-way second-level cache with 128-byte lines). Devices and drivers have a second level only.
/// </summary>
/// <remarks>
/// A CPU needs two ways: an instruction and its operand must be able to be present together.
/// </remarks>
public sealed record CacheConfig
{
    /// <summary>Line of 32, 64 or 128 bytes: the unit of coherence, the same in the whole machine.</summary>
    public CacheShape Second { get; init; } = new(1 << 20, 2, 128);

    /// <summary>Lines no longer than the second level's; null for an agent without one.</summary>
    public CacheShape? FirstCode { get; init; }

    public CacheShape? FirstData { get; init; }

    /// <summary>Stall of an access that misses the first level and hits the second (50 ns at 400 MHz).</summary>
    public int SecondLevelCycles { get; init; } = 20;

    /// <summary>Lines that may wait for the acknowledgement of their writeback at a time.</summary>
    public int WritebackLines { get; init; } = 4;

    /// <summary>The caches of a CPU of the paper's machine.</summary>
    public static CacheConfig Cpu { get; } = new()
    {
        FirstCode = new(32 << 10, 2, 64),
        FirstData = new(32 << 10, 2, 32),
    };

    public void Check()
    {
        Second.Check();
        Invariant.Holds(Second.LineBytes is 32 or 64 or 128);
        foreach (CacheShape? first in (ReadOnlySpan<CacheShape?>)[FirstCode, FirstData])
        {
            if (first is { } shape)
            {
                shape.Check();
                Invariant.Holds(shape.LineBytes <= Second.LineBytes);
            }
        }
        Invariant.Holds(WritebackLines is >= 1 and <= 16);
    }
}
