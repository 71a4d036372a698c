using System.Text.Json;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Cli.Tests;

/// <summary>What the monitor takes, in virtual time, the same on every host. [Disco 5.2]</summary>
public sealed class OverheadTests
{
    /// <summary>
    /// One CPU, bare and under the monitor. [Disco 5.2: 3 to 16 %] With jobs that miss the TLB, and in a small run the
    /// first touch of each page, which happens once, has a larger share than in the runs of benchmarks/results.
    /// </summary>
    [Theory]
    [InlineData("kernels", "repeat=1", 6)]
    [InlineData("kernel", "jobs=8 size=16 check=0", 20)]
    [InlineData("kernel", "jobs=1 parallel=1 size=512 passes=8 scatter=20 check=0", 20)]
    public void Overhead_on_one_cpu_is_small_and_has_its_causes(string guest, string bootargs, int percentMax)
    {
        using JsonDocument bare = Run("--cpus", "1", "--guest", guest, "--bootargs", bootargs);
        using JsonDocument under = Run("--cpus", "1", "--vm", $"g={guest},bootargs={bootargs}");

        long more = Cycles(under) - Cycles(bare);
        Assert.InRange(100.0 * more / Cycles(bare), 0.1, percentMax);
        JsonElement causes = under.RootElement.GetProperty("monitor").GetProperty("causes");
        // A bare guest spends time on refills and on its disk of its own: the parts may be more than the whole.
        Assert.True(causes.EnumerateObject().Sum(cause => cause.Value.GetProperty("cycles").GetInt64()) > more / 2);
    }

    /// <summary>Each mechanism is worth something to a guest that misses the TLB. [Disco 4.1, 4.3]</summary>
    [Fact]
    public void Second_level_tlb_and_page_of_privileged_registers_save_time()
    {
        const string jobs = "jobs=1 parallel=1 size=1024 passes=2 scatter=20 check=0";
        string[] both = ["--cpus", "1", "--vm", $"g=kernel,bootargs={jobs}"];
        string[] noRegisters = ["--cpus", "1", "--vm", $"g=kernel,bootargs=\"{jobs} hal=disk,clear,free,idle\""];
        string[] noSecondLevel = ["--set", "monitor.l2tlb=0"];
        using JsonDocument all = Run(both);
        using JsonDocument noTlb = Run([.. both, .. noSecondLevel]);
        using JsonDocument neither = Run([.. noRegisters, .. noSecondLevel]);

        Assert.True(Cycles(all) < Cycles(noTlb), $"{Cycles(all)} with, {Cycles(noTlb)} without second-level TLB");
        Assert.True(Cycles(noTlb) < Cycles(neither), $"{Cycles(noTlb)} with, {Cycles(neither)} without registers");
    }

    private static long Cycles(JsonDocument report) => report.RootElement.GetProperty("cycles").GetInt64();

    private static JsonDocument Run(params string[] arguments)
    {
        DiscoEnd end = DiscoProgram.Run(["run", .. arguments, "--json"]);
        Assert.True(end.ExitCode == 0, end.Error + end.Output);
        return JsonDocument.Parse(end.Output);
    }
}
