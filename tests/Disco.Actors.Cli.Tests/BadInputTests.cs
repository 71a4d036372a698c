using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Cli.Tests;

/// <summary>
/// What a user can get wrong: each mistake is one clear sentence on standard error and exit code 2, nothing on standard
/// output, and never a stack trace.
/// </summary>
public sealed class BadInputTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("disco-cli").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Missing_elf_is_named_with_a_suggestion()
    {
        string sentence = Refused("run", "--guest", "radx");

        Assert.Contains("radx", sentence, StringComparison.Ordinal);
        Assert.Contains("Did you mean radix?", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Elf_for_another_machine_is_refused_by_its_name()
    {
        string sentence = Refused("run", "--guest", FileOf(GuestElf.Of(new byte[16], machine: ElfWriter.Amd64)));

        Assert.Contains("x86-64", sentence, StringComparison.Ordinal);
        Assert.Contains("MIPS", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void File_that_is_no_elf_is_refused() => Assert.Contains(
        "not an ELF file", Refused("run", "--guest", FileOf("#!/bin/sh\n"u8)), StringComparison.Ordinal);

    /// <summary>Cut in the header, in the segment headers, in a segment.</summary>
    [Theory]
    [InlineData(20)]
    [InlineData(70)]
    [InlineData(130)]
    public void Truncated_elf_is_refused(int bytes)
    {
        byte[] whole = GuestElf.Assemble("nop; nop; nop; nop");

        string sentence = Refused("run", "--guest", FileOf(whole.AsSpan(0, bytes)));

        Assert.Contains("truncated", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Segment_outside_memory_is_refused_with_what_to_do()
    {
        string file = FileOf(GuestElf.Assemble("nop", 0xffff_ffff_8f00_0000));

        string sentence = Refused("run", "--guest", file);

        Assert.Contains("memory", sentence, StringComparison.Ordinal);
        Assert.Contains("0xf000004", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Segment_in_mapped_memory_is_refused() => Assert.Contains(
        "KSEG0", Refused("run", "--guest", FileOf(GuestElf.Assemble("nop", 0x12000_0000))), StringComparison.Ordinal);

    [Fact]
    public void Unknown_board_is_refused_with_a_suggestion() => Assert.Contains(
        "Did you mean flash-8x1?", Refused("run", "--board", "flash-8x2"), StringComparison.Ordinal);

    [Fact]
    public void Misspelt_key_is_refused_with_a_suggestion()
    {
        string sentence = Refused("run", "--set", "board.ndes=4");

        Assert.Contains("board.ndes", sentence, StringComparison.Ordinal);
        Assert.Contains("Did you mean board.nodes?", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Misspelt_key_in_a_file_is_refused_with_its_line()
    {
        string file = FileOf("disco.board.nodes = 4\ndisco.cache.l3.size = 1 MiB\n"u8, "mine.conf");

        string sentence = Refused("run", "--config", file);

        Assert.Contains("mine.conf", sentence, StringComparison.Ordinal);
        Assert.Contains("2", sentence, StringComparison.Ordinal);
        Assert.Contains("cache.l3.size", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Misspelt_variable_is_refused()
    {
        DiscoEnd end = DiscoProgram.Run(new Dictionary<string, string> { ["DISCO__BOARD__NODS"] = "4" }, "config");

        AssertOneSentence(end);
        Assert.Contains("board.nods", end.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--cpus", "0")]
    [InlineData("--cpus", "65")]
    [InlineData("--cpus", "many")]
    [InlineData("--memory", "a lot")]
    [InlineData("--for", "soon")]
    [InlineData("--engine", "magic")]
    [InlineData("--fidelity", "some")]
    [InlineData("--window", "-1")]
    [InlineData("--seed", "x")]
    [InlineData("--set", "board.topology=torus")]
    [InlineData("--set", "cache.l2.size=100 KiB")]
    [InlineData("--set", "latency.bus=75 parsecs")]
    [InlineData("--set", "board.nodes")]
    public void Value_that_does_not_fit_is_refused(string flag, string value) => Refused("run", flag, value);

    [Fact]
    public void Zero_cpus_are_refused_with_the_bounds() =>
        Assert.Contains("64", Refused("run", "--cpus", "0"), StringComparison.Ordinal);

    [Fact]
    public void More_nodes_than_a_board_can_have_are_refused()
    {
        string sentence = Refused("run", "--board", "flash-4x4", "--set", "board.nodes=65");

        Assert.Contains("65", sentence, StringComparison.Ordinal);
        Assert.Contains("nodes", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Fast_fidelity_on_the_parallel_engine_is_refused() => Assert.Contains(
        "deterministic", Refused("run", "--fidelity", "fast", "--engine", "parallel"), StringComparison.Ordinal);

#if !WITH_AKKA
    /// <summary>An engine of another build: how to get that one.</summary>
    [Theory]
    [InlineData("run", "--engine", "akka")]
    [InlineData("scale", "--engine", "akka")]
    [InlineData("node", "--join", "127.0.0.1:4053")]
    public void Engine_that_is_not_built_in_is_refused_with_what_to_do(params string[] arguments) => Assert.Contains(
        "-p:WithAkka=true", Refused(arguments), StringComparison.Ordinal);
#endif

    [Fact]
    public void Exact_windows_are_not_for_the_Akka_engine() => Assert.Contains(
        "engine.akka.window", Refused("run", "--engine", "akka", "--window", "1000"), StringComparison.Ordinal);

    [Theory]
    [InlineData("run", "--bord", "uma-8")]
    [InlineData("rum")]
    [InlineData("run", "--cpus")]
    public void Unknown_word_is_refused_with_where_to_look(params string[] arguments)
    {
        DiscoEnd end = DiscoProgram.Run(arguments);

        Assert.Equal(2, end.ExitCode);
        Assert.Contains("--help", end.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", end.Error, StringComparison.Ordinal);
    }

    private static string Refused(params string[] arguments)
    {
        DiscoEnd end = DiscoProgram.Run(arguments);
        AssertOneSentence(end);
        return end.Error;
    }

    private static void AssertOneSentence(DiscoEnd end)
    {
        Assert.True(end.ExitCode == 2, $"exit code {end.ExitCode}\n{end.Error}{end.Output}");
        Assert.Equal("", end.Output);
        Assert.StartsWith("disco: ", end.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", end.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", end.Error, StringComparison.Ordinal);
        Assert.Single(end.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private string FileOf(ReadOnlySpan<byte> bytes, string name = "guest.elf")
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, bytes.ToArray());
        return path;
    }
}
