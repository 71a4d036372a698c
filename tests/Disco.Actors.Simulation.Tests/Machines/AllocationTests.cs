using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Xunit;
using Xunit.Abstractions;

namespace Disco.Actors.Simulation.Tests.Machines;

/// <summary>Counting bytes of the whole process is only fair alone.</summary>
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public sealed class AllocationCollection;

/// <summary>
/// A warm machine allocates nothing per guest instruction and per message: two stretches of a run, one much longer than
/// the other, allocate the same.
/// </summary>
[Collection(nameof(AllocationTests))]
public sealed class AllocationTests(ITestOutputHelper output)
{
    private const int Cpus = 4;

    private const long WarmCycles = 12_000_000;
    private const long ShortCycles = 300_000;
    private const long LongCycles = 3_000_000;

    /// <summary>Instructions of an endless guest: integer work, loads and stores that miss the first level.</summary>
    [Theory]
    [InlineData(Fidelity.Coherent)]
    [InlineData(Fidelity.Fast)]
    public void Instructions_allocate_nothing(Fidelity fidelity)
    {
        Multiprocessor machine = new Guest("kernels", "kernel=chase repeat=1000000")
            .On(Guest.Board(1) with { Fidelity = fidelity });
        DeterministicEngine engine = new(machine.World, new EngineOptions());

        AssertSteady(engine, machine, messages: 0, GC.GetAllocatedBytesForCurrentThread, strayBytes: 0);
    }

    [Fact]
    public void Messages_allocate_nothing_on_the_deterministic_engine()
    {
        Multiprocessor machine = Torture();
        DeterministicEngine engine = new(machine.World, new EngineOptions());

        AssertSteady(engine, machine, messages: 10_000, GC.GetAllocatedBytesForCurrentThread, strayBytes: 0);
    }

    /// <summary>Of all threads, the test host's own among them, which now and then allocates a little.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Messages_allocate_nothing_on_the_parallel_engine(int threads)
    {
        Multiprocessor machine = Torture();
        ParallelEngine engine = new(machine.World, new EngineOptions { Threads = threads });

        AssertSteady(
            engine, machine, messages: 10_000, () => GC.GetTotalAllocatedBytes(precise: true), strayBytes: 16 << 10);
    }

    private static Multiprocessor Torture() => new Guest("torture", "rounds=1000000").On(Guest.TinyCaches(Cpus));

    private void AssertSteady(
        Engine engine, Multiprocessor machine, long messages, Func<long> allocated, long strayBytes)
    {
        // Twice over everything that is measured, so that nothing is for the first time.
        Run(engine, WarmCycles);
        Allocated(engine, LongCycles, allocated);
        long shortly = Allocated(engine, ShortCycles, allocated);
        long instructions = Instructions(machine);
        long deliveries = engine.Deliveries;

        long longer = Allocated(engine, LongCycles, allocated);
        instructions = Instructions(machine) - instructions;
        deliveries = engine.Deliveries - deliveries;
        for (int again = 0; again < 3 && strayBytes > 0; again++)
        {
            // What others allocate meanwhile differs from stretch to stretch, what the engine does would be in each.
            longer = Math.Min(longer, Allocated(engine, LongCycles, allocated));
        }
        output.WriteLine($"{shortly} bytes in {ShortCycles} cycles, {longer} in {LongCycles}: "
            + $"{instructions} instructions, {deliveries} messages");
        Assert.True(instructions > 50_000);
        Assert.True(deliveries >= messages);
        Assert.True(
            longer - shortly <= strayBytes,
            $"{longer - shortly} bytes more in {LongCycles - ShortCycles} cycles more");
    }

    private static long Instructions(Multiprocessor machine) => machine.Cpus.Sum(cpu => cpu.Core.Instructions);

    private static long Allocated(Engine engine, long cycles, Func<long> allocated)
    {
        long before = allocated();
        Run(engine, cycles);
        return allocated() - before;
    }

    private static void Run(Engine engine, long cycles)
    {
        RunResult result = engine.Run(engine.Now + cycles);
        Assert.Equal(Outcome.ReachedLimit, result.Outcome);
    }
}
