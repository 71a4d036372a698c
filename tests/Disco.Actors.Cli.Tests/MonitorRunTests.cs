using System.Text.Json;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Cli.Tests;

/// <summary>Virtual machines from the command line, side by side.</summary>
public sealed class MonitorRunTests
{
    [Fact]
    public void Each_machine_has_its_console_and_the_report_says_where_the_time_went()
    {
        DiscoEnd end = DiscoProgram.Run(
            "run", "--vm", "a=hello", "--vm", "second=radix,vcpus=2,bootargs=keys=1024 radix=32", "--cpus", "2");

        Assert.True(end.ExitCode == 0, end.Error + end.Output);
        Assert.Contains("a      | hello: ok\n", end.Output, StringComparison.Ordinal);
        Assert.Contains("second | radix: ok\n", end.Output, StringComparison.Ordinal);
        foreach (string row in new[] { "monitor %", "pages asked for", "as VMs see it (V)", "Fill" })
        {
            Assert.Contains(row, end.Output, StringComparison.Ordinal);
        }
    }

    /// <summary>Figure 8's shares and Table 3 of the paper, for people and for scripts/placement.</summary>
    [Fact]
    public void Report_says_how_many_misses_are_local_and_what_moved()
    {
        string[] run =
        [
            "run", "--vm", "r=splashos-raytrace,vcpus=2,bootargs=size=8 balls=256", "--cpus", "2",
            "--set", "cache.l2.size=64KiB", "--set", "monitor.placement.first=round-robin",
            "--set", "monitor.placement.trigger=8", "--set", "monitor.placement.reset=0.1ms",
        ];
        string text = DiscoProgram.Run(run).Output;
        using JsonDocument report = JsonDocument.Parse(DiscoProgram.Run([.. run, "--json"]).Output);

        JsonElement placement = report.RootElement.GetProperty("monitor").GetProperty("placement");
        Assert.Equal("RoundRobin", placement.GetProperty("first").GetString());
        Assert.InRange(placement.GetProperty("localShare").GetDouble(), 0.01, 0.99);
        double perSecond = placement.GetProperty("moves").EnumerateObject()
            .Sum(move => move.Value.GetProperty("perSecond").GetDouble());
        Assert.True(perSecond > 0, text);
        foreach (string row in new[] { "% in the own node's memory", "local misses %", "/s, " })
        {
            Assert.Contains(row, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Json_has_one_entry_for_each_of_several_machines_of_a_description()
    {
        DiscoEnd end = DiscoProgram.Run(
            "run", "--vm", "many=hello,count=3,memory=4MiB", "--cpus", "2", "--json", "--engine", "parallel");

        Assert.True(end.ExitCode == 0, end.Error + end.Output);
        using JsonDocument report = JsonDocument.Parse(end.Output);
        JsonElement vms = report.RootElement.GetProperty("monitor").GetProperty("vms");
        Assert.Equal(3, vms.GetArrayLength());
        Assert.All(vms.EnumerateArray(), vm =>
        {
            Assert.Equal("ok", vm.GetProperty("outcome").GetString());
            Assert.EndsWith("hello: ok\n", vm.GetProperty("console").GetString(), StringComparison.Ordinal);
        });
    }

    /// <summary>The kernel in both layouts and the library operating system, on fewer CPUs than virtual ones.</summary>
    [Fact]
    public void Kernels_and_library_systems_run_side_by_side()
    {
        using JsonDocument bare = Run("run", "--cpus", "2", "--guest", "raytrace", "--bootargs", "size=16");
        using JsonDocument report = Run(
            "run", "--cpus", "2", "--vm", "k=kernel,vcpus=2,bootargs=jobs=2 size=4 check=0", "--vm",
            "m=kernel-mapped,bootargs=jobs=2 size=4 check=0", "--vm", "r=splashos-raytrace,vcpus=2,bootargs=size=16",
            "--vm", "s=splashos-radix,vcpus=2,bootargs=keys=4096 radix=256");

        string picture = bare.RootElement.GetProperty("console").GetString()!.Split("checksum ")[1][..16];
        string[] consoles = [.. Vms(report).Select(vm => vm.GetProperty("console").GetString()!)];
        Assert.Equal(Objects(consoles[0]), Objects(consoles[1]));
        Assert.Contains($"checksum {picture}", consoles[2], StringComparison.Ordinal);
        Assert.EndsWith("raytrace: ok\n", consoles[2], StringComparison.Ordinal);
        Assert.EndsWith("radix: ok\n", consoles[3], StringComparison.Ordinal);
    }

    [Fact]
    public void Shootdowns_of_a_run_have_a_histogram_of_their_latencies()
    {
        string[] run = ["run", "--cpus", "2", "--vm", "k=kernel,vcpus=2,bootargs=jobs=1 size=4 check=0"];
        using JsonDocument report = JsonDocument.Parse(DiscoProgram.Run([.. run, "--json"]).Output);
        string text = DiscoProgram.Run(run).Output;

        JsonElement shootdowns = report.RootElement.GetProperty("monitor").GetProperty("shootdowns");
        JsonElement[] histogram = [.. shootdowns.GetProperty("histogram").EnumerateArray()];
        Assert.Equal(
            shootdowns.GetProperty("latencyCycles").GetProperty("count").GetInt64(),
            histogram.Sum(row => row.GetProperty("count").GetInt64()));
        Assert.Contains("shootdowns of ns and more", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a=hello,vcpu=2", "there is no key 'vm.a.vcpu'. Did you mean vm.a.vcpus?")]
    [InlineData("a=hullo", "There is no guest 'hullo'")]
    [InlineData("A=hello", "lower-case letters, digits and dashes")]
    [InlineData("a=hello,memory=5000B", "a multiple of 4096")]
    [InlineData("a=hello,vcpus=65", "a whole number from 1 to 64")]
    public void A_machine_that_cannot_be_is_one_sentence(string machine, string sentence)
    {
        DiscoEnd end = DiscoProgram.Run("run", "--vm", machine);

        Assert.Equal(2, end.ExitCode);
        Assert.Contains(sentence, end.Error, StringComparison.Ordinal);
        Assert.Single(end.Error.TrimEnd().Split('\n'));
    }

    private static string Objects(string console) => console.Split("objects ")[1][..16];

    private static JsonElement[] Vms(JsonDocument report) =>
        [.. report.RootElement.GetProperty("monitor").GetProperty("vms").EnumerateArray()];

    private static JsonDocument Run(params string[] arguments)
    {
        DiscoEnd end = DiscoProgram.Run([.. arguments, "--json"]);
        Assert.True(end.ExitCode == 0, end.Error + end.Output);
        return JsonDocument.Parse(end.Output);
    }
}
