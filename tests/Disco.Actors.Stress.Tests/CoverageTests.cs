using System.Text;
using Disco.Actors.TestKit;
using Disco.Actors.Verification.Exploration;
using Disco.Actors.Verification.Mappings;
using Disco.Actors.Verification.Shootdowns;
using Disco.Actors.Verification.Stress;
using Disco.Actors.Vmm;
using Disco.Actors.Vmm.Shootdown;
using Xunit;
using Xunit.Abstractions;

namespace Disco.Actors.Stress.Tests;

/// <summary>
/// Stress runs take every step of the protocols' tables that can be taken at all, and show everything that must happen.
/// Which steps can be taken is a file: those of completely explored small models, and those that runs took.
/// </summary>
public sealed class CoverageTests(ITestOutputHelper output)
{
    // What the rarest step takes is a few thousand; the seeds are fixed, so that this is no matter of luck.
    private const ulong SchedulesMax = 12_000;

    // Each campaign is run once for all tests.
    private static readonly Dictionary<SubjectKind, Lazy<Coverage>> Campaigns =
        SubjectKinds.OfMessages.ToDictionary(
            subject => subject, subject => new Lazy<Coverage>(() => Attack(subject)));

    private static readonly string File = Repository.PathOf(
        "src", "Disco.Actors.Verification", "Stress", "Coverage", "reachable-steps.txt");

    [Theory]
    [InlineData(SubjectKind.Coherence)]
    [InlineData(SubjectKind.Shootdown)]
    [InlineData(SubjectKind.Placement)]
    public void Runs_take_every_reachable_step_and_show_all_that_must_happen(SubjectKind subject)
    {
        Coverage coverage = Campaigns[subject].Value;
        string[] reachable = [.. ReachableSteps.Of(subject)];
        HashSet<string> taken = [.. coverage.Steps.ToNames().Keys];

        output.WriteLine($"{reachable.Count(taken.Contains)} of {reachable.Length} steps");
        Assert.Empty(reachable.Except(taken));
        Assert.Empty(SometimesCatalogue.All
            .Where(each => each.Subjects.Contains(subject) && coverage.CountOf(each.What) == 0)
            .Select(each => each.Text));
    }

    /// <summary>No step is in the file that neither an exploration nor a run takes, and none is missing. What the
    /// tables allow and nothing takes is golden, so that a reviewer sees it.</summary>
    [Fact]
    public void The_file_of_reachable_steps_is_true()
    {
        StepCoverage explored = new();
        Explore(explored);
        SortedSet<string> all = new(explored.ToNames().Keys, StringComparer.Ordinal);
        foreach (SubjectKind subject in SubjectKinds.OfMessages)
        {
            all.UnionWith(Campaigns[subject].Value.Steps.ToNames().Keys);
        }
        string text = string.Join('\n', all) + "\n";
        if (Environment.GetEnvironmentVariable("DISCO_REWRITE") == "1")
        {
            System.IO.File.WriteAllText(File, text);
        }

        Assert.Equal(System.IO.File.ReadAllText(File), text);
        Golden.Matches("UnreachedSteps", Unreached(all));
    }

    private static Coverage Attack(SubjectKind subject)
    {
        CampaignResult result = new Campaign(
            new CampaignPlan { Subject = subject, Last = SchedulesMax, Faults = CampaignTests.AllFaults }).Run();
        Assert.Null(result.Failure);
        return result.Coverage;
    }

    private static void Explore(StepCoverage into)
    {
        Run(new ProtocolModel(new ModelShape(3, 1, 1) { Evictions = true, AccessesMax = 1 }) { Steps = into });
        Run(new ProtocolModel(new ModelShape(2, 2, 1) { Evictions = true, AccessesMax = 1 }) { Steps = into });
        foreach (ShootdownProtocol protocol in Enum.GetValues<ShootdownProtocol>())
        {
            InvalidationKind[] two = [InvalidationKind.Downgrade, InvalidationKind.Invalidate];
            Run(new ShootdownModel(new ShootdownShape(protocol, 2, two)) { Steps = into });
            Run(new ShootdownModel(
                new ShootdownShape(protocol, 2, InvalidationKind.Invalidate) { Idles = true, Duplicates = 1 })
            {
                Steps = into,
            });
            Run(new ShootdownModel(
                new ShootdownShape(protocol, 3, InvalidationKind.Invalidate) { Nodes = 2 }) { Steps = into });
        }
        PhysicalPage page = new(0);
        Disturbance migrate = new(DisturbanceKind.Migrate, 1, page);
        Run(new MappingModel(new MappingShape(2, 1, 2, migrate, new(DisturbanceKind.Free, 0, page)))
        {
            Steps = into,
        });
        Run(new MappingModel(new MappingShape(2, 1, 2, new(DisturbanceKind.Replicate, 1, page), migrate))
        {
            Steps = into,
        });
        Disturbance merge = new(DisturbanceKind.Merge, 1, page, 0, page);
        Run(new MappingModel(new MappingShape(2, 1, 2, merge) { Vms = 2 })
        {
            Steps = into,
        });
    }

    private static void Run<TMove>(IModel<TMove> model)
        where TMove : struct
    {
        Exploration found = new Explorer<TMove>(model).Run();
        Assert.Null(found.Violation);
    }

    private static string Unreached(SortedSet<string> all)
    {
        StringBuilder text = new();
        foreach (ProtocolTable table in ProtocolTables.All)
        {
            for (int state = 0; state < table.States.Length; state++)
            {
                for (int e = 0; e < table.Events.Length; e++)
                {
                    string name = table.NameOf(state, e);
                    if (table.IsPossible(state, e) != all.Contains(name))
                    {
                        text.Append($"{name}\n");
                    }
                }
            }
        }
        return text.ToString();
    }
}
