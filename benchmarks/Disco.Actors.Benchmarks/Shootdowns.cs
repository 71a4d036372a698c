using Disco.Actors.Verification.Shootdowns;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Benchmarks;

/// <summary>
/// What a shootdown of one page takes in virtual time, by protocol and number of CPUs that hold it: latency, messages,
/// and cycles taken from all CPUs together. The same on every host.
/// </summary>
internal static class Shootdowns
{
    private static readonly (int Nodes, int CpusPerNode, int Open)[] Shapes =
    [
        (2, 1, 1), (4, 1, 1), (2, 4, 1), (4, 4, 1), (8, 4, 1), (16, 2, 1), (32, 1, 1), (16, 4, 1), (64, 1, 1),
        (8, 4, 8),
    ];

    /// <param name="smoke">Few shootdowns, one shape.</param>
    public static IEnumerable<string> Measure(bool smoke)
    {
        yield return "| protocol | machine | CPUs | open | mean | p50 | p99 | messages | interrupts | CPU cycles |";
        yield return "|---|---|---|---|---|---|---|---|---|---|";
        foreach ((int nodes, int cpusPerNode, int open) in smoke ? Shapes[..1] : Shapes)
        {
            foreach (ShootdownProtocol protocol in Enum.GetValues<ShootdownProtocol>())
            {
                int cpus = nodes * cpusPerNode;
                ShootdownReport report = ShootdownMeasurement.Run(
                    protocol, nodes, cpusPerNode, cpus, smoke ? 3 : 200, seed: 1, open);
                yield return $"| {protocol} | {nodes} x {cpusPerNode} | {cpus} | {open} "
                    + $"| {report.Latency.MeanCycles:F0} | {report.Latency.P50} | {report.Latency.P99} "
                    + $"| {report.MessagesPerShootdown:F1} "
                    + $"| {(double)report.Interrupts / report.Shootdowns:F1} | {report.CpuCyclesPerShootdown:F0} |";
            }
        }
    }
}
