using BenchmarkDotNet.Attributes;

namespace Disco.Actors.Benchmarks;

/// <summary>
/// A message of the Akka engine beside a bare one: <see cref="AkkaMessages"/> as a pair. In the process that was built
/// with Akka.NET, as others are built without.
/// </summary>
[InProcess]
[MemoryDiagnoser]
public class AkkaMessage
{
    private const int MessagesPerCall = 1_000_000;

    [Params(1, 8, 64)]
    public int Pairs { get; set; } = 1;

    [Benchmark(Baseline = true, OperationsPerInvoke = MessagesPerCall)]
    public double Bare() => AkkaMessages.Bare(Pairs, MessagesPerCall).Time;

    [Benchmark(OperationsPerInvoke = MessagesPerCall)]
    public double Engine() => AkkaMessages.Engine(Pairs, MessagesPerCall).Time;
}
