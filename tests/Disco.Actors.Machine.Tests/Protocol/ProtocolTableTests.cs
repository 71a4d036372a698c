using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Directory;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Machine.Tests.Protocol;

/// <summary>The two protocol tables as a whole: what a reviewer reads, and that nothing was forgotten.</summary>
public sealed class ProtocolTableTests
{
    [Fact]
    public void Cache_table_is_the_one_reviewed() => Golden.Matches("CacheProtocol", CacheProtocol.Print());

    [Fact]
    public void Home_table_is_the_one_reviewed() => Golden.Matches("HomeProtocol", HomeProtocol.Print());

    /// <summary>Every pair is handled or said to be impossible; impossible pairs do nothing else.</summary>
    [Fact]
    public void Every_pair_is_handled_or_impossible()
    {
        foreach (CacheState state in Enum.GetValues<CacheState>())
        {
            foreach (CacheEvent e in Enum.GetValues<CacheEvent>())
            {
                CacheStep step = CacheProtocol.Next(state, e);
                Assert.True(!step.Do.HasFlag(CacheDo.Impossible) || step == new CacheStep(state, CacheDo.Impossible));
            }
        }
        foreach (HomeState state in Enum.GetValues<HomeState>())
        {
            foreach (HomeEvent e in Enum.GetValues<HomeEvent>())
            {
                HomeStep step = HomeProtocol.Next(state, e);
                Assert.True(!step.Do.HasFlag(HomeDo.Impossible) || step == new HomeStep(state, HomeDo.Impossible));
            }
        }
    }

    [Fact]
    public void Every_cache_state_is_reachable_and_has_a_way_back_to_rest()
    {
        Dictionary<CacheState, HashSet<CacheState>> edges = CacheEdges();

        Assert.Equal(Enum.GetValues<CacheState>(), Closure(CacheState.I, edges).Order());
        foreach (CacheState state in Enum.GetValues<CacheState>())
        {
            Assert.Contains(CacheState.I, Closure(state, edges));
        }
    }

    [Fact]
    public void Every_home_state_is_reachable_and_no_busy_state_is_without_exit()
    {
        Dictionary<HomeState, HashSet<HomeState>> edges = HomeEdges();

        Assert.Equal(Enum.GetValues<HomeState>(), Closure(HomeState.Unowned, edges).Order());
        foreach (HomeState state in Enum.GetValues<HomeState>())
        {
            Assert.Contains(HomeState.Unowned, Closure(state, edges));
        }
    }

    /// <summary>A busy home refuses every request (FLASH): none is lost, none is queued.</summary>
    [Fact]
    public void A_busy_home_refuses_every_request()
    {
        for (HomeState state = HomeState.BusyInvalidate; state <= HomeState.BusyReturnedPut; state++)
        {
            for (HomeEvent e = HomeEvent.GetS; e <= HomeEvent.OutOfTurn; e++)
            {
                Assert.Equal(new HomeStep(state, HomeDo.Nack), HomeProtocol.Next(state, e));
            }
        }
    }

    private static Dictionary<CacheState, HashSet<CacheState>> CacheEdges() =>
        Enum.GetValues<CacheState>().ToDictionary(
            state => state,
            state => Enum.GetValues<CacheEvent>()
                .Select(e => CacheProtocol.Next(state, e))
                .Where(step => step.Do != CacheDo.Impossible)
                .Select(step => step.Next)
                .ToHashSet());

    private static Dictionary<HomeState, HashSet<HomeState>> HomeEdges() =>
        Enum.GetValues<HomeState>().ToDictionary(
            state => state,
            state => Enum.GetValues<HomeEvent>()
                .Select(e => HomeProtocol.Next(state, e))
                .Where(step => step.Do != HomeDo.Impossible)
                .Select(step => step.Next)
                .ToHashSet());

    private static HashSet<T> Closure<T>(T from, Dictionary<T, HashSet<T>> edges)
        where T : notnull
    {
        HashSet<T> reached = [from];
        Queue<T> open = new(reached);
        while (open.TryDequeue(out T? at))
        {
            foreach (T next in edges[at].Where(reached.Add))
            {
                open.Enqueue(next);
            }
        }
        return reached;
    }
}
