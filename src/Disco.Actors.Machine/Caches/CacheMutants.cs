using System.Diagnostics;
using Disco.Actors.Core;

namespace Disco.Actors.Machine.Caches;

/// <summary>Mistakes in the cache's table; see <see cref="Mutants"/>.</summary>
internal static class CacheMutants
{
    [Conditional(Mutants.Constant)]
    public static void Change(CacheState state, CacheEvent e, ref CacheStep step)
    {
#if DISCO_MUTANTS
        step = (Mutants.Active, state, e) switch
        {
            (Mutant.CacheKeepsInvalidated, CacheState.S, CacheEvent.Inval) =>
                new CacheStep(CacheState.S, CacheDo.SendInvalAck),
            (Mutant.CacheInstallsOldLine, CacheState.IS, CacheEvent.Inval) =>
                new CacheStep(CacheState.IS, CacheDo.SendInvalAck),
            (Mutant.CacheKeepsPendingCopy, CacheState.SPending, CacheEvent.Inval) =>
                new CacheStep(CacheState.SPending, CacheDo.SendInvalAck),
            (Mutant.CacheUpgradesLostCopy, CacheState.SM, CacheEvent.Inval) =>
                new CacheStep(CacheState.SM, CacheDo.SendInvalAck),
            (Mutant.CacheUpgradesLostCopyPaused, CacheState.SMPause, CacheEvent.Inval) =>
                new CacheStep(CacheState.SMPause, CacheDo.SendInvalAck),
            (Mutant.CacheSharesWithoutWriteback, CacheState.M, CacheEvent.FwdGetS) =>
                step with { Do = (step.Do & ~CacheDo.SendSharingWritebackDirty) | CacheDo.SendSharingWriteback },
            (Mutant.CacheEvictsDirtyAsClean, CacheState.M, CacheEvent.Evict) =>
                new CacheStep(CacheState.EI, CacheDo.SendPutClean | CacheDo.LineLost),
            (Mutant.CacheKeepsOnce, CacheState.Once, CacheEvent.Performed) =>
                new CacheStep(CacheState.S, CacheDo.None),
            (Mutant.CacheFreesWritebackEarly, CacheState.EI or CacheState.MI,
                CacheEvent.FwdGetS or CacheEvent.FwdGetX) =>
                new CacheStep(CacheState.I, step.Do | CacheDo.FreeWriteback),
            (Mutant.CacheForwardsDirtyAsClean, CacheState.MI, CacheEvent.FwdGetX) =>
                step with { Do = (step.Do & ~CacheDo.SendDataModified) | CacheDo.SendDataExclusive },
            (Mutant.CacheForgetsForward, CacheState.IM, CacheEvent.FwdGetX) =>
                step with { Do = CacheDo.None },
            (Mutant.CacheSharesAndStaysOwner, CacheState.E, CacheEvent.FwdGetS) =>
                step with { Next = CacheState.E },
            _ => step,
        };
#endif
    }
}
