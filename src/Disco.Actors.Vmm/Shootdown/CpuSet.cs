using System.Numerics;
using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Shootdown;

/// <summary>A set of the machine's CPUs, 0 to 63. Enumerates in ascending order.</summary>
public readonly record struct CpuSet(ulong Bits)
{
    public const int CpusMax = 64;

    public static readonly CpuSet None = new(0);

    public int Count => BitOperations.PopCount(Bits);

    public bool IsEmpty => Bits == 0;

    /// <summary>The lowest number in the set, which must not be empty.</summary>
    public int First => BitOperations.TrailingZeroCount(Bits);

    public static CpuSet Of(int cpu) => new(1UL << cpu);

    /// <summary>CPUs 0 to <paramref name="count"/> - 1.</summary>
    public static CpuSet Below(int count) => new(count == CpusMax ? ulong.MaxValue : (1UL << count) - 1);

    public static CpuSet operator |(CpuSet left, CpuSet right) => new(left.Bits | right.Bits);

    public static CpuSet operator &(CpuSet left, CpuSet right) => new(left.Bits & right.Bits);

    public bool Contains(int cpu) => (Bits & (1UL << cpu)) != 0;

    public CpuSet With(int cpu) => new(Bits | (1UL << cpu));

    public CpuSet Without(int cpu) => new(Bits & ~(1UL << cpu));

    public CpuSet Except(CpuSet others) => new(Bits & ~others.Bits);

    public BitEnumerator GetEnumerator() => new(Bits);

    public override string ToString() => $"{{{Bits:x}}}";
}
