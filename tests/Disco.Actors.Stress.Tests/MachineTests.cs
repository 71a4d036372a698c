using Disco.Actors.Core;
using Disco.Actors.Verification.Observers;
using Disco.Actors.Verification.Stress;
using Disco.Actors.Verification.Stress.WholeMachines;
using Disco.Actors.Vmm.Memory;
using Xunit;

namespace Disco.Actors.Stress.Tests;

/// <summary>Random programs in real instructions on whole machines, on the board and under the monitor.</summary>
public sealed class MachineTests
{
    [Fact]
    public void Whole_machines_give_nothing_but_what_an_order_of_all_accesses_gives()
    {
        MachineResult result = MachineCampaign.Run(
            new CampaignPlan { Subject = SubjectKind.Machine, Last = 40, Faults = CampaignTests.AllFaults });

        Assert.True(result.Failure is null, result.Failure?.Violation.What);
        Assert.True(result.Campaign.Progress.Schedules > 40 * 12);
    }

    [Fact]
    public void A_seed_makes_the_same_machine_and_the_same_run()
    {
        MachineEnd once = Run(7);

        Assert.Equal(once, Run(7));
        Assert.NotEqual(once, Run(8));
    }

    /// <summary>Of the monitor, shown by both kinds of seeds.</summary>
    [Fact]
    public void Some_machines_run_under_the_monitor_and_some_do_not()
    {
        bool[] kinds = [.. Enumerable.Range(1, 20).Select(seed => MachineDraw.Of(null, true, (ulong)seed).IsVirtual)];

        Assert.Contains(true, kinds);
        Assert.Contains(false, kinds);
    }

    /// <summary>After a number of moves a page is pinned. [Bolosky et al. 1989]</summary>
    [Fact]
    public void A_page_that_moves_for_good_is_seen()
    {
        MoveObserver observer = new(2);
        ulong began = ((ulong)PageState.Private << 8) | (ulong)PageState.MigrateInvalidating;
        TraceEvent move = new(MappingTrace.PageState, 3, began, 0);
        observer.See(move);
        observer.See(move);

        Assert.Throws<InvariantBroken>(() => observer.See(move));
    }

    private static MachineEnd Run(ulong seed) =>
        new MachineRunner(new Coverage()).Run(MachineDraw.Of(null, true, seed));
}
