using Disco.Actors.Machine.Caches;

namespace Disco.Actors.Verification.Observers;

/// <summary>What a cache's state lets its agent do with the line. A line granted for once is no copy.</summary>
public static class CopyRights
{
    public static bool MayWrite(CacheState state) =>
        state is CacheState.E or CacheState.M or CacheState.EPending or CacheState.MPending;

    public static bool MayRead(CacheState state) => MayWrite(state)
        || state is CacheState.S or CacheState.SPending or CacheState.SM or CacheState.SMPause;
}
