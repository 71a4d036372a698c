using System.Text;
using Disco.Actors.TestKit;
using Disco.Actors.Verification.Litmus;
using Disco.Actors.Vmm.Shootdown;
using Xunit;

namespace Disco.Actors.Stress.Tests;

/// <summary>
/// Litmus texts, what sequential consistency says of them, and what shipping caches and protocols give under all orders
/// of messages. [Lamport 1979; Alglave et al., TACAS 2011]
/// </summary>
public sealed class LitmusTests
{
    public static TheoryData<string> Names => [.. LitmusLibrary.Names];

    /// <summary>A test's conditions that must not come out do not, in any order of accesses; all that does is golden.
    /// </summary>
    [Fact]
    public void Sequential_consistency_allows_what_it_did_and_nothing_forbidden()
    {
        StringBuilder text = new();
        foreach (LitmusTest test in LitmusLibrary.Names.Select(LitmusLibrary.Read).Where(test => test.HasCode))
        {
            AssertForbids(test);
            text.Append($"{test.Name}\n    {string.Join("\n    ", LitmusModel.Outcomes(test))}\n");
        }
        Golden.Matches("LitmusModel", text.ToString());
    }

    [Fact]
    public void Every_critical_cycle_is_forbidden()
    {
        LitmusTest[] all = [.. CriticalCycles.All()];

        Assert.True(all.Length >= 200, $"{all.Length}");
        Assert.Equal(all.Length, all.Select(test => test.Name).Distinct().Count());
        foreach (LitmusTest test in all)
        {
            Assert.Single(test.Forbidden);
            AssertForbids(test);
        }
    }

    /// <summary>Two CPUs: every order of messages; then the caches give all that is allowed.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Caches_and_protocols_give_nothing_else(string name)
    {
        LitmusTest test = LitmusLibrary.Read(name);
        StringBuilder text = new();
        if (test.IsPlain)
        {
            SortedSet<string> allowed = LitmusModel.Outcomes(test);
            LitmusFindings found = LitmusExplorer.Caches(test);
            Assert.Null(found.Violation);
            Assert.Empty(found.Outcomes.Except(allowed));
            if (found.Schedules == 0)
            {
                Assert.Equal(allowed, found.Outcomes);
            }
            text.Append($"caches, {found.States} states, {found.Schedules} orders drawn\n");
            text.Append($"    {string.Join("\n    ", found.Outcomes)}\n");
        }
        foreach ((ShootdownProtocol protocol, LitmusFindings found) in
            test.Scenario is null ? [] : LitmusExplorer.Scenario(test))
        {
            Assert.True(found.Violation is null, $"{protocol}: {found.Violation}");
            text.Append($"{protocol}, {found.States} states, {found.Schedules} orders drawn\n");
            text.Append($"    {string.Join("\n    ", found.Outcomes)}\n");
        }
        if (text.Length > 0)
        {
            Golden.Matches(Path.Combine("Litmus", name), text.ToString());
        }
    }

    [Theory]
    [InlineData("outcome 0:v0\n", "line 2: the line '---' before the instructions is missing")]
    [InlineData("outcome 0:v0\n---\n", "line 2: there are no instructions")]
    [InlineData("outcome 0:v0\n---\nldd v0,0(a0)", "line 3: 'ldd' is no instruction of litmus tests; there are nop")]
    [InlineData("outcome 0:v0\n---\nld v2,0(a0)", "line 3: 'v2' is no register; there are v0, v1")]
    [InlineData("outcome 0:v0\n---\nld v0,8(a0)", "line 3: '8(a0)' is no address; write 0(POINTER)")]
    [InlineData("outcome 1:v0\n---\nld v0,0(a0)", "line 1: '1:v0' is no place")]
    [InlineData("initial q=1\noutcome x\n---\nnop", "line 1: 'q' has no first value")]
    [InlineData("outcome x\n---\nnop | nop\nnop", "line 4: there are 1 columns; write 2")]
    [InlineData("outcome x\n---\nb 1f\nnop", "line 3: there is no label '1f' to branch to")]
    [InlineData("outcome x\n---\n1: b 1b\nli t0,1", "line 4: behind a branch there must be a nop")]
    [InlineData("forbidden x\noutcome x\n---\nnop", "line 1: 'x' is not PLACE=NUMBER")]
    [InlineData("---\n---\nshootdown\ncpu/9: read 0", "line 4: there is no 'cpu/9' here")]
    [InlineData("---\n---\nshootdown\ncpu/0: invalidate 0", "line 4: 'invalidate 0' is nothing cpu/0 can do")]
    [InlineData("---\n---\ncaches\n", "line 3: 'caches' is no subject; shootdown and placement are")]
    public void A_wrong_text_is_answered_by_one_sentence(string text, string sentence)
    {
        FormatException wrong = Assert.Throws<FormatException>(() => LitmusParser.Parse("T", text));

        Assert.StartsWith($"T, {sentence}", wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', wrong.Message);
    }

    private static void AssertForbids(LitmusTest test)
    {
        foreach (string outcome in LitmusModel.Outcomes(test))
        {
            Dictionary<string, ulong> values = outcome.Split(' ')
                .Select(part => part.Split('='))
                .ToDictionary(part => part[0], part => ulong.Parse(part[1]));
            string? broken = test.ForbiddenBy(place => values.TryGetValue(place, out ulong value)
                ? value
                : throw new InvalidOperationException($"{test.Name} forbids {place}, which is not in its outcome"));
            Assert.True(broken is null, $"{test.Name} allows {broken}");
        }
    }
}
