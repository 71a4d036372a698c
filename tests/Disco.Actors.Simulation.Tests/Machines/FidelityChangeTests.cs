using System.Text;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Simulation.Tests.Machines;

/// <summary>Positioned in the fast fidelity, continued in the coherent one. [SimOS: Embra and other models]</summary>
public sealed class FidelityChangeTests
{
    private const ulong MemoryBytes = 4 << 20;

    /// <summary>Whatever the guest is at: sorting, in a lock, waiting for a device, asleep.</summary>
    [Theory]
    [InlineData("radix", "keys=4096 radix=64", 100_000)]
    [InlineData("radix", "keys=4096 radix=64", 400_003)]
    [InlineData("torture", "rounds=20", 50_000)]
    [InlineData("torture", "rounds=20", 150_001)]
    [InlineData("torture", "rounds=20", 250_007)]
    [InlineData("hello", "", 9_001)]
    public void Guest_that_began_fast_ends_coherent_with_the_right_result(string name, string bootargs, long cycles)
    {
        Guest guest = new(name, bootargs);
        GuestEnd expected = guest.Verified(Guest.Board(4));
        Multiprocessor fast = guest.On(Guest.Board(4) with { Fidelity = Fidelity.Fast });
        DeterministicEngine early = new(fast.World, new EngineOptions());
        StringBuilder before = Guest.Capture(early);
        Assert.Equal(Outcome.ReachedLimit, early.Run(new Cycle(cycles)).Outcome);

        Multiprocessor coherent = guest.On(Guest.Board(4));
        FidelityChange.TakeOver(fast, coherent);
        ParallelEngine late = new(coherent.World, new EngineOptions { Threads = 2 });
        late.TakeOver(early);

        Assert.Equal(new Cycle(cycles), late.Now);
        Assert.Equal(early.Deliveries, late.Deliveries);
        GuestEnd end = Guest.Run(late);
        Assert.True(end.Run is { Outcome: Outcome.Stopped, ExitCode: 0 }, $"{end.Run.Reason}\n{end.Run.Report}");
        Assert.Equal(expected.Results, (end with { Console = before + end.Console }).Results);
    }

    [Fact]
    public void Memory_and_registers_are_equal_and_caches_empty()
    {
        BoardConfig board = Guest.Board(2) with { MemoryBytes = MemoryBytes };
        Multiprocessor fast = Build(board with { Fidelity = Fidelity.Fast });
        DeterministicEngine early = new(fast.World, new EngineOptions());
        early.Run(new Cycle(200_000));

        Multiprocessor coherent = Build(board);
        FidelityChange.TakeOver(fast, coherent);

        byte[] expected = new byte[MemoryBytes];
        byte[] bytes = new byte[MemoryBytes];
        fast.Memory.Read(default, expected);
        coherent.Memory.Read(default, bytes);
        Assert.True(expected.AsSpan().SequenceEqual(bytes));
        for (int cpu = 0; cpu < board.Cpus; cpu++)
        {
            Assert.Equal(fast.Cpus[cpu].Core.Pc, coherent.Cpus[cpu].Core.Pc);
            Assert.Equal(fast.Cpus[cpu].Core.GetRegister(29), coherent.Cpus[cpu].Core.GetRegister(29));
            Assert.Equal(fast.Cpus[cpu].Core.Instructions, coherent.Cpus[cpu].Core.Instructions);
            Assert.Empty(coherent.Cpus[cpu].Cache!.Lines());
        }
    }

    /// <summary>One position, one continuation: the same hash at the end, on either engine.</summary>
    [Fact]
    public void Continuation_is_deterministic()
    {
        ulong[] hashes = [.. new[] { false, true }.Select(parallel =>
        {
            Multiprocessor fast = Build(Guest.Board(2) with { Fidelity = Fidelity.Fast });
            DeterministicEngine early = new(fast.World, new EngineOptions());
            early.Run(new Cycle(100_000));
            Multiprocessor coherent = Build(Guest.Board(2));
            FidelityChange.TakeOver(fast, coherent);
            Engine late = parallel
                ? new ParallelEngine(coherent.World, new EngineOptions { Threads = 2 })
                : new DeterministicEngine(coherent.World, new EngineOptions());
            late.TakeOver(early);
            return Guest.Run(late).StateHash;
        })];

        Assert.Equal(hashes[0], hashes[1]);
    }

    /// <summary>With a disk, whose caches differ between the fidelities as the CPUs' do.</summary>
    private static Multiprocessor Build(BoardConfig board)
    {
        byte[] file = File.ReadAllBytes(Repository.PathOf("guests", "images", "radix.elf"));
        return MachineBuilder.Build(
            board, ElfImage.Parse(file, "radix"), "keys=1024 radix=32", new byte[64 * 512]);
    }
}
