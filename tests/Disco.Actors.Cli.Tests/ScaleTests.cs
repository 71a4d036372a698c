using System.Text.Json;
using System.Xml.Linq;
using Disco.Actors.Cli.Configuration;
using Disco.Actors.Cli.Reports;
using Disco.Actors.Cli.Scaling;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
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

#if WITH_AKKA
    /// <summary>Its order is lax, so what is the same are the results that a guest prints, and its exit code.</summary>
    [Fact]
    public void On_the_Akka_engine_every_cell_ends_equally_and_the_report_names_the_engine()
    {
        string html = Path.Combine(_folder, "report.html");

        DiscoEnd end = DiscoProgram.Run(
            "scale", "--engine", "akka", "--workload", "radix", "--bootargs", "keys=1024 radix=16", "--cpus", "1,2",
            "--threads", "0,1,2", "--repeat", "2", "--json", "--out", html);

        Assert.Equal("", end.Error);
        Assert.Equal(0, end.ExitCode);
        JsonElement report = JsonDocument.Parse(end.Output).RootElement;
        Assert.Equal("akka", report.GetProperty("engine").GetString());
        Assert.True(report.GetProperty("agree").GetBoolean());
        JsonElement[] cells = [.. report.GetProperty("sizes").EnumerateArray()
            .SelectMany(size => size.GetProperty("cells").EnumerateArray())];
        Assert.Equal(6, cells.Length);
        Assert.All(cells, cell => Assert.True(cell.GetProperty("sameEnd").GetBoolean()));
        Assert.All(cells, cell => Assert.Equal(0, cell.GetProperty("exitCode").GetInt32()));
        Assert.Contains("radix, Akka engine, window 1000", File.ReadAllText(html), StringComparison.Ordinal);
        AssertDrawn(File.ReadAllText(html));
    }
#endif

    /// <summary>The guests' convention (guests/README.md): only these figures depend on time.</summary>
    [Fact]
    public void Printed_ticks_stolen_tiles_and_marks_are_no_results()
    {
        Assert.Equal(GuestText.ResultsOf("  19 marks made against"), GuestText.ResultsOf("  20 marks made against"));
        Assert.NotEqual(GuestText.ResultsOf("  19 marks lost"), GuestText.ResultsOf("  20 marks lost"));
        const string One = "  drawn in 120 ticks, 3 tiles stolen, checksum 00000017\nraytrace: ok\n";
        const string Other = "  drawn in 121 ticks, 0 tiles stolen, checksum 00000018\nraytrace: ok\n";

        Assert.Equal(GuestText.ResultsOf(One), GuestText.ResultsOf(One.Replace("120", "99", StringComparison.Ordinal)));
        Assert.Null(GuestText.FirstDifference(GuestText.ResultsOf(One), GuestText.ResultsOf(One)));
        string difference = GuestText.FirstDifference(GuestText.ResultsOf(One), GuestText.ResultsOf(Other))!;
        Assert.Contains("checksum 00000017' and '", difference, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_prints_another_result_differs_on_every_engine()
    {
        ScaleCell same = new([Ended(1, "sum 1", 7), Ended(1, "sum 1", 8)], []);
        ScaleCell other = new([Ended(2, "sum 1", 7), Ended(2, "sum 2", 7)], []);

        Assert.True(new ScaleSize(2, [same], null, IsExact: false).Agrees);
        Assert.False(new ScaleSize(2, [same], null).Agrees);
        ScaleSize size = new(2, [same, other], null, IsExact: false);
        Assert.False(size.Agrees);
        Assert.Equal([true, false], size.Cells.Select(size.EndsEqually));
        string table = ScaleHtml.Of(new ScaleMatrix("sums", EngineKind.Akka, "1000", 3, 2, [size]));
        Assert.Contains("sums, Akka engine, 3 processes, window 1000", table, StringComparison.Ordinal);
        Assert.Contains("<td>equal</tr>", table, StringComparison.Ordinal);
        Assert.Contains("<td>DIFFERS</tr>", table, StringComparison.Ordinal);
    }

    /// <summary>Their times are those of the same guest, so that what two threads lack is the engine's or the host's.
    /// </summary>
    [Fact]
    public void Machines_side_by_side_tell_what_the_host_allows()
    {
        DiscoEnd end = DiscoProgram.Run(
            "scale", "--workload", "radix", "--bootargs", "keys=4096 radix=16", "--cpus", "2", "--threads", "1,2",
            "--repeat", "2", "--side-by-side", "--no-prediction", "--json");

        Assert.Equal(0, end.ExitCode);
        JsonElement[] cells = [.. JsonDocument.Parse(end.Output).RootElement.GetProperty("sizes")[0]
            .GetProperty("cells").EnumerateArray()];
        Assert.Equal(JsonValueKind.Null, cells[0].GetProperty("sideBySideSpeedUp").ValueKind);
        Assert.True(cells[1].GetProperty("sideBySideSpeedUp").GetDouble() > 0);
    }

    [Fact]
    public void The_speed_up_side_by_side_is_of_medians_and_by_the_number_of_machines()
    {
        ScaleCell one = new([Ended(1, "", 1)], []);
        ScaleCell three = new([Ended(3, "", 1)], [9, 1.5, 1]);
        ScaleSize size = new(2, [one, three], null);

        Assert.Equal(3 / 1.5, size.SideBySideSpeedUp(three));
        Assert.Null(size.SideBySideSpeedUp(one));
        Assert.Null(new ScaleSize(2, [three], null).SideBySideSpeedUp(three));
    }

    [Theory]
    [InlineData("compares with one thread", "2")]
    [InlineData("compares with one thread", "0,1")]
    public void Side_by_side_without_one_thread_or_without_several_is_refused(string advice, string threads)
    {
        DiscoEnd end = DiscoProgram.Run("scale", "--side-by-side", "--threads", threads);

        Assert.Equal(2, end.ExitCode);
        Assert.Contains(advice, end.Error, StringComparison.Ordinal);
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

    private static ScaleRun Ended(int threads, string results, ulong stateHash)
    {
        byte[] hello = File.ReadAllBytes(Repository.PathOf("guests", "images", "hello.elf"));
        Multiprocessor machine = MachineBuilder.Build(
            new BoardConfig { Nodes = 1, Cpus = 1 }, ElfImage.Parse(hello, "hello"));
        MachineReport figures = MachineReport.Of(machine, new Cycle(1), []);
        return new ScaleRun(
            2, threads, 1, stateHash, new ScaleEnd(Outcome.Stopped, 0, results), figures, 0, default, [], 0);
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
