using BenchmarkDotNet.Attributes;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Benchmarks;

/// <summary>
/// Host time of an access that needs no message, as a CPU's slow path asks for it: a line of the first level, and a
/// line of the second level that replaces one of the first.
/// </summary>
public class CacheHit
{
    public const int Accesses = 1 << 16;

    private const int LineBytes = 32;
    private const uint FirstLevelBytes = 32 << 10;
    private const uint SecondLevelBytes = 256 << 10;

    private CoherentCache _cache = null!;

    [GlobalSetup]
    public void Setup()
    {
        (DeterministicEngine engine, LoopAgent[] agents) = DirectoryTransaction.Build(
            nodes: 1, [0], agent => agent.Start((int)SecondLevelBytes / 128, 128, AccessKind.Load), CacheConfig.Cpu);
        DirectoryTransaction.RunUntil(engine, agents, SecondLevelBytes / 128);
        _cache = agents[0].Cache;
    }

    [Benchmark(OperationsPerInvoke = Accesses)]
    public long FirstLevel() => Walk(FirstLevelBytes);

    [Benchmark(OperationsPerInvoke = Accesses)]
    public long SecondLevel() => Walk(SecondLevelBytes);

    private unsafe long Walk(uint bytes)
    {
        long stallCycles = 0;
        for (uint i = 0; i < Accesses; i++)
        {
            byte* host = _cache.TryHit(
                new MachineAddress(i * LineBytes & (bytes - 1)), AccessKind.Load, out int stall);
            Invariant.Holds(host is not null);
            stallCycles += stall;
        }
        return stallCycles;
    }
}
