using System.Text.Json;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Cli.Tests;

/// <summary><c>disco config</c>, <c>machines</c> and <c>guests</c>: what there is, and who decided it.</summary>
public sealed class ConfigTests
{
    /// <summary>Each layer in turn wins over the one before: reference, board, variable, flag.</summary>
    [Fact]
    public void Config_shows_who_set_each_value()
    {
        DiscoEnd end = DiscoProgram.Run(
            new Dictionary<string, string> { ["DISCO__LATENCY__TRANSIT"] = "400 ns" },
            "config", "--board", "flash-4x4", "--set", "latency.bus=80 ns",
            "--set", "latency.hop=\"25 ns\"", "--json");

        Assert.True(end.ExitCode == 0, end.Error);
        using JsonDocument document = JsonDocument.Parse(end.Output);
        Assert.Equal(("4", "hocon/boards/flash-4x4.conf"), Entry(document, "disco.board.nodes"));
        Assert.Equal(("400 ns", "environment"), Entry(document, "disco.latency.transit"));
        Assert.Equal(("80 ns", "command line"), Entry(document, "disco.latency.bus"));
        Assert.Equal(("25 ns", "command line"), Entry(document, "disco.latency.hop"));
        Assert.Equal(("150 ns", "hocon/reference.conf"), Entry(document, "disco.latency.memory"));
    }

    [Fact]
    public void Config_names_the_line_of_the_users_file()
    {
        string file = Path.Combine(Path.GetTempPath(), $"disco-{Environment.ProcessId}.conf");
        File.WriteAllText(file, "# mine\ndisco.engine.seed = 77\n");
        try
        {
            DiscoEnd end = DiscoProgram.Run("config", "--config", file);

            Assert.Matches(@"disco\.engine\.seed\s+77\s+\S*:2", end.Output);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("machines", "board", "flash-8x1")]
    [InlineData("guests", "guest", "raytrace")]
    public void Lists_are_json_arrays_on_request(string command, string field, string member)
    {
        DiscoEnd end = DiscoProgram.Run(command, "--json");

        Assert.Equal(0, end.ExitCode);
        using JsonDocument document = JsonDocument.Parse(end.Output);
        JsonElement[] rows = [.. document.RootElement.EnumerateArray()];
        Assert.Contains(rows, row => row.GetProperty(field).GetString() == member);
    }

    /// <summary>However wide a column is, a pipe gets every row.</summary>
    [Theory]
    [InlineData("machines", "mesh-16x4")]
    [InlineData("guests", "splashos-raytrace")]
    public void Lists_name_every_member(string command, string member) =>
        Assert.Contains(member, DiscoProgram.Run(command).Output, StringComparison.Ordinal);

    /// <summary>The value, and the layer without the line.</summary>
    private static (string Value, string Layer) Entry(JsonDocument document, string key)
    {
        JsonElement entry = document.RootElement.GetProperty(key);
        return (entry.GetProperty("value").GetString()!, entry.GetProperty("origin").GetString()!.Split(':')[0]);
    }
}
