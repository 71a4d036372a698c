using System.Text.Json;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Cli.Tests;

/// <summary>What virtual machines of one image and one disk share is in memory once (Disco 5.3).</summary>
public sealed class SharingTests
{
    private static readonly string[] FourKernels =
        ["run", "--vm", "k=kernel,count=4,bootargs=jobs=2 size=8", "--cpus", "4", "--json"];

    [Fact]
    public void Text_and_cached_files_are_in_memory_once_and_two_threads_end_in_the_same_state()
    {
        using JsonDocument one = Run(FourKernels);
        using JsonDocument two = Run([.. FourKernels, "--engine", "parallel", "--threads", "2"]);

        Assert.Equal(
            one.RootElement.GetProperty("stateHash").GetString(), two.RootElement.GetProperty("stateHash").GetString());
        JsonElement[] classes = [.. one.RootElement.GetProperty("monitor").GetProperty("memory")
            .GetProperty("classes").EnumerateArray()];
        (int Virtual, int Machine) text = Pages(classes[1]);
        (int Virtual, int Machine) cache = Pages(classes[2]);
        Assert.True(text.Machine * 2 < text.Virtual, $"text {text}");
        Assert.True(cache.Machine < cache.Virtual, $"buffer cache {cache}");
        Assert.All(one.RootElement.GetProperty("monitor").GetProperty("vms").EnumerateArray(),
            vm => Assert.EndsWith("kernel: ok\n", vm.GetProperty("console").GetString(), StringComparison.Ordinal));
    }

    /// <summary>256 virtual machines on eight CPUs; each further one takes little, as the image is in memory once.
    /// </summary>
    [Fact]
    public void Two_hundred_and_fifty_six_machines_boot_and_exit()
    {
        using JsonDocument report = Run(
            ["run", "--cpus", "8", "--memory", "512MiB", "--vm", "small=hello,count=256,memory=4MiB", "--json"]);

        Assert.Equal(256, Vms(report).Length);
        Assert.All(
            Vms(report),
            vm => Assert.EndsWith("hello: ok\n", vm.GetProperty("console").GetString(), StringComparison.Ordinal));
        JsonElement memory = report.RootElement.GetProperty("monitor").GetProperty("memory");
        (int Virtual, int Machine) text = Class(memory, "text");
        Assert.InRange(text.Virtual, 256, 8 * 256);
        Assert.InRange(text.Machine, 1, 8);
        Assert.InRange(memory.GetProperty("ownPagesOfVm").GetDouble(), 0.5, 4);
        Assert.InRange(memory.GetProperty("monitorPagesOfVm").GetDouble(), 1, 16);
    }

    /// <summary>
    /// One copy of kernel text and of programs, whatever the number of kernels, but for the pages that a kernel patches
    /// when it has hints: the first write to one takes a copy. [Disco 5.3]
    /// </summary>
    [Fact]
    public void Kernels_that_patch_nothing_have_one_text()
    {
        string[] Kernels(int count) =>
        [
            "run", "--json", "--cpus", "2",
            "--vm", $"k=kernel,count={count},bootargs=\"jobs=1 size=4 check=0 hal=disk,class,clear\"",
        ];
        using JsonDocument one = Run(Kernels(1));
        using JsonDocument four = Run(Kernels(4));

        (int Virtual, int Machine) alone = Class(Memory(one), "text");
        (int Virtual, int Machine) together = Class(Memory(four), "text");
        Assert.Equal(alone.Machine, together.Machine);
        Assert.True(together.Virtual > 3 * alone.Virtual, $"{together} of four, {alone} of one");
    }

    private static JsonElement Memory(JsonDocument report) =>
        report.RootElement.GetProperty("monitor").GetProperty("memory");

    private static (int Virtual, int Machine) Class(JsonElement memory, string name)
    {
        JsonElement row = memory.GetProperty("classes").EnumerateArray()
            .Single(row => row.GetProperty("class").GetString() == name);
        return (row.GetProperty("virtualPages").GetInt32(), row.GetProperty("machineFrames").GetInt32());
    }

    private static JsonElement[] Vms(JsonDocument report) =>
        [.. report.RootElement.GetProperty("monitor").GetProperty("vms").EnumerateArray()];

    private static (int Virtual, int Machine) Pages(JsonElement row) =>
        (row.GetProperty("virtualPages").GetInt32(), row.GetProperty("machineFrames").GetInt32());

    private static JsonDocument Run(string[] arguments)
    {
        DiscoEnd end = DiscoProgram.Run(arguments);
        Assert.True(end.ExitCode == 0, end.Error + end.Output);
        return JsonDocument.Parse(end.Output);
    }
}
