namespace Disco.Actors.Core;

/// <summary>A mistake; what each is and where it comes from is in the catalogue of Verification.</summary>
public enum Mutant : byte
{
    None,

    // The home's side of coherence.
    HomeGrantsAtFirstAck,
    HomeAwaitsOneAckLess,
    HomeForgetsSharer,
    HomeForgetsOldOwner,
    HomeDropsSharedWriteback,
    HomeDropsDirtyPut,
    HomeWritesLatePut,
    HomeForgetsOwedWbAck,
    HomeUpgradesAnybody,
    HomeDropsReturnedLine,
    HomeReadsWhileUpgrading,
    HomeKeepsPromise,
    HomeInvalidatesRequester,
    HomeTrustsMemory,

    // The cache's side.
    CacheKeepsInvalidated,
    CacheInstallsOldLine,
    CacheKeepsPendingCopy,
    CacheUpgradesLostCopy,
    CacheUpgradesLostCopyPaused,
    CacheSharesWithoutWriteback,
    CacheEvictsDirtyAsClean,
    CacheKeepsOnce,
    CacheFreesWritebackEarly,
    CacheKeepsLink,
    CacheForwardsDirtyAsClean,
    CacheForgetsForward,
    CacheSharesAndStaysOwner,
    MemoryWritesHalfLine,

    // Shootdowns: the initiator, then each responder.
    RoundAwaitsOneAckLess,
    RoundCompletesAtFirstAck,
    RoundCountsAcksOfOthers,
    RoundIgnoresWhoAcks,
    RoundForgetsRelease,
    RoundForgetsLastTarget,
    RoundForgetsHomeNode,
    RemovalSkipsDowngrades,
    RemovalTakesFirstPage,
    GathererAcksEarly,
    GathererKeepsItsOwn,
    RendezvousResumesAtFirst,
    RendezvousSkipsIdle,
    RendezvousDropsOverrun,
    LazyAcksAtRecord,
    LazySweepsOnlyFirst,
    BatchRemovesRangesBehind,
    BatchLosesOverrun,
    BatchTakesAnyEpoch,

    // The monitor's memory.
    PageCopiesBeforeAcks,
    PageReplicatesWhileWritten,
    PageLendsWhileWritten,
    PageCollapsesLocally,
    PageReplicaLeavesOldFrame,
    PageBreaksWithoutCopy,
    PageGrantsWhileMigrating,
    PageGrantsWhileCopying,
    PageFillIsNeverOld,
    PageForgetsReaders,
    PageDowngradesNobody,
    FrameIsNotZeroed,
    VcpuEntersUnrepaired,
    VcpuLogOverrunIgnored,
    PageMovesForGood,
    PageMergesWhileWritten,
    PageMergesUnseen,

    // What only programs in real instructions show: links, translations of virtual CPUs.
    CacheLinksAnyLine,
    VcpuKeepsSecondLevel,
}
