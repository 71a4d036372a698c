using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Xunit;

namespace Disco.Actors.Machine.Tests.Boards;

/// <summary>Whole machines run whole guests: boot, start of the other CPUs, coherence, devices, power off.</summary>
public sealed class GuestTests
{
    [Theory]
    [InlineData("hello", 1)]
    [InlineData("hello", 2)]
    [InlineData("hello", 4)]
    [InlineData("hello32", 2)]
    [InlineData("hello-be", 2)]
    public void Hello_greets_from_every_cpu_and_powers_off(string guest, int cpus)
    {
        GuestResult result = GuestRun.Run(guest, GuestRun.Board(cpus));

        Assert.Equal((Outcome.Stopped, 0, "power off"), (result.Run.Outcome, result.Run.ExitCode, result.Run.Reason));
        Assert.Contains("hello: ok", result.Console, StringComparison.Ordinal);
        Assert.Contains($"CPU {cpus - 1}", result.Console, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Torture_of_locks_and_barriers_holds(int cpus)
    {
        GuestResult result = GuestRun.Run("torture", GuestRun.Board(cpus));

        Assert.Contains("torture: ok", result.Console, StringComparison.Ordinal);
        Assert.Equal(0, result.Run.ExitCode);
    }

    [Fact]
    public void One_seed_gives_one_outcome()
    {
        GuestResult first = GuestRun.Run("hello", GuestRun.Board(4), seed: 7);
        GuestResult second = GuestRun.Run("hello", GuestRun.Board(4), seed: 7);

        Assert.Equal(first.StateHash, second.StateHash);
        Assert.Equal(first.Run.Cycle, second.Run.Cycle);
    }

    [Fact]
    public void Fast_fidelity_prints_the_same()
    {
        GuestResult coherent = GuestRun.Run("hello", GuestRun.Board(4));
        GuestResult fast = GuestRun.Run("hello", GuestRun.Board(4, Fidelity.Fast));

        Assert.Equal(coherent.Console, fast.Console);
        Assert.Equal(coherent.Run.ExitCode, fast.Run.ExitCode);
        Assert.Equal(0, fast.Report.MissLatency.Count);
    }

    /// <summary>Cycles are busy, stalled or idle; nothing is counted twice or forgotten.</summary>
    [Fact]
    public void Every_cycle_of_a_cpu_is_accounted_for()
    {
        GuestResult result = GuestRun.Run("hello", GuestRun.Board(2));

        foreach (CpuReport cpu in result.Report.Cpus)
        {
            long sum = cpu.Time.BusyCycles + cpu.Time.StallCycles + cpu.Time.IdleCycles;
            Assert.InRange(sum, result.Report.Cycles, result.Report.Cycles + 100);
        }
    }
}
