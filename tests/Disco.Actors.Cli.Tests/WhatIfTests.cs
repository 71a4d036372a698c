using System.Text.Json;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Cli.Tests;

/// <summary><c>disco replay FILE --what-if BOARD</c>: recorded requests on another memory system.</summary>
public sealed class WhatIfTests : IDisposable
{
    private static readonly string[] Radix = ["--guest", "radix", "--bootargs", "keys=4096 radix=64", "--cpus", "8"];

    private readonly string _folder = Directory.CreateTempSubdirectory("disco-what-if").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>
    /// Nothing was changed, so nothing changes: the requests with their own distances are the run's own memory traffic.
    /// </summary>
    [Fact]
    public void The_recorded_board_gives_the_recorded_misses()
    {
        JsonElement report = WhatIf(Record("messages"), Board("same", "disco.latency.transit = 300 ns"));

        JsonElement recorded = report.GetProperty("recorded");
        JsonElement driven = report.GetProperty("driven");
        Assert.Equal(driven.ToString(), report.GetProperty("whatIf").ToString());
        Assert.Empty(report.GetProperty("changes").EnumerateObject());
        Assert.True(Number(recorded, "localMisses") > 0);
        AssertNear(Number(recorded, "localMisses"), Number(driven, "localMisses"), 0.01);
        AssertNear(Number(recorded, "remoteMisses"), Number(driven, "remoteMisses"), 0.01);
        AssertNear(Number(recorded, "meanLatencyCycles"), Number(driven, "meanLatencyCycles"), 0.01);
        AssertNear(Number(recorded, "messages"), Number(driven, "messages"), 0.01);
        AssertNear(Number(recorded, "cycles"), Number(driven, "cycles"), 0.01);
    }

    /// <summary>The estimate beside the run itself on that board; barriers wait for whom they waited.</summary>
    [Fact]
    public void An_estimate_is_within_a_tenth_of_the_run_on_the_other_board()
    {
        string file = Record("messages");
        AssertNearTheRun(file, "latency.transit=900ns", "latency.bus=150ns");
        AssertNearTheRun(file, "board.nodes=1", "board.topology=uma");
        AssertNearTheRun(file, "board.topology=ring", "latency.hop=60ns");
    }

    [Fact]
    public void What_cannot_be_driven_is_refused_with_a_sentence()
    {
        string file = Record("messages");
        string order = Record("order");

        AssertRefused("--record-level messages", order, Board("a", "disco.latency.hop = 10 ns"));
        AssertRefused("cache.l2.size decides what is asked for", file, Board("b", "disco.cache.l2.size = 2 MiB"));
        AssertRefused("recorded are requests of 8", file, Board("c", "disco.board { nodes = 4, cpus = 4 }"));
        AssertRefused("There is no board 'flash-8x2'", file, "flash-8x2");
        AssertRefused("--seek and --what-if do not go together", file, "uma-8", "--seek", "5");
    }

    private void AssertNearTheRun(string file, params string[] keys)
    {
        string board = Board("other", string.Join('\n', keys.Select(key => "disco." + key)));
        DiscoEnd run = DiscoProgram.Run(["run", .. Radix, .. keys.SelectMany(key => new[] { "--set", key }), "--json"]);

        JsonElement report = WhatIf(file, board);

        using JsonDocument there = JsonDocument.Parse(run.Output);
        JsonElement whatIf = report.GetProperty("whatIf");
        AssertNear(Number(there.RootElement, "cycles"), Number(report, "estimatedCycles"), 0.1);
        AssertNear(
            Number(there.RootElement, "misses"),
            Number(whatIf, "localMisses") + Number(whatIf, "remoteMisses"), 0.1);
        AssertNear(
            Number(there.RootElement.GetProperty("missLatencyCycles"), "meanCycles"),
            Number(whatIf, "meanLatencyCycles"), 0.1);
    }

    private static double Number(JsonElement of, string name) => of.GetProperty(name).GetDouble();

    private static void AssertNear(double expected, double found, double part) =>
        Assert.InRange(found, expected * (1 - part), expected * (1 + part));

    private static void AssertRefused(string sentence, string file, string board, params string[] more)
    {
        DiscoEnd end = DiscoProgram.Run(["replay", file, "--what-if", board, .. more]);
        Assert.Equal(2, end.ExitCode);
        Assert.Contains(sentence, end.Error, StringComparison.Ordinal);
        Assert.Single(end.Error.Trim().Split('\n'));
    }

    private string Board(string name, string text)
    {
        string file = Path.Combine(_folder, name + ".conf");
        File.WriteAllText(file, text);
        return file;
    }

    private string Record(string level)
    {
        string file = Path.Combine(_folder, level + ".tr");
        DiscoEnd end = DiscoProgram.Run(["run", .. Radix, "--record", file, "--record-level", level]);
        Assert.True(end.ExitCode == 0, end.Error + end.Output);
        return file;
    }

    private static JsonElement WhatIf(string file, string board)
    {
        DiscoEnd end = DiscoProgram.Run("replay", file, "--what-if", board, "--json");
        Assert.True(end.ExitCode == 0, end.Error);
        using JsonDocument report = JsonDocument.Parse(end.Output);
        return report.RootElement.Clone();
    }
}
