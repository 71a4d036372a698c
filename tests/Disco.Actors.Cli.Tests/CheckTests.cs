using System.Text.Json;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Cli.Tests;

/// <summary><c>--check</c>, from power-on and from a checkpoint.</summary>
public sealed class CheckTests : IDisposable
{
    // Small caches and a low trigger, so that pages move soon.
    private static readonly string[] Moving =
    [
        "run", "--vm", "r=splashos-raytrace,vcpus=4,bootargs=size=8 balls=256", "--cpus", "4", "--json",
        "--set", "cache.l2.size=64KiB", "--set", "monitor.placement.first=round-robin",
        "--set", "monitor.placement.trigger=8", "--set", "monitor.placement.reset=0.1ms",
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("disco-check").FullName;

    private string File => Path.Combine(_folder, "begun.ckpt");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Who watches changes nothing.</summary>
    [Fact]
    public void Watched_run_says_what_was_watched_and_is_the_same_run()
    {
        JsonElement plain = Run();
        JsonElement watched = Run("--check");

        Assert.Equal(plain.GetProperty("stateHash").GetString(), watched.GetProperty("stateHash").GetString());
        foreach (JsonProperty count in watched.GetProperty("checked").EnumerateObject())
        {
            Assert.True(count.Value.GetInt64() > 0, count.Name);
        }
    }

    /// <summary>One beginning for every way of shooting down and of moving pages.</summary>
    [Theory]
    [InlineData("mach", "verghese")]
    [InlineData("numa-multicast", "ace")]
    [InlineData("lazy", "ace")]
    [InlineData("batched", "verghese")]
    public void Checkpoint_without_moves_goes_on_with_any_protocol_and_policy(string protocol, string policy)
    {
        Run("--set", "monitor.placement.policy=off", "--for", "0.5ms", "--checkpoint-save", File);

        JsonElement end = Run(
            "--check", "--checkpoint-load", File, "--set", $"monitor.shootdown={protocol}",
            "--set", $"monitor.placement.policy={policy}");

        Assert.Equal("ok", end.GetProperty("outcome").GetString());
        Assert.True(end.GetProperty("checked").GetProperty("shootdowns").GetInt64() > 0);
    }

    [Fact]
    public void Checkpoint_with_moves_goes_on_only_with_its_own_policy()
    {
        Run("--for", "0.5ms", "--checkpoint-save", File);

        DiscoEnd end = DiscoProgram.Run(
            [.. Moving, "--checkpoint-load", File, "--set", "monitor.placement.policy=off"]);

        Assert.Equal(2, end.ExitCode);
        Assert.Contains("monitor.placement.policy = off)", end.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Engine_of_several_threads_cannot_be_watched()
    {
        DiscoEnd end = DiscoProgram.Run("run", "--guest", "hello", "--check", "--engine", "parallel");

        Assert.Equal(2, end.ExitCode);
        Assert.Contains("--engine deterministic", end.Error, StringComparison.Ordinal);
    }

    private static JsonElement Run(params string[] arguments)
    {
        DiscoEnd end = DiscoProgram.Run([.. Moving, .. arguments]);
        Assert.True(end.ExitCode == 0, end.Error + end.Output);
        using JsonDocument report = JsonDocument.Parse(end.Output);
        return report.RootElement.Clone();
    }
}
