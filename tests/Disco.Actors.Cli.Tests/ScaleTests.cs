using System.Text.Json;
using System.Xml.Linq;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Cli.Tests;

/// <summary><c>disco scale</c>, as a user meets it.</summary>
public sealed class ScaleTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("disco-scale").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_matrix_has_one_state_for_each_machine_and_a_time_for_each_cell()
    {
        string html = Path.Combine(_folder, "report.html");

        DiscoEnd end = DiscoProgram.Run(
            "scale", "--workload", "radix", "--bootargs", "keys=4096 radix=16", "--cpus", "1,4", "--threads", "0,1,3",
            "--repeat", "2", "--json", "--out", html);

        Assert.Equal("", end.Error);
        Assert.Equal(0, end.ExitCode);
        JsonElement report = JsonDocument.Parse(end.Output).RootElement;
        Assert.True(report.GetProperty("agree").GetBoolean());
        JsonElement[] sizes = [.. report.GetProperty("sizes").EnumerateArray()];
        Assert.Equal([1, 4], sizes.Select(size => size.GetProperty("cpus").GetInt32()));
        Assert.True(sizes[0].GetProperty("cycles").GetInt64() > sizes[1].GetProperty("cycles").GetInt64());
        JsonElement[] cells = [.. sizes[1].GetProperty("cells").EnumerateArray()];
        Assert.Equal([0, 1, 3], cells.Select(cell => cell.GetProperty("threads").GetInt32()));
        Assert.All(cells, cell => Assert.True(cell.GetProperty("fastestSeconds").GetDouble() > 0));
        Assert.Equal(3, cells[2].GetProperty("threadTimes").GetArrayLength());
        AssertDrawn(File.ReadAllText(html));
    }

    /// <summary>A longest chain of causes bounds every layout, and one core does all work.</summary>
    [Fact]
    public void The_prediction_grows_with_the_cores_up_to_the_critical_path()
    {
        DiscoEnd end = DiscoProgram.Run(
            "scale", "--workload", "radix", "--bootargs", "keys=4096 radix=16", "--cpus", "4", "--threads", "1",
            "--repeat", "1", "--json");

        JsonElement prediction = JsonDocument.Parse(end.Output).RootElement.GetProperty("sizes")[0]
            .GetProperty("prediction");
        double most = prediction.GetProperty("parallelism").GetDouble();
        double[] speedUps = [.. prediction.GetProperty("speedUps").EnumerateArray()
            .Select(speedUp => speedUp.GetProperty("anyActor").GetDouble())];
        Assert.Equal(1, speedUps[0], tolerance: 1e-6);
        Assert.True(speedUps[1] > 1.05);
        Assert.All(speedUps, speedUp => Assert.InRange(speedUp, 1 - 1e-6, most + 1e-6));
    }

    [Theory]
    [InlineData("--cpus 0: write whole numbers from 1 to 64", "--cpus", "0")]
    [InlineData("--threads two", "--threads", "two")]
    [InlineData("--threads 0 is the deterministic one", "--engine", "quick")]
    [InlineData("There is no guest 'radixx'", "--workload", "radixx")]
    [InlineData("cannot be written", "--out", "/no/such/folder/report.html")]
    public void What_makes_no_sense_is_refused_in_one_sentence(string advice, string flag, string value)
    {
        DiscoEnd end = DiscoProgram.Run("scale", flag, value);

        Assert.Equal(2, end.ExitCode);
        Assert.Contains(advice, end.Error, StringComparison.Ordinal);
        Assert.Single(end.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>Every plot is well-formed and has a point for each of its cells.</summary>
    private static void AssertDrawn(string html)
    {
        XElement[] plots = [.. html.Split("<svg").Skip(1)
            .Select(part => XElement.Parse("<svg" + part[..(part.IndexOf("</svg>", StringComparison.Ordinal) + 6)]))];
        Assert.Equal(4, plots.Length);
        // Host speed-up: two machines, two thread counts, the deterministic engine not among them.
        Assert.Equal(4, plots[0].Elements("circle").Count());
        Assert.Equal(2, plots[1].Elements("circle").Count());
        Assert.Equal(14, plots[2].Elements("circle").Count());
        Assert.Equal(6, plots[3].Elements("circle").Count());
    }
}
