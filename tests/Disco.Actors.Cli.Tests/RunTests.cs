using System.Text.Json;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Cli.Tests;

/// <summary><c>disco run</c> as a user meets it: what is printed where, and what the shell is told.</summary>
public sealed class RunTests : IDisposable
{
    private static readonly string[] Fields =
    [
        "outcome", "stateHash", "cycles", "instructions", "hostSeconds", "guestMips", "messages", "console", "cpus",
        "windowDelay", "threads",
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("disco-cli").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Guest_console_and_report_go_to_standard_output()
    {
        DiscoEnd end = DiscoProgram.Run("run", "--guest", "hello", "--cpus", "2");

        Assert.True(end.ExitCode == 0, end.Error + end.Output);
        Assert.Equal("", end.Error);
        Assert.StartsWith("hello: 2 CPUs\nhello from CPU 0\nhello from CPU 1\nhello: ok\n", end.Output,
            StringComparison.Ordinal);
        foreach (string row in new[] { "result", "state hash", "instructions", "miss latency", "GetS" })
        {
            Assert.Contains(row, end.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Json_report_is_one_object_with_the_promised_fields()
    {
        DiscoEnd end = DiscoProgram.Run("run", "--guest", "hello", "--cpus", "2", "--json", "--registers");

        Assert.True(end.ExitCode == 0, end.Error + end.Output);
        using JsonDocument document = JsonDocument.Parse(end.Output);
        JsonElement report = document.RootElement;
        Assert.All(Fields, field => Assert.True(report.TryGetProperty(field, out _), $"{field} is missing"));
        Assert.Equal("ok", report.GetProperty("outcome").GetString());
        Assert.Equal(2, report.GetProperty("cpus").GetArrayLength());
        Assert.True(report.GetProperty("instructions").GetInt64() > 100);
        Assert.True(report.GetProperty("messages").GetProperty("GetS").GetInt64() > 0);
        Assert.EndsWith("hello: ok\n", report.GetProperty("console").GetString(), StringComparison.Ordinal);
        Assert.Matches("^[0-9a-f]{16}$", report.GetProperty("stateHash").GetString()!);
        foreach (string field in new[] { "busyCycles", "stallCycles", "l2Hits", "missesLocal", "missesRemote" })
        {
            Assert.True(report.GetProperty("cpus")[1].GetProperty(field).GetInt64() >= 0);
        }
    }

    /// <summary>A pipe is no terminal, and NO_COLOR is a wish to be kept.</summary>
    [Theory]
    [InlineData("run", "--guest", "hello", "--cpus", "1")]
    [InlineData("machines")]
    [InlineData("guests")]
    [InlineData("config")]
    public void Nothing_in_a_pipe_has_escape_codes(params string[] arguments)
    {
        DiscoEnd plain = DiscoProgram.Run(arguments);
        DiscoEnd noColor = DiscoProgram.Run(
            new Dictionary<string, string> { ["NO_COLOR"] = "1", ["TERM"] = "xterm-256color" }, arguments);

        Assert.Equal(0, plain.ExitCode);
        Assert.DoesNotContain('\e', plain.Output + plain.Error + noColor.Output + noColor.Error);
    }

    /// <summary>Board specification: without firmware nothing is at the boot vectors, where Status.BEV sends all
    /// exceptions.</summary>
    [Fact]
    public void Guest_that_executes_a_reserved_instruction_fails_with_a_sentence()
    {
        string guest = FileOf("nop\n.word 0x7000003b\nnop");

        DiscoEnd end = DiscoProgram.Run("run", "--cpus", "1", "--guest", guest, "--json");

        Assert.True(end.ExitCode == 1, end.Error + end.Output);
        using JsonDocument document = JsonDocument.Parse(end.Output);
        string outcome = document.RootElement.GetProperty("outcome").GetString()!;
        Assert.Contains("cpu/0", outcome, StringComparison.Ordinal);
        Assert.Contains("Reserved Instruction", outcome, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", end.Output + end.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("100000")]
    [InlineData("250 us")]
    public void Guest_that_spins_forever_is_stopped_by_for_and_still_runs(string limit)
    {
        string guest = FileOf("1: b 1b\nnop");

        DiscoEnd end = DiscoProgram.Run("run", "--cpus", "1", "--guest", guest, "--for", limit, "--json");

        Assert.True(end.ExitCode == 0, end.Error + end.Output);
        using JsonDocument document = JsonDocument.Parse(end.Output);
        JsonElement report = document.RootElement;
        Assert.Contains("still runs", report.GetProperty("outcome").GetString(), StringComparison.Ordinal);
        Assert.Equal(100_000, report.GetProperty("cycles").GetInt64());
    }

    /// <summary>Zeros are no-operations, so such a guest runs for ever; the report says what happened.</summary>
    [Fact]
    public void Guest_that_runs_through_zeros_is_told_why()
    {
        string guest = FileOf("lui t0,0x2400\nmtc0 t0,$12\nehb\nsyscall");

        DiscoEnd end = DiscoProgram.Run("run", "--cpus", "1", "--guest", guest, "--for", "100000");

        Assert.Equal(0, end.ExitCode);
        Assert.Matches(@"note\s+cpu/0 executes zeros at 0xffffffff8", end.Output);
        Assert.Contains("it took System Call at", end.Output, StringComparison.Ordinal);
    }

    /// <summary>A run that can make no progress says so instead of hanging.</summary>
    [Fact]
    public void Guest_that_sleeps_for_good_is_reported_with_who_waits_for_whom()
    {
        DiscoEnd end = DiscoProgram.Run("run", "--cpus", "1", "--guest", FileOf("1: wait\nb 1b\nnop"));

        Assert.Equal(1, end.ExitCode);
        Assert.Contains("cpu/0 waits for irq/0", end.Output + end.Error, StringComparison.Ordinal);
    }

    /// <summary>The guest's exit code decides: a guest that reports a failure fails the command.</summary>
    [Fact]
    public void Guest_that_powers_off_with_a_code_fails_the_command()
    {
        const string PowerOff = """
            li  t0,0x00400080       # 64-bit addresses
            mtc0 t0,$12
            ehb
            dli t0,0x90000000e0110000
            li  t1,0x75555
            sw  t1,0(t0)
            1: b 1b
            nop
            """;

        DiscoEnd end = DiscoProgram.Run("run", "--cpus", "1", "--guest", FileOf(PowerOff));

        Assert.Equal(1, end.ExitCode);
        Assert.Contains("failed with code 7", end.Output, StringComparison.Ordinal);
    }

    /// <summary>128 + SIGINT, as shells have it, and the report of what was done so far.</summary>
    [Fact]
    public void Ctrl_c_ends_with_the_report_and_its_exit_code()
    {
        // Says one letter, so that the test knows the run has begun.
        const string Talker = """
            li  t0,0x00400080       # 64-bit addresses
            mtc0 t0,$12
            ehb
            dli t0,0x90000000e0100000
            li  t1,33
            sw  t1,0(t0)
            1: b 1b
            nop
            """;

        DiscoEnd end = DiscoProgram.Interrupt(
            "!", "run", "--cpus", "1", "--for", "20s", "--guest", FileOf(Talker));

        Assert.Equal(130, end.ExitCode);
        Assert.Contains("interrupted", end.Output, StringComparison.Ordinal);
        Assert.Contains("state hash", end.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", end.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void One_seed_gives_one_hash_on_both_engines()
    {
        string[] hashes = [.. new[] { "deterministic", "parallel" }.Select(engine => HashOf("--engine", engine))];

        Assert.Equal(hashes[0], hashes[1]);
        Assert.NotEqual(hashes[0], HashOf("--seed", "2"));
    }

    /// <summary>Coherence, devices, mapping, scheduling and shootdown: every family of a machine with two guests.
    /// </summary>
    [Theory]
    [InlineData("deterministic")]
    [InlineData("parallel")]
    public void Messages_as_bytes_give_the_same_hash(string engine)
    {
        string[] run =
        [
            "run", "--vm", "one=radix,bootargs=keys=256 radix=16,vcpus=2", "--vm", "two=hello", "--cpus", "2",
            "--engine", engine, "--for", "6000000", "--json",
        ];
        string[] hashes = [.. new[] { run, [.. run, "--serialise-messages"] }.Select(arguments =>
        {
            DiscoEnd end = DiscoProgram.Run(arguments);
            Assert.True(end.ExitCode == 0, end.Error + end.Output);
            using JsonDocument document = JsonDocument.Parse(end.Output);
            return document.RootElement.GetProperty("stateHash").GetString()!;
        })];

        Assert.Equal(hashes[0], hashes[1]);
    }

    /// <summary>What a longer window costs in timing, and how the threads spent their time, are part of the result.
    /// </summary>
    [Fact]
    public void Parallel_run_with_a_window_reports_its_delay_and_its_threads()
    {
        string[] run = ["run", "--guest", "hello", "--cpus", "4", "--engine", "parallel", "--threads", "2"];
        DiscoEnd text = DiscoProgram.Run([.. run, "--window", "1000"]);
        DiscoEnd json = DiscoProgram.Run([.. run, "--window", "1000", "--json"]);
        DiscoEnd exact = DiscoProgram.Run([.. run, "--json", "--set", "engine.pin=on"]);

        Assert.Contains("messages between nodes late by", text.Output, StringComparison.Ordinal);
        Assert.Contains("% waiting", text.Output, StringComparison.Ordinal);
        using JsonDocument document = JsonDocument.Parse(json.Output);
        JsonElement delay = document.RootElement.GetProperty("windowDelay");
        Assert.True(delay.GetProperty("count").GetInt64() > 0);
        Assert.InRange(delay.GetProperty("meanCycles").GetDouble(), 1, delay.GetProperty("maxCycles").GetInt64());
        Assert.InRange(delay.GetProperty("maxCycles").GetInt64(), 1, 1000);
        Assert.Equal(2, document.RootElement.GetProperty("threads").GetArrayLength());
        using JsonDocument other = JsonDocument.Parse(exact.Output);
        Assert.Equal(0, other.RootElement.GetProperty("windowDelay").GetProperty("count").GetInt64());
    }

    private static string HashOf(params string[] arguments)
    {
        DiscoEnd end = DiscoProgram.Run(["run", "--guest", "hello", "--cpus", "4", "--json", .. arguments]);
        Assert.True(end.ExitCode == 0, end.Error + end.Output);
        using JsonDocument document = JsonDocument.Parse(end.Output);
        return document.RootElement.GetProperty("stateHash").GetString()!;
    }

    private string FileOf(string text)
    {
        string path = Path.Combine(_folder, "guest.elf");
        File.WriteAllBytes(path, GuestElf.Assemble(text));
        return path;
    }
}
