using Disco.Actors.TestKit;
using Disco.Actors.Vmm.Memory;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Memory;

/// <summary>The table of page transactions as a whole: what a reviewer reads, and that nothing was forgotten.</summary>
public sealed class PageProtocolTests
{
    private static readonly PageState[] States = Enum.GetValues<PageState>();
    private static readonly PageEvent[] Events = Enum.GetValues<PageEvent>();

    [Fact]
    public void Table_is_the_one_reviewed() => Golden.Matches("PageProtocol", PageProtocol.Print());

    [Fact]
    public void Impossible_pairs_do_nothing_else()
    {
        foreach ((PageState state, PageEvent e) in Pairs())
        {
            PageStep step = PageProtocol.Next(state, e);
            Assert.True(
                !step.Do.HasFlag(PageDo.Impossible) || step == new PageStep(state, PageDo.Impossible), $"{state} {e}");
        }
    }

    [Fact]
    public void Every_state_is_reachable_and_every_transaction_has_an_end()
    {
        foreach (PageState state in States)
        {
            Assert.Contains(PageState.Private, Closure(state));
        }
        Assert.Equal(States, Closure(PageState.Empty).Order());
    }

    /// <summary>While a transaction is under way requests wait, and the monitor's own ideas are dropped.</summary>
    [Fact]
    public void A_busy_page_lets_requests_wait_and_refuses_moves()
    {
        foreach (PageState state in States.Where(state => state > PageState.Replicated))
        {
            for (PageEvent e = PageEvent.Read; e <= PageEvent.Free; e++)
            {
                Assert.Equal(new PageStep(state, PageDo.Wait), PageProtocol.Next(state, e));
            }
            for (PageEvent e = PageEvent.Migrate; e <= PageEvent.Merge; e++)
            {
                Assert.Equal(new PageStep(state, PageDo.Refuse), PageProtocol.Next(state, e));
            }
        }
    }

    /// <summary>
    /// First the translations go, then the page is copied, then it is mapped. [Disco 4.2.3]
    /// A frame is given back only by the step that ends a wait for CPUs or for a copy made after one.
    /// </summary>
    [Fact]
    public void Frames_are_given_back_only_after_the_last_acknowledgement()
    {
        PageDo releases = PageDo.ReleaseAll | PageDo.ReleaseOld | PageDo.ReleaseReplicas;
        foreach ((PageState state, PageEvent e) in Pairs())
        {
            PageStep step = PageProtocol.Next(state, e);
            if ((step.Do & releases) != 0)
            {
                bool afterShootdown = e is PageEvent.ShotDown or PageEvent.ShotDownShared;
                bool afterCopy = e == PageEvent.Copied && state is PageState.MigrateCopying or PageState.BreakCopying;
                Assert.True(afterShootdown || afterCopy, $"{state} {e}");
            }
        }
    }

    private static IEnumerable<(PageState State, PageEvent Event)> Pairs() =>
        from state in States from e in Events select (state, e);

    private static HashSet<PageState> Closure(PageState from)
    {
        HashSet<PageState> reached = [from];
        Queue<PageState> open = new(reached);
        while (open.TryDequeue(out PageState at))
        {
            foreach (PageStep step in Events.Select(e => PageProtocol.Next(at, e)))
            {
                if (step.Do != PageDo.Impossible && reached.Add(step.Next))
                {
                    open.Enqueue(step.Next);
                }
            }
        }
        return reached;
    }
}
