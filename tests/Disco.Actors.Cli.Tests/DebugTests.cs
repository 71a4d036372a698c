using System.Text;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Cli.Tests;

/// <summary><c>--gdb</c> and <c>--interactive</c> as a user meets them.</summary>
public sealed class DebugTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("disco-debug").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>The guest's output comes with the answers, when the run has come so far.</summary>
    [Fact]
    public void Commands_from_a_pipe_make_a_transcript()
    {
        string file = Path.Combine(_folder, "hello.tr");
        DiscoProgram.Run("run", "--guest", "hello", "--cpus", "2", "--record", file);

        string text = Encoding.UTF8.GetString(Tool.Bytes(
            "dotnet",
            "break pc 0xffffffff80102000\ncontinue\ngoto end\nreverse-continue\nwhere\n"u8.ToArray(),
            Path.Combine(AppContext.BaseDirectory, "disco.dll"), "replay", file, "--interactive"));

        string[] lines = text.Split('\n');
        int reached = Array.IndexOf(lines, "> continue");
        int ended = Array.IndexOf(lines, "> goto end");
        Assert.Equal("breakpoint 1  pc 0xffffffff80102000", lines[1]);
        Assert.Contains("hello: 2 CPUs", lines[reached..ended]);
        Assert.Contains("hello: ok", lines[ended..]);
        Assert.Single(lines, line => line == "hello: 2 CPUs");
    }

    [Theory]
    [InlineData("run", "--guest", "hello", "--gdb", "70000")]
    [InlineData("run", "--guest", "hello", "--gdb", "nowhere:1")]
    [InlineData("run", "--guest", "hello", "--gdb", "192.0.2.1:1")]
    [InlineData("run", "--guest", "hello", "--gdb", "0", "--record", "any.tr")]
    [InlineData("replay", "any.tr", "--gdb", "0", "--interactive")]
    public void What_cannot_be_debugged_so_is_refused_in_a_sentence(params string[] arguments)
    {
        DiscoEnd end = DiscoProgram.Run(arguments);

        Assert.Equal(2, end.ExitCode);
        Assert.EndsWith(".", end.Error.TrimEnd(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", end.Error, StringComparison.Ordinal);
    }
}
