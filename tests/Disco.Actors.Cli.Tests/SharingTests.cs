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

    private static (int Virtual, int Machine) Pages(JsonElement row) =>
        (row.GetProperty("virtualPages").GetInt32(), row.GetProperty("machineFrames").GetInt32());

    private static JsonDocument Run(string[] arguments)
    {
        DiscoEnd end = DiscoProgram.Run(arguments);
        Assert.True(end.ExitCode == 0, end.Error + end.Output);
        return JsonDocument.Parse(end.Output);
    }
}
