using Disco.Actors.Core;
using Disco.Actors.Verification.Stress;
using Disco.Actors.Verification.Stress.Mutation;
using Disco.Actors.Verification.Stress.Shrinking;
using Xunit;

namespace Disco.Actors.Mutants.Tests;

/// <summary>A run that comes to no end is answered by a picture of who waits for whom.</summary>
public sealed class WaitGraphTests
{
    /// <summary>[Black et al., ASPLOS 1989] a responder goes on when the initiator has released it.</summary>
    [Fact]
    public void A_release_that_never_comes_shows_who_waits_for_it()
    {
        (Failure small, ReplayResult run) = KillAndShrink(Mutant.RoundForgetsRelease);
        string file = TraceText.ReproOf(small, nameof(Mutant.RoundForgetsRelease)).ToJson();

        WaitGraph graph = run.Waits!;
        Assert.Contains(graph.Edges, edge => edge is { Whom: "vm/0", What: "a release" });
        Assert.All(graph.Edges, edge => Assert.Contains(
            $"{edge.Who} waits for {edge.Whom}: {edge.What}", small.Violation.What));
        Assert.Equal(graph.ToMermaid(), StressPort.Waits(file));
    }

    /// <summary>A rule that breaks on the way is no deadlock: others would have gone on.</summary>
    [Fact]
    public void A_run_that_breaks_on_the_way_has_no_picture()
    {
        (Failure small, ReplayResult run) = KillAndShrink(Mutant.CacheKeepsInvalidated);

        Assert.Null(run.Waits);
        Assert.Null(StressPort.Waits(TraceText.ReproOf(small, nameof(Mutant.CacheKeepsInvalidated)).ToJson()));
    }

    /// <summary>Whoever can be reached from himself waits for himself; who only waits for such a one is not.</summary>
    [Fact]
    public void A_circle_is_drawn_thick_and_what_leads_to_it_is_not()
    {
        WaitGraph graph = new(
        [
            new WaitEdge("cpu/0", "cpu/1", "line \"1\""), new WaitEdge("cpu/1", "cpu/0", "line 2"),
            new WaitEdge("cpu/2", "cpu/0", "line 3"), new WaitEdge("cpu/3", "dir/0", "line 4"),
        ]);

        string[] lines = graph.ToMermaid().Split('\n', StringSplitOptions.TrimEntries);

        Assert.Equal("graph LR", lines[0]);
        Assert.Contains("dir_0[\"dir/0\"]", lines);
        Assert.Contains("cpu_0 ==>|\"line '1'\"| cpu_1", lines);
        Assert.Contains("cpu_1 ==>|\"line 2\"| cpu_0", lines);
        Assert.Contains("cpu_2 -->|\"line 3\"| cpu_0", lines);
        Assert.Contains("cpu_3 -->|\"line 4\"| dir_0", lines);
    }

    private static (Failure Small, ReplayResult Run) KillAndShrink(Mutant mutant)
    {
        MutantInfo info = MutantCatalogue.Find(mutant.ToString())!;
        using ActiveMutant _ = new(mutant);
        CampaignPlan plan = new() { Subject = info.Subject, Protocol = info.Protocol, Last = 10_000 };
        Failure? failure = new Campaign(plan).Run().Failure;
        Assert.NotNull(failure);
        return new Shrinker(failure).Shrink(failure);
    }
}
