using System.Text.Json;
using Disco.Actors.TestKit;
using Disco.Actors.Tracing.Container;
using Xunit;

namespace Disco.Actors.Cli.Tests;

/// <summary><c>disco trace stats | diff | verify</c> and the filters of <c>list</c>, as a user meets them.</summary>
public sealed class TraceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("disco-trace").FullName;

    /// <summary>Recorded once; nobody changes it.</summary>
    private static readonly Lazy<string> Hello = new(() =>
        RecordAs(Path.Combine(Directory.CreateTempSubdirectory("disco-trace").FullName, "hello.tr"), "full"));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Deliveries_are_filtered_by_actor_kind_address_time_and_transaction()
    {
        string file = Hello.Value;
        JsonElement[] all = List(file);
        JsonElement one = all.First(delivery => delivery.GetProperty("kind").GetString() == "FwdGetS");
        string transaction = one.GetProperty("transaction").GetString()!;
        ulong line = one.GetProperty("a").GetUInt64();

        JsonElement[] ofTransaction = List(file, "--transaction", transaction);
        JsonElement[] ofLine = List(file, "--address", $"0x{line + 5:x}");
        JsonElement[] ofKinds = List(file, "--kind", "gets", "--kind", "GetX", "--actor", "cpu/1");
        JsonElement[] ofTime = List(file, "--from", "2 us", "--until", "4000");

        Assert.InRange(ofTransaction.Length, 3, 8);
        Assert.Equal(all.Count(delivery => delivery.GetProperty("transaction").GetString() == transaction),
            ofTransaction.Length);
        Assert.Contains(ofLine, delivery => delivery.GetProperty("number").GetInt64()
            == one.GetProperty("number").GetInt64());
        Assert.All(ofLine, delivery => Assert.Equal(line, delivery.GetProperty("a").GetUInt64()));
        Assert.Equal(["GetS", "GetX"], ofKinds.Select(delivery => delivery.GetProperty("kind").GetString())
            .Distinct().Order());
        Assert.Equal(all.Count(delivery => delivery.GetProperty("cycle").GetInt64() is >= 800 and < 4000),
            ofTime.Length);
        Assert.NotEmpty(ofTime);
    }

    [Theory]
    [InlineData("Did you mean GetS?", "--kind", "GetZ")]
    [InlineData("no such actor", "--actor", "cpu/9")]
    [InlineData("cpu/3#17", "--transaction", "17")]
    [InlineData("1.5 ms", "--from", "soon")]
    [InlineData("hex", "--address", "here")]
    public void A_filter_that_makes_no_sense_is_refused_in_one_sentence(string advice, string flag, string value)
    {
        DiscoEnd end = DiscoProgram.Run("trace", "list", Hello.Value, flag, value);

        Assert.Equal(2, end.ExitCode);
        Assert.Contains(advice, Assert.Single(Lines(end.Error)), StringComparison.Ordinal);
    }

    [Fact]
    public void Statistics_count_every_message_once()
    {
        string file = Hello.Value;

        DiscoEnd table = DiscoProgram.Run("trace", "stats", file);
        DiscoEnd json = DiscoProgram.Run("trace", "stats", file, "--json", "--run-cost", "50");

        Assert.Contains("critical path:", table.Output, StringComparison.Ordinal);
        using JsonDocument stats = JsonDocument.Parse(json.Output);
        long deliveries = stats.RootElement.GetProperty("deliveries").GetInt64();
        Assert.Equal(List(file).Length, deliveries);
        foreach (string groups in new[] { "kinds", "pairs" })
        {
            Assert.Equal(deliveries, stats.RootElement.GetProperty(groups).EnumerateArray()
                .Sum(group => group.GetProperty("count").GetInt64()));
        }
        JsonElement path = stats.RootElement.GetProperty("criticalPath");
        Assert.Equal([1, 2, 4, 8, 16, 32, 64], path.GetProperty("speedUps").EnumerateArray()
            .Select(speedUp => speedUp.GetProperty("cores").GetInt32()));
        Assert.InRange(path.GetProperty("length").GetDouble(), 1, path.GetProperty("work").GetDouble());
    }

    [Fact]
    public void Two_recordings_differ_with_exit_code_1_and_are_equal_with_0()
    {
        string one = Hello.Value;
        string same = Record("b.tr", "messages", "--engine", "parallel", "--threads", "2");
        string other = Record("c.tr", "messages", "--set", "latency.transit=310 ns");

        DiscoEnd equal = DiscoProgram.Run("trace", "diff", one, same);
        DiscoEnd different = DiscoProgram.Run("trace", "diff", one, other, "--context", "3");
        DiscoEnd json = DiscoProgram.Run("trace", "diff", one, other, "--json");

        Assert.True(equal.ExitCode == 0, equal.Error + equal.Output);
        Assert.Contains("engine.kind: deterministic and parallel", equal.Output, StringComparison.Ordinal);
        Assert.Equal(1, different.ExitCode);
        Assert.Contains("latency.transit: 300 ns and 310 ns", different.Output, StringComparison.Ordinal);
        Assert.Contains("another cycle (c702 and c706)", different.Output, StringComparison.Ordinal);
        Assert.Equal(1, json.ExitCode);
        using JsonDocument difference = JsonDocument.Parse(json.Output);
        Assert.Equal(8, difference.RootElement.GetProperty("difference").GetProperty("before").GetArrayLength());
    }

    [Fact]
    public void A_damaged_block_is_named_with_exit_code_1()
    {
        string file = Path.Combine(_folder, "damaged.tr");
        DiscoEnd whole = DiscoProgram.Run("trace", "verify", Hello.Value);
        byte[] bytes = File.ReadAllBytes(Hello.Value);
        bytes[^4000] ^= 1;
        File.WriteAllBytes(file, bytes);

        DiscoEnd damaged = DiscoProgram.Run("trace", "verify", file);
        DiscoEnd json = DiscoProgram.Run("trace", "verify", file, "--json");

        Assert.True(whole.ExitCode == 0, whole.Error + whole.Output);
        Assert.Equal(1, damaged.ExitCode);
        Assert.Matches(@"block \d+ +at byte [\d,]+: damaged: deliveries of node \d;", damaged.Output);
        Assert.Contains("head -c", damaged.Output, StringComparison.Ordinal);
        using JsonDocument found = JsonDocument.Parse(json.Output);
        Assert.False(found.RootElement.GetProperty("whole").GetBoolean());
    }

    [Fact]
    public void A_file_that_is_no_recording_is_refused_in_one_sentence()
    {
        string file = Path.Combine(_folder, "no.tr");
        File.WriteAllText(file, "nothing of the sort");

        DiscoEnd end = DiscoProgram.Run("trace", "verify", file);

        Assert.Equal(2, end.ExitCode);
        Assert.Contains("not a recording", Assert.Single(Lines(end.Error)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_recording_of_another_build_or_of_unknown_settings_is_not_replayed()
    {
        using TraceReader trace = TraceReader.Open(Hello.Value);
        SortedDictionary<string, string> settings = new(trace.Header.Settings) { ["board.wheels"] = "4" };

        DiscoEnd build = Replay(trace.Header with { Build = "0-0-0-0" });
        DiscoEnd unknown = Replay(trace.Header with { Settings = settings });

        Assert.Equal((2, 2), (build.ExitCode, unknown.ExitCode));
        Assert.Contains("--any-build", Assert.Single(Lines(build.Error)), StringComparison.Ordinal);
        Assert.Contains("board.wheels", Assert.Single(Lines(unknown.Error)), StringComparison.Ordinal);

        DiscoEnd Replay(TraceHeader header)
        {
            string file = Path.Combine(_folder, "header.tr");
            new TraceWriter(File.Create(file), header).Dispose();
            return DiscoProgram.Run("replay", file);
        }
    }

    /// <summary>Cut in the header; random behind a right beginning; a stretch left out.</summary>
    [Theory]
    [InlineData("list", "cut")]
    [InlineData("replay", "random")]
    [InlineData("stats", "left out")]
    public void A_file_of_nonsense_is_refused_in_one_sentence(string command, string nonsense)
    {
        byte[] hello = File.ReadAllBytes(Hello.Value);
        string file = Path.Combine(_folder, "nonsense.tr");
        Random random = new(7);
        byte[] bytes = new byte[5000];
        random.NextBytes(bytes);
        File.WriteAllBytes(file, nonsense switch
        {
            "cut" => hello[..500],
            "random" => [.. hello[..8], .. bytes],
            _ => [.. hello[..9000], .. hello[12_000..]],
        });

        DiscoEnd end = DiscoProgram.Run(command == "replay" ? [command, file] : ["trace", command, file]);

        Assert.True(end.ExitCode == 2, end.Output + end.Error);
        Assert.Contains("nonsense.tr", Assert.Single(Lines(end.Error)), StringComparison.Ordinal);
    }

    private static JsonElement[] List(string file, params string[] filters)
    {
        DiscoEnd end = DiscoProgram.Run(["trace", "list", file, "--json", .. filters]);
        Assert.True(end.ExitCode == 0, end.Error);
        return [.. Lines(end.Output).Select(line => JsonDocument.Parse(line).RootElement.Clone())];
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private string Record(string name, string level, params string[] more) =>
        RecordAs(Path.Combine(_folder, name), level, more);

    private static string RecordAs(string file, string level, params string[] more)
    {
        DiscoEnd end = DiscoProgram.Run(
            ["run", "--guest", "hello", "--cpus", "2", "--record", file, "--record-level", level, .. more]);
        Assert.True(end.ExitCode == 0, end.Error + end.Output);
        return file;
    }
}
