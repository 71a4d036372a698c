using System.Text.Json;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Cli.Tests;

/// <summary><c>disco run --record</c>, <c>disco replay</c> and <c>disco trace</c> as a user meets them.</summary>
public sealed class ReplayTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("disco-replay").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_recorded_run_replays_equal()
    {
        string file = Record("full", "--engine", "parallel", "--threads", "2");

        DiscoEnd replay = DiscoProgram.Run("replay", file, "--json");

        Assert.True(replay.ExitCode == 0, replay.Error + replay.Output);
        using JsonDocument verdict = JsonDocument.Parse(replay.Output);
        Assert.True(verdict.RootElement.GetProperty("equal").GetBoolean());
        Assert.True(verdict.RootElement.GetProperty("deliveries").GetInt64() > 100);
    }

    [Fact]
    public void One_actor_a_stretch_and_a_cycle_of_a_recorded_run_are_repeated()
    {
        string file = Record("full", "--set", "record.mark=25us", "--set", "record.snapshot-every=1");

        DiscoEnd actor = DiscoProgram.Run("replay", file, "--actor", "cpu/1", "--json");
        DiscoEnd stretch = DiscoProgram.Run("replay", file, "--from", "15000", "--until", "35000");
        DiscoEnd seek = DiscoProgram.Run("replay", file, "--seek", "33000");
        DiscoEnd nobody = DiscoProgram.Run("replay", file, "--actor", "cpu/9");

        using JsonDocument verdict = JsonDocument.Parse(actor.Output);
        Assert.True(verdict.RootElement.GetProperty("equal").GetBoolean());
        Assert.True(stretch.ExitCode == 0, stretch.Error + stretch.Output);
        Assert.Contains("c35000", stretch.Output, StringComparison.Ordinal);
        Assert.True(seek.ExitCode == 0, seek.Error + seek.Output);
        Assert.Contains("c33000", seek.Output, StringComparison.Ordinal);
        Assert.Contains("the snapshot of c30000", seek.Output, StringComparison.Ordinal);
        Assert.Equal(2, nobody.ExitCode);
        Assert.Contains("the recorded machine has no such actor", nobody.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_guest_image_than_the_recorded_one_is_refused_by_its_name()
    {
        string guest = Path.Combine(_folder, "mine.elf");
        File.Copy(Repository.PathOf("guests", "images", "hello.elf"), guest);
        string file = Path.Combine(_folder, "mine.tr");
        DiscoProgram.Run("run", "--guest", guest, "--cpus", "1", "--record", file);
        File.Copy(Repository.PathOf("guests", "images", "torture.elf"), guest, overwrite: true);

        DiscoEnd replay = DiscoProgram.Run("replay", file);

        Assert.Equal(2, replay.ExitCode);
        Assert.Contains($"'{guest}' is not the file of the recording", replay.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Deliveries_are_listed_filtered_and_drawn()
    {
        string file = Record("messages");

        DiscoEnd list = DiscoProgram.Run("trace", "list", file, "--actor", "cpu/1", "--kind", "GetS", "--limit", "3");
        DiscoEnd drawing = DiscoProgram.Run("trace", "export", file, "mermaid", "--limit", "4");
        DiscoEnd all = DiscoProgram.Run("trace", "export", file, "mermaid");

        Assert.Equal(3, list.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.All(list.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => Assert.Matches(@"^ *\d+ cpu/1 +-> \S+ +cpu/1#\d+ +GetS 0x[0-9a-f]+", line));
        Assert.StartsWith("sequenceDiagram\n", drawing.Output, StringComparison.Ordinal);
        Assert.Equal(2, all.ExitCode);
        Assert.Contains("more than 300 messages", all.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_recording_of_level_order_says_why_it_lists_nothing()
    {
        DiscoEnd list = DiscoProgram.Run("trace", "list", Record("order"));

        Assert.Equal(2, list.ExitCode);
        Assert.Contains("--record-level messages", list.Error, StringComparison.Ordinal);
    }

    private string Record(string level, params string[] more)
    {
        string file = Path.Combine(_folder, $"{level}.tr");
        DiscoEnd end = DiscoProgram.Run(
            ["run", "--guest", "hello", "--cpus", "2", "--record", file, "--record-level", level, .. more]);
        Assert.True(end.ExitCode == 0, end.Error + end.Output);
        return file;
    }
}
