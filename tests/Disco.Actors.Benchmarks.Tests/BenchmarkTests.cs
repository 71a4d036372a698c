using System.Reflection;
using BenchmarkDotNet.Attributes;
using Xunit;

namespace Disco.Actors.Benchmarks.Tests;

/// <summary>A benchmark that nobody runs rots: each is set up and run once, with what it is given by default.</summary>
public sealed class BenchmarkTests
{
    /// <summary>Minutes at its real size; it has a small one of its own.</summary>
    private static readonly Type[] RunApart = [typeof(WholeGuests)];

    public static TheoryData<string> Classes => [.. Benchmarks.Except(RunApart).Select(type => type.Name)];

    private static IEnumerable<Type> Benchmarks =>
        typeof(WholeGuests).Assembly.GetExportedTypes().Where(type => MethodsOf<BenchmarkAttribute>(type).Any());

    [Fact]
    public void Every_layer_has_a_benchmark()
    {
        string[] layers =
        [
            nameof(InstructionDecode), nameof(InstructionLoop), nameof(CacheHit), nameof(TlbMiss),
            nameof(DirectoryTransaction), nameof(EngineMessage), nameof(ShootdownRound), nameof(PageMigration),
            nameof(WholeGuests),
        ];

        Assert.Empty(layers.Except(Benchmarks.Select(type => type.Name)));
    }

    [Theory]
    [MemberData(nameof(Classes))]
    public void Benchmark_runs(string name)
    {
        Type type = Benchmarks.Single(each => each.Name == name);
        object benchmark = Activator.CreateInstance(type)!;
        Call<GlobalSetupAttribute>(benchmark);

        foreach (MethodInfo method in MethodsOf<BenchmarkAttribute>(type))
        {
            Call<IterationSetupAttribute>(benchmark);
            object? result = method.Invoke(benchmark, null);
            Assert.True(result is not null, $"{name}.{method.Name} gives nothing: its work may be left out");
        }
        Call<GlobalCleanupAttribute>(benchmark);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(256, 128)]
    public void Engines_deliver_the_same_messages(int inFlight, int payloadBytes)
    {
        ulong[] hashes = [.. new[] { "deterministic", "parallel 1", "parallel 2" }
            .Select(kind => EngineMessage.Smoke(kind, inFlight, payloadBytes))];

        Assert.Single(hashes.Distinct());
    }

    /// <summary>Each case verifies its own result; the small sizes take a moment.</summary>
    [Theory]
    [InlineData("kernels")]
    [InlineData("radix, 8 CPUs")]
    [InlineData("raytrace, 8 CPUs")]
    public void Whole_guests_run(string only)
    {
        string[] lines = [.. WholeGuests.Measure(smoke: true, only)];

        Assert.NotEmpty(lines);
        Assert.All(lines, line => Assert.Contains("guest MIPS", line, StringComparison.Ordinal));
    }

    /// <summary>A slice of the random recordings; <c>DISCO_RECORDINGS</c> says how many.</summary>
    [Fact]
    public void Every_recording_replays_equal_by_every_route()
    {
        int count = int.TryParse(Environment.GetEnvironmentVariable("DISCO_RECORDINGS"), out int asked) ? asked : 14;

        string[] lines = [.. RandomRecordings.Measure(count)];

        Assert.StartsWith($"{count} recordings, {count} replayed equal", lines[0], StringComparison.Ordinal);
    }

    [Fact]
    public void What_recording_and_replay_cost_is_measured()
    {
        string[] costs = [.. RecordingCost.Measure(smoke: true, "")];
        string[] actors = [.. ReplayCost.Actor(smoke: true)];

        // Three levels and the run again of each of four runs, below two lines of a table's head.
        Assert.Equal(2 + (4 * 4), costs.Length);
        Assert.Equal(1 + 4, actors.Length);
    }

    private static IEnumerable<MethodInfo> MethodsOf<T>(Type type)
        where T : Attribute =>
        type.GetMethods().Where(method => method.GetCustomAttribute<T>() is not null);

    private static void Call<T>(object benchmark)
        where T : Attribute
    {
        foreach (MethodInfo method in MethodsOf<T>(benchmark.GetType()))
        {
            method.Invoke(benchmark, null);
        }
    }
}
