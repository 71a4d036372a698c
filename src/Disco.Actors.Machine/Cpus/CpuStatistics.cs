namespace Disco.Actors.Machine.Cpus;

/// <summary>Where a CPU's cycles went. Their sum is the cycle up to which the CPU has acted.</summary>
/// <param name="Instructions">Instructions executed.</param>
/// <param name="BusyCycles">One for each instruction.</param>
/// <param name="StallCycles">First-level misses, misses and register accesses.</param>
/// <param name="IdleCycles">Held in reset or asleep in WAIT.</param>
public readonly record struct CpuStatistics(
    long Instructions, long BusyCycles, long StallCycles, long IdleCycles);
