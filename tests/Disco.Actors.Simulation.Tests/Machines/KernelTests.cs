using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Xunit;

namespace Disco.Actors.Simulation.Tests.Machines;

/// <summary>
/// The guest kernel on the bare board: processes, pipes, a disk, preemption and shootdowns of its own. Its job mix
/// checks every object it makes; the sum over all objects is the same on every machine.
/// </summary>
public sealed class KernelTests
{
    /// <summary>Of 8 jobs of 8 KB: what the sources on the disk compile to.</summary>
    private const string Jobs = "  8 jobs of 8 KB, objects 245eeef0b802a3d1, 33 processes";

    /// <summary>Both links run the same jobs, on any number of CPUs. [Disco 1997, section 4.2.1: relinking]</summary>
    [Theory]
    [InlineData("kernel", 1)]
    [InlineData("kernel", 2)]
    [InlineData("kernel", 4)]
    [InlineData("kernel", 8)]
    [InlineData("kernel-mapped", 1)]
    [InlineData("kernel-mapped", 2)]
    [InlineData("kernel-mapped", 4)]
    [InlineData("kernel-mapped", 8)]
    public void Job_mix_gives_the_same_objects_everywhere(string image, int cpus)
    {
        GuestEnd end = (Guest.Kernel with { Name = image }).Verified(Guest.Board(cpus));

        Assert.Equal(Jobs, end.Lines[1]);
    }

    /// <summary>
    /// The kernel's own checks: demand zero, copy on write, pipes, threads, shootdown while threads write, files,
    /// errors.
    /// </summary>
    [Theory]
    [InlineData("kernel", 1)]
    [InlineData("kernel", 4)]
    [InlineData("kernel-mapped", 4)]
    public void Processes_get_what_they_are_promised(string image, int cpus)
    {
        GuestEnd end = new Guest(image, "jobs=0").Verified(Guest.Board(cpus));

        Assert.Equal("check: ok", end.Lines[1]);
    }

    /// <summary>A quantum so short that every process is preempted again and again.</summary>
    [Fact]
    public void Job_mix_survives_a_short_quantum()
    {
        GuestEnd end = (Guest.Kernel with { Bootargs = "jobs=8 size=8 check=0 quantum=20 parallel=8" })
            .Verified(Guest.Board(2));

        Assert.Equal(Jobs, end.Lines[1]);
    }

    /// <summary>
    /// Without caches, frames that hold program text are freed and filled anew by one CPU and executed by another: what
    /// was decoded from them must be forgotten each time.
    /// </summary>
    [Fact]
    public void Job_mix_runs_in_the_fast_fidelity()
    {
        GuestEnd end = (Guest.Kernel with { Bootargs = "jobs=24 size=8 check=0 parallel=12" })
            .Verified(Guest.Board(2) with { Fidelity = Fidelity.Fast });

        Assert.Equal(Jobs.Replace("8 jobs", "24 jobs", StringComparison.Ordinal)
            .Replace("33 processes", "97 processes", StringComparison.Ordinal), end.Lines[1]);
    }

    /// <summary>A buffer cache of a few pages: blocks are read from the disk again and again.</summary>
    [Fact]
    public void Job_mix_survives_a_small_buffer_cache()
    {
        GuestEnd end = (Guest.Kernel with { Bootargs = "jobs=8 size=8 check=0 cache=8" }).Verified(Guest.Board(2));

        Assert.Equal(Jobs, end.Lines[1]);
    }

    /// <summary>A machine that is its own file server: look up, read, write, and a message of 256 pages.</summary>
    [Fact]
    public void Files_of_the_network_are_those_of_the_server()
    {
        Guest guest = new("kernel-mapped", "jobs=0 check=0 serve=1 server=0 transfer=1");

        GuestEnd end = guest.Verified(Guest.Board(2));

        Assert.Contains("net: ok", end.Lines);
        Assert.Equal(2, end.Lines.Count(line => line.EndsWith(" right", StringComparison.Ordinal)));
    }

    [Fact]
    public void Two_seeds_give_two_schedules_and_equal_objects()
    {
        GuestEnd one = Guest.MappedKernel.Verified(Guest.Board(4), new EngineOptions { Seed = 1 });
        GuestEnd two = Guest.MappedKernel.Verified(Guest.Board(4), new EngineOptions { Seed = 2 });

        Assert.NotEqual(one.StateHash, two.StateHash);
        Assert.Equal(one.Results, two.Results);
    }

    [Fact]
    public void The_parallel_engine_gives_the_hash_of_the_deterministic_one()
    {
        BoardConfig board = Guest.Board(4);

        GuestEnd one = Guest.Kernel.Verified(board);
        GuestEnd two = Guest.Kernel.Verified(board, new EngineOptions { Threads = 2 }, parallel: true);

        Assert.Equal(one.StateHash, two.StateHash);
    }
}
