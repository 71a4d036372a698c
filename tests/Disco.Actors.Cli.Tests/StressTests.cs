using System.Text.Json;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Cli.Tests;

/// <summary><c>disco stress</c> as a user's shell runs it.</summary>
public sealed class StressTests
{
    [Fact]
    public void A_run_that_breaks_nothing_ends_with_success()
    {
        DiscoEnd end = DiscoProgram.Run("stress", "shootdown", "--protocol", "mach", "--seeds", "1..50", "--json");

        Assert.Equal(0, end.ExitCode);
        using JsonDocument report = JsonDocument.Parse(end.Output);
        Assert.Equal(50, report.RootElement.GetProperty("report").GetProperty("schedules").GetInt64());
    }

    /// <summary>The canary: a mistake made on purpose is found, saved and repeated; the shipping code survives it.
    /// </summary>
    [Fact]
    public void A_mutant_is_found_and_its_file_repeats_it()
    {
        string file = Path.Combine(Path.GetTempPath(), $"disco-stress-{Guid.NewGuid():N}.json");
        try
        {
            DiscoEnd found = DiscoProgram.Run(
                "stress", "coherence", "--mutant", "CacheKeepsInvalidated", "--seeds", "1..2000",
                "--strategy", "random", "--shrink", "--out", file);
            DiscoEnd again = DiscoProgram.Run("stress", "repro", file);
            DiscoEnd shipped = DiscoProgram.Run("stress", "repro", file, "--shipped");

            Assert.Equal(1, found.ExitCode);
            Assert.Contains("disco stress coherence --seed", found.Output);
            Assert.StartsWith("sequenceDiagram", File.ReadAllText(Path.ChangeExtension(file, ".mmd")));
            Assert.Equal(1, again.ExitCode);
            Assert.Contains("broken: ", again.Output);
            Assert.Equal(0, shipped.ExitCode);
        }
        finally
        {
            File.Delete(file);
            File.Delete(Path.ChangeExtension(file, ".mmd"));
            File.Delete(Path.ChangeExtension(file, ".tr"));
        }
    }

    [Theory]
    [InlineData("--protocol lasy", "Did you mean lazy?")]
    [InlineData("--strategy best", "there is no such strategy")]
    [InlineData("--seeds 5..1", "write A..B")]
    [InlineData("--faults rain", "there is no such fault")]
    [InlineData("--mutant CacheKeepsLinc", "Did you mean CacheKeepsLink?")]
    [InlineData("--for never", "write a time")]
    public void A_wrong_flag_is_answered_by_one_sentence(string flags, string sentence)
    {
        DiscoEnd end = DiscoProgram.Run(["stress", "shootdown", .. flags.Split(' ')]);

        Assert.Equal(2, end.ExitCode);
        Assert.Contains(sentence, end.Error);
    }

    /// <summary>[Baumann et al. 2009, 5.1] fewer messages from one sender make the multicasts faster than unicast.
    /// </summary>
    [Fact]
    public void A_comparison_orders_the_protocols_as_published()
    {
        DiscoEnd end = DiscoProgram.Run(
            "stress", "compare", "--cpus", "64", "--cpus-per-node", "8", "--shootdowns", "20", "--schedules", "20",
            "--json");

        Assert.Equal(0, end.ExitCode);
        using JsonDocument rows = JsonDocument.Parse(end.Output);
        Dictionary<string, double> median = rows.RootElement.EnumerateArray().ToDictionary(
            row => row.GetProperty("protocol").GetString()!, row => row.GetProperty("p50Ns").GetDouble());
        Assert.True(median["numa-multicast"] <= median["multicast"]);
        Assert.True(median["multicast"] < median["targeted"]);
    }
}
