using System.Text.Json;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Cli.Tests;

/// <summary><c>--checkpoint-save</c> and <c>--checkpoint-load</c>: a run in two halves, and files that do not fit.
/// </summary>
public sealed class CheckpointTests : IDisposable
{
    private static readonly string[] Subject =
        ["run", "--guest", "radix", "--bootargs", "keys=4096 radix=64", "--cpus", "4", "--json"];

    private readonly string _folder = Directory.CreateTempSubdirectory("disco-checkpoint").FullName;

    private string File => Path.Combine(_folder, "half.ckpt");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>The same hash as the whole run, also when the second half runs on another engine.</summary>
    [Theory]
    [InlineData("deterministic")]
    [InlineData("parallel")]
    public void Run_in_two_halves_ends_as_the_whole_run(string engine)
    {
        JsonElement whole = Run();
        JsonElement first = Run("--for", "300000", "--checkpoint-save", File);

        JsonElement second = Run("--engine", engine, "--checkpoint-load", File);

        Assert.Contains("still runs", first.GetProperty("outcome").GetString(), StringComparison.Ordinal);
        foreach (string field in new[] { "outcome", "stateHash", "cycles", "instructions" })
        {
            Assert.Equal(whole.GetProperty(field).ToString(), second.GetProperty(field).ToString());
        }
        Assert.Equal(Console(whole), Console(first) + Console(second));
    }

    /// <summary>
    /// CPUs that share memory take turns, and a cut ends a turn: another order than the whole run's, as right.
    /// </summary>
    [Fact]
    public void Fast_checkpoint_goes_on_fast_to_the_right_result()
    {
        JsonElement first = Run("--fidelity", "fast", "--for", "300000", "--checkpoint-save", File);

        JsonElement[] ends = [Run("--fidelity", "fast", "--checkpoint-load", File),
            Run("--fidelity", "fast", "--checkpoint-load", File)];

        Assert.All(ends, end => Assert.Equal("ok", end.GetProperty("outcome").GetString()));
        Assert.EndsWith("radix: ok\n", Console(first) + Console(ends[0]), StringComparison.Ordinal);
        Assert.Single(ends.Select(end => end.GetProperty("stateHash").GetString()).Distinct());
    }

    /// <summary>Positioned fast, measured coherent.</summary>
    [Fact]
    public void Fast_checkpoint_goes_on_coherent()
    {
        Run("--fidelity", "fast", "--for", "300000", "--checkpoint-save", File);

        JsonElement limited = Run("--for", "1000", "--checkpoint-load", File);
        JsonElement end = Run("--checkpoint-load", File);

        Assert.Equal(301_000, limited.GetProperty("cycles").GetInt64());
        Assert.Equal("ok", end.GetProperty("outcome").GetString());
        Assert.EndsWith("radix: ok\n", Console(end), StringComparison.Ordinal);
        Assert.True(end.GetProperty("messages").GetProperty("GetX").GetInt64() > 0);
    }

    [Fact]
    public void Coherent_checkpoint_does_not_go_on_fast()
    {
        Run("--for", "1000", "--checkpoint-save", File);

        Assert.Contains("use --fidelity coherent", Refused("--fidelity", "fast"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("board.memory = 64 MiB", "--memory", "32 MiB")]
    [InlineData("board.cpus = 4", "--cpus", "2", "--nodes", "2")]
    [InlineData("cache.l2.size = 1 MiB", "--set", "cache.l2.size=512 KiB")]
    [InlineData("guest.bootargs = keys=4096 radix=64", "--bootargs", "keys=2048 radix=64")]
    [InlineData("(radix)", "--guest", "hello")]
    public void Checkpoint_of_another_machine_or_guest_is_refused_with_what_differs(
        string what, params string[] arguments)
    {
        Run("--for", "1000", "--checkpoint-save", File);

        Assert.Contains(what, Refused(arguments), StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_checkpoint_is_refused()
    {
        Run("--for", "1000", "--checkpoint-save", File);
        byte[] bytes = System.IO.File.ReadAllBytes(File);

        bytes[bytes.Length / 2] ^= 1;
        System.IO.File.WriteAllBytes(File, bytes);
        Assert.Contains("damaged", Refused(), StringComparison.Ordinal);

        System.IO.File.WriteAllBytes(File, bytes[..20]);
        Assert.Contains("damaged", Refused(), StringComparison.Ordinal);

        bytes[8]++;
        System.IO.File.WriteAllBytes(File, bytes);
        Assert.Contains("format 2", Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void File_that_is_no_checkpoint_is_refused()
    {
        Assert.Contains("cannot be read", Refused(), StringComparison.Ordinal);

        System.IO.File.WriteAllText(File, "half a run");
        Assert.Contains("not a checkpoint", Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void Ended_run_leaves_no_checkpoint_and_says_so()
    {
        DiscoEnd end = DiscoProgram.Run([.. Subject, "--checkpoint-save", File]);

        Assert.Equal(0, end.ExitCode);
        Assert.Contains("no checkpoint saved", end.Error, StringComparison.Ordinal);
        Assert.False(System.IO.File.Exists(File));
    }

    private static string Console(JsonElement report) => report.GetProperty("console").GetString()!;

    private static JsonElement Run(params string[] arguments)
    {
        DiscoEnd end = DiscoProgram.Run([.. Subject, .. arguments]);
        Assert.True(end.ExitCode == 0, end.Error + end.Output);
        using JsonDocument document = JsonDocument.Parse(end.Output);
        return document.RootElement.Clone();
    }

    private string Refused(params string[] arguments)
    {
        // A flag may be given once.
        string[] without = [.. Subject.Where((_, at) => !IsGivenAgain(at, arguments))];
        DiscoEnd end = DiscoProgram.Run([.. without, .. arguments, "--checkpoint-load", File]);
        Assert.True(end.ExitCode == 2, $"exit code {end.ExitCode}\n{end.Error}{end.Output}");
        Assert.Equal("", end.Output);
        Assert.Single(end.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.DoesNotContain("   at ", end.Error, StringComparison.Ordinal);
        return end.Error;
    }

    private static bool IsGivenAgain(int at, string[] arguments) =>
        arguments.Contains(Subject[at]) || (at > 0 && Subject[at - 1] is ['-', ..] and not "--json"
            && arguments.Contains(Subject[at - 1]));
}
