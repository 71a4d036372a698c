using System.Text.RegularExpressions;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Interconnect;
using Xunit;

namespace Disco.Actors.Simulation.Tests.Machines;

/// <summary>
/// Programs made by a real compiler, on whole machines of many sizes. Each checks its own result and says so; the tests
/// only believe exit code 0 and that line.
/// </summary>
public sealed class GuestTests
{
    /// <summary>Every CPU starts, once, and is heard in order.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public void Hello_prints_one_line_per_cpu(int cpus)
    {
        GuestEnd end = Guest.Hello.Verified(Guest.Board(cpus));

        string[] greetings = [.. Enumerable.Range(0, cpus).Select(cpu => $"hello from CPU {cpu}")];
        Assert.Equal([$"hello: {cpus} CPUs", .. greetings, "hello: ok"], end.Lines);
    }

    /// <summary>Board specification: the byte order is the image's; ELF32 addresses are sign extended.</summary>
    [Theory]
    [InlineData("hello-be")]
    [InlineData("hello32")]
    public void Big_endian_and_32_bit_guests_say_the_same(string image)
    {
        GuestEnd expected = Guest.Hello.Verified(Guest.Board(2));

        GuestEnd end = new Guest(image).Verified(Guest.Board(2));

        Assert.Equal(expected.Lines, end.Lines);
    }

    /// <summary>Counters, locks, barriers, LL/SC against stores, a lock-free stack, interrupts between CPUs.</summary>
    [Theory]
    [InlineData(TopologyKind.Hypercube, 4, 4)]
    [InlineData(TopologyKind.Uma, 1, 4)]
    [InlineData(TopologyKind.Ring, 2, 4)]
    public void Torture_passes(TopologyKind topology, int nodes, int cpus)
    {
        BoardConfig board = new() { Topology = topology, Nodes = nodes, Cpus = cpus };

        GuestEnd end = Guest.Torture.Watched(board);

        Assert.DoesNotContain("failed", end.Console, StringComparison.Ordinal);
    }

    /// <summary>SPLASH-2's radix sort on 1 to 32 CPUs: sorted, with the sum of its keys unchanged.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(32)]
    public void Radix_sorts(int cpus) => Guest.Radix.Verified(Guest.Board(cpus));

    /// <summary>SPLASH-2's six-step FFT against the definition and its own inverse.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(32)]
    public void Fft_transforms(int cpus) => Guest.Fft.Verified(Guest.Board(cpus));

    /// <summary>Who draws which tile differs from machine to machine, the picture does not.</summary>
    [Fact]
    public void Raytrace_draws_the_same_picture_on_any_number_of_cpus()
    {
        string[] pictures = [.. new[] { 1, 2, 4, 8, 16, 32 }
            .Select(cpus => Checksum(Guest.Raytrace.Verified(Guest.Board(cpus))))];

        Assert.Single(pictures.Distinct());
    }

    /// <summary>CPUs of one node share its bus; the machine is right however CPUs lie on nodes.</summary>
    [Theory]
    [InlineData(TopologyKind.Mesh, 4, 16)]
    [InlineData(TopologyKind.Uma, 1, 8)]
    public void Radix_sorts_with_several_cpus_on_a_node(TopologyKind topology, int nodes, int cpus) =>
        Guest.Radix.Watched(new BoardConfig { Topology = topology, Nodes = nodes, Cpus = cpus });

    /// <summary>Jitter: extra latency on every message reorders traffic, as link contention would.</summary>
    [Theory]
    [InlineData(20)]
    [InlineData(1000)]
    public void Radix_and_torture_stand_jitter(long jitterCycles)
    {
        EngineOptions options = new() { Seed = 7, JitterCycles = jitterCycles };

        Guest.Radix.Watched(Guest.Board(4), options);
        new Guest("torture", "rounds=5").Watched(Guest.Board(4), options);
    }

    /// <summary>The fast fidelity is another memory system under the same CPU: the same results.</summary>
    [Theory]
    [InlineData("hello", "", 4)]
    [InlineData("radix", "keys=16384 radix=256", 4)]
    [InlineData("raytrace", "size=32", 4)]
    [InlineData("fft", "points=4096", 4)]
    [InlineData("torture", "rounds=20", 4)]
    [InlineData("kernels", "kernel=sieve", 1)]
    public void Fast_fidelity_gives_the_results_of_coherent(string name, string bootargs, int cpus)
    {
        Guest guest = new(name, bootargs);

        GuestEnd coherent = guest.Verified(Guest.Board(cpus));
        GuestEnd fast = guest.Verified(Guest.Board(cpus) with { Fidelity = Fidelity.Fast });

        Assert.Equal(coherent.Results, fast.Results);
    }

    private static string Checksum(GuestEnd end) => Regex.Match(end.Console, "checksum ([0-9a-f]{16})").Value;

    /// <summary>The library operating system runs the same programs, mapped; same results. [Disco, 4.4]</summary>
    [Theory]
    [InlineData("radix", "keys=4096 radix=64", 1)]
    [InlineData("radix", "keys=4096 radix=64", 4)]
    [InlineData("raytrace", "size=16", 4)]
    public void Library_operating_system_runs_the_same_programs(string program, string bootargs, int cpus)
    {
        GuestEnd expected = new Guest(program, bootargs).Verified(Guest.Board(cpus));

        GuestEnd end = new Guest($"splashos-{program}", bootargs).Verified(Guest.Board(cpus));

        Assert.Equal(expected.Results, end.Results);
    }

    /// <summary>Every kind of misbehaviour ends in exceptions of the guest's own. [MIPS64 Vol III, 6.2]</summary>
    [Theory]
    [InlineData("tlb")]
    [InlineData("guess")]
    [InlineData("dma")]
    [InlineData("calls")]
    [InlineData("jump")]
    public void Hostile_guest_gets_exceptions_and_nothing_else(string attack)
    {
        GuestEnd end = new Guest("hostile", $"attack={attack}").Verified(Guest.Board(1));

        Assert.StartsWith($"hostile: {attack}, ", end.Lines[0], StringComparison.Ordinal);
    }
}
