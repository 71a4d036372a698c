using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Directory;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Verification.Observers;

/// <summary>Directory and caches agree when nothing is under way.</summary>
public static class Agreement
{
    /// <summary>Null, or what is wrong with a line at rest.</summary>
    /// <param name="line">The line.</param>
    /// <param name="home">Its home's view.</param>
    /// <param name="caches">All caches of the machine, in any order.</param>
    public static string? Check(LineAddress line, in HomeView home, IEnumerable<CoherentCache> caches)
    {
        if (home.State >= HomeState.BusyInvalidate)
        {
            return $"line {line} is {home.State} at rest";
        }
        if (home.Promised >= 0)
        {
            return $"line {line} is promised to agent {home.Promised}, who does not come";
        }
        foreach (CoherentCache cache in caches)
        {
            CacheState state = cache.StateOf(line);
            bool agrees = home.State switch
            {
                HomeState.Exclusive when home.Owner == cache.Agent => state is CacheState.E or CacheState.M,
                HomeState.Shared when home.IsSharer(cache.Agent) => state is CacheState.S or CacheState.I,
                _ => state == CacheState.I,
            };
            if (!agrees)
            {
                return $"line {line} is {home.State} at home and {state} at agent {cache.Agent}";
            }
        }
        return null;
    }
}
