using BenchmarkDotNet.Attributes;
using Disco.Actors.Core;
using Disco.Actors.Verification.Shootdowns;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Benchmarks;

/// <summary>
/// Host time of one shootdown of a page that all of eight CPUs on four nodes hold, with all its messages, engine
/// included. What it takes in virtual time is measured by <see cref="Shootdowns"/>.
/// </summary>
public class ShootdownRound
{
    public const int Rounds = 500;

    [ParamsAllValues]
    public ShootdownProtocol Protocol { get; set; }

    /// <summary>Returns the virtual cycles of all together, which are the same on every host.</summary>
    [Benchmark(OperationsPerInvoke = Rounds)]
    public double Round()
    {
        ShootdownReport report = ShootdownMeasurement.Run(
            Protocol, nodes: 4, cpusPerNode: 2, holders: 8, Rounds, seed: 1);
        Invariant.Holds(report.Shootdowns == Rounds);
        return report.Latency.MeanCycles;
    }
}
