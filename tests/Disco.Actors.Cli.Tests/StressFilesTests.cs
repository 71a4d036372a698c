using System.Text.Json;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.TestKit;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Verification.Stress.Shrinking;
using Xunit;

namespace Disco.Actors.Cli.Tests;

/// <summary>What <c>disco stress</c> leaves of a failing run: the line, the files, pictures, the recording.</summary>
public sealed class StressFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("disco-stress-").FullName;

    private string FileOf(string extension) => Path.Combine(_folder, $"failure{extension}");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>A recording holds what the small run delivers, from the first message to the one that breaks it.
    /// </summary>
    [Theory]
    [InlineData("coherence", "CacheKeepsInvalidated", Outcome.Faulted)]
    [InlineData("shootdown", "RoundForgetsRelease", Outcome.NoProgress)]
    [InlineData("placement", "PageBreaksWithoutCopy", Outcome.Faulted)]
    public void A_failure_is_a_recording_of_the_same_deliveries(string subject, string mutant, Outcome outcome)
    {
        Assert.Equal(1, Break(subject, mutant, "--shrink").ExitCode);
        Repro repro = Repro.FromJson(File.ReadAllText(FileOf(".json")));
        using JsonDocument again = JsonDocument.Parse(DiscoProgram.Run(
            "stress", "repro", FileOf(".json"), "--json").Output);
        string[] steps = [.. again.RootElement.GetProperty("steps").EnumerateArray().Select(step => step.GetString()!)
            .Where(step => !step.StartsWith("disturb", StringComparison.Ordinal)
                && !step.StartsWith("refuse", StringComparison.Ordinal))
            .Select(step => step.Split(':')[0].Replace("twice ", ""))];

        using TraceReader trace = TraceReader.Open(FileOf(".tr"));
        RecordedDelivery[] deliveries = [.. trace.Deliveries()];

        Assert.Equal(steps, deliveries.Select(delivery => $"{delivery.Envelope.Source} > {delivery.Envelope.Target} "
            + (delivery.Envelope.Message.Lane == Lane.Request ? "request" : "reply")));
        Assert.Equal(Enumerable.Range(1, steps.Length), deliveries.Select(each => (int)each.Envelope.Arrival.Value));
        Assert.All(deliveries, delivery => Assert.True(delivery.Envelope.Sequence < delivery.FirstSent));
        Assert.False(trace.Truncated);
        Assert.Equal((outcome, steps.Length), (trace.End!.Outcome, (int)trace.End.Mark.Deliveries));
        Assert.Equal(repro.Violation, trace.End.Reason);
        Assert.Equal((mutant, subject, repro.Seed), (
            trace.Header.Settings["stress.mutant"], trace.Header.Settings["stress.subject"], trace.Header.Seed));
    }

    [Fact]
    public void A_recorded_failure_is_read_by_trace_and_sent_on_by_replay()
    {
        Break("coherence", "CacheKeepsInvalidated", "--shrink");
        string trace = FileOf(".tr");
        string[][] commands =
        [
            ["trace", "list", trace], ["trace", "stats", trace], ["trace", "verify", trace],
            ["trace", "export", trace, "mermaid"], ["trace", "export", trace, "jsonl"],
            ["trace", "export", trace, "perfetto", "--out", FileOf(".perfetto")],
        ];

        Assert.All(commands, command => Assert.Equal((0, ""), EndOf(command)));

        foreach (string[] more in (string[][])[[], ["--any-build"], ["--what-if", "flash"], ["--seek", "3"]])
        {
            DiscoEnd replay = DiscoProgram.Run(["replay", trace, .. more]);
            Assert.Equal(2, replay.ExitCode);
            Assert.Contains($"disco stress repro {FileOf(".json")}", replay.Error);
        }
    }

    /// <summary>[Holt 1972] who waits for whom, where a run has come to no end; printed, in the object, in a file.
    /// </summary>
    [Fact]
    public void A_deadlock_is_drawn_as_a_graph_of_who_waits()
    {
        DiscoEnd found = Break("shootdown", "RoundForgetsRelease", "--shrink");
        string graph = File.ReadAllText(FileOf(".waits.mmd"));
        DiscoEnd asObject = Break("shootdown", "RoundForgetsRelease", "--shrink", "--json");
        using JsonDocument report = JsonDocument.Parse(asObject.Output);

        Assert.StartsWith("graph LR", graph);
        Assert.Contains("-->|\"a release\"| vm_0", graph);
        Assert.Contains(graph, found.Output.ReplaceLineEndings("\n"));
        Assert.Equal(graph, report.RootElement.GetProperty("waits").GetString());
        Assert.Contains(graph, DiscoProgram.Run("stress", "repro", FileOf(".json")).Output.ReplaceLineEndings("\n"));
    }

    /// <summary>What is printed is all that is needed: nothing else of the first run goes into the second.</summary>
    [Theory]
    [InlineData("coherence", "CacheKeepsInvalidated", "--strategy", "random")]
    [InlineData("coherence", "HomeForgetsSharer", "--strategy", "pct:3", "--faults", "refuse=80,spurious")]
    [InlineData("shootdown", "RoundForgetsLastTarget", "--strategy", "pos", "--protocol", "numa-multicast")]
    [InlineData("placement", "PageBreaksWithoutCopy", "--strategy", "random", "--faults", "none")]
    public void A_printed_line_repeats_its_failure(string subject, string mutant, params string[] more)
    {
        using JsonDocument first = JsonDocument.Parse(Break(subject, mutant, [.. more, "--json"]).Output);
        string[] line = first.RootElement.GetProperty("replay").GetString()!.Split(' ');
        Assert.Equal("disco", line[0]);

        DiscoEnd end = DiscoProgram.Run([.. line[1..], "--out", FileOf(".again.json"), "--json"]);

        Assert.Equal(1, end.ExitCode);
        using JsonDocument second = JsonDocument.Parse(end.Output);
        Assert.Equal(FailureOf(first), FailureOf(second));
        Assert.Equal(File.ReadAllText(FileOf(".json")), File.ReadAllText(FileOf(".again.json")));
    }

    private DiscoEnd Break(string subject, string mutant, params string[] more) => DiscoProgram.Run(
        ["stress", subject, "--mutant", mutant, "--seeds", "1..5000", "--out", FileOf(".json"), .. more]);

    private static (int, string) EndOf(string[] command)
    {
        DiscoEnd end = DiscoProgram.Run(command);
        return (end.ExitCode, end.Error);
    }

    private static (ulong Seed, string? Violation, int Delivery) FailureOf(JsonDocument report)
    {
        JsonElement failure = report.RootElement.GetProperty("report").GetProperty("failure");
        return (failure.GetProperty("seed").GetUInt64(), failure.GetProperty("violation").GetString(),
            failure.GetProperty("delivery").GetInt32());
    }
}
