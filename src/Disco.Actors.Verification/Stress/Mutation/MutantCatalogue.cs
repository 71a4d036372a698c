using Disco.Actors.Core;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Stress.Mutation;

/// <summary>All mutants, with the mistakes of real systems they are made after.</summary>
public static class MutantCatalogue
{
    private const string Flash = "FLASH protocol code, Chou et al., ASPLOS 2000";
    private const string McVerSi = "McVerSi, HPCA 2016";
    private const string TlbGen = "Linux, arch/x86/mm/tlb.c, tlb_gen";

    public static readonly IReadOnlyList<MutantInfo> All =
    [
        .. Homes(), .. Caches(), .. Rounds(), .. Responders(), .. Pages(), .. Translations(),
    ];

    public static MutantInfo? Find(string name) =>
        All.FirstOrDefault(info => string.Equals(info.Mutant.ToString(), name, StringComparison.OrdinalIgnoreCase));

    private static MutantInfo[] Homes() =>
    [
        Home(Mutant.HomeGrantsAtFirstAck, BugClass.LostAck, "the first acknowledgement grants", McVerSi),
        Home(Mutant.HomeAwaitsOneAckLess, BugClass.LostAck, "awaits one acknowledgement less than it asked for", Flash),
        Home(Mutant.HomeForgetsSharer, BugClass.MissedTarget, "does not list who reads a shared line", Flash),
        Home(Mutant.HomeForgetsOldOwner, BugClass.MissedTarget, "does not list the owner that shares its line", McVerSi),
        Home(Mutant.HomeDropsSharedWriteback, BugClass.LostWrite, "drops the bytes of a line that becomes shared", Flash),
        Home(Mutant.HomeDropsDirtyPut, BugClass.LostWrite, "drops the bytes of a line that is put back", Flash),
        Home(Mutant.HomeWritesLatePut, BugClass.DirectoryRace, "writes a Put that a forward has overtaken", "gem5 1210")
            with
        {
            Equivalent = "the new owner's copy is newer in any case, and its own Put or writeback comes later",
        },
        Home(Mutant.HomeForgetsOwedWbAck, BugClass.DirectoryRace, "owes a WbAck after a crossing and forgets it", Flash),
        Home(Mutant.HomeUpgradesAnybody, BugClass.UpgradeRace, "upgrades a cache whose copy is gone", "gem5 316"),
        Home(Mutant.HomeDropsReturnedLine, BugClass.LostWrite, "drops the bytes of a line returned early", "gem5 316"),
        Home(Mutant.HomeReadsWhileUpgrading, BugClass.UpgradeRace, "serves a read while it upgrades another", McVerSi),
        Home(Mutant.HomeKeepsPromise, BugClass.Starvation, "keeps a promise after it was fulfilled", "openrisc/linux 12"),
        Home(Mutant.HomeInvalidatesRequester, BugClass.UpgradeRace, "invalidates the requester too", Flash),
        Home(Mutant.HomeTrustsMemory, BugClass.DirectoryRace, "reads an owned line from memory", McVerSi),
    ];

    private static MutantInfo[] Caches() =>
    [
        Home(Mutant.CacheKeepsInvalidated, BugClass.AckBeforeRemoval, "acknowledges an Inval and keeps the copy", McVerSi),
        Home(Mutant.CacheInstallsOldLine, BugClass.FillAfterInvalidate, "installs a line whose Inval came first", McVerSi),
        Home(Mutant.CacheKeepsPendingCopy, BugClass.FillAfterInvalidate, "keeps a granted copy after its Inval", McVerSi),
        Home(Mutant.CacheUpgradesLostCopy, BugClass.UpgradeRace, "goes on with an upgrade of a lost copy", "gem5 316"),
        Home(Mutant.CacheUpgradesLostCopyPaused, BugClass.UpgradeRace, "the same after a refusal", "gem5 316"),
        Home(Mutant.CacheSharesWithoutWriteback, BugClass.LostWrite, "shares a dirty line as a clean one", Flash),
        Home(Mutant.CacheEvictsDirtyAsClean, BugClass.LostWrite, "evicts a dirty line as a clean one", Flash),
        Home(Mutant.CacheKeepsOnce, BugClass.FillAfterInvalidate, "keeps a line granted for once", McVerSi),
        Home(Mutant.CacheFreesWritebackEarly, BugClass.DirectoryRace, "frees a writeback before its WbAck", Flash),
        Home(Mutant.CacheKeepsLink, BugClass.LinkKept, "keeps the link of LL when the line is lost", "MIPS64 manual, SC"),
        Home(Mutant.CacheForwardsDirtyAsClean, BugClass.LostWrite, "hands an evicted dirty line on as clean", "gem5 1210"),
        Home(Mutant.CacheForgetsForward, BugClass.MutualWait, "forgets a forward that came before the line", Flash),
        Home(Mutant.CacheSharesAndStaysOwner, BugClass.UpgradeRace, "shares a line and stays its owner", McVerSi),
        Home(Mutant.MemoryWritesHalfLine, BugClass.LostWrite, "writes half of a line", Flash),
    ];

    private static MutantInfo[] Rounds() =>
    [
        Shot(Mutant.RoundAwaitsOneAckLess, BugClass.ReuseBeforeAcks, "does not await the last CPU it asked", "eb66ae030829"),
        Shot(Mutant.RoundCompletesAtFirstAck, BugClass.ReuseBeforeAcks, "the first acknowledgement completes", "60bae7370896"),
        Shot(Mutant.RoundCountsAcksOfOthers, BugClass.LateAck, "counts an acknowledgement of another round", "FreeBSD smp_tlb_wait"),
        Shot(Mutant.RoundIgnoresWhoAcks, BugClass.LateAck, "counts acknowledgements, not CPUs", "FreeBSD smp_tlb_wait"),
        Shot(Mutant.RoundForgetsRelease, BugClass.MutualWait, "never releases who stopped", "Uros 317")
            with { Protocol = ShootdownProtocol.Mach },
        Shot(Mutant.RoundForgetsLastTarget, BugClass.MissedTarget, "does not ask one of the holders", "OSv 102"),
        Shot(Mutant.RoundForgetsHomeNode, BugClass.MissedTarget, "does not ask the CPUs of its own node", "OSv 102")
            with { Protocol = ShootdownProtocol.NumaMulticast },
    ];

    private static MutantInfo[] Responders() =>
    [
        Shot(Mutant.RemovalSkipsDowngrades, BugClass.WrongCondition, "does nothing for a downgrade", "Xen XSA-408"),
        Shot(Mutant.RemovalTakesFirstPage, BugClass.WrongCondition, "removes only the first page of a range", "3ea277194daa"),
        Shot(Mutant.GathererAcksEarly, BugClass.AckBeforeRemoval, "acknowledges for its node at once", "EuroSys 2020, early ack")
            with { Protocol = ShootdownProtocol.Multicast },
        Shot(Mutant.GathererKeepsItsOwn, BugClass.MissedTarget, "passes the order on and keeps its own", "Barrelfish")
            with { Protocol = ShootdownProtocol.Multicast },
        Shot(Mutant.RendezvousResumesAtFirst, BugClass.FlushAfterLock, "goes on at the first of several releases", "1cf35d47712d")
            with { Protocol = ShootdownProtocol.Mach },
        Shot(Mutant.RendezvousSkipsIdle, BugClass.MissedTarget, "queues nothing to an idle CPU", "Linux, lazy TLB revert 2018")
            with { Protocol = ShootdownProtocol.Mach },
        Shot(Mutant.RendezvousDropsOverrun, BugClass.BatchOverrun, "forgets a full queue instead of flushing", "elfuse 65")
            with { Protocol = ShootdownProtocol.Mach },
        Shot(Mutant.LazyAcksAtRecord, BugClass.AckBeforeRemoval, "acknowledges when it is told, not when it is done", "LATR")
            with { Protocol = ShootdownProtocol.Lazy },
        Shot(Mutant.LazySweepsOnlyFirst, BugClass.BatchOverrun, "sweeps the first record and acknowledges all", "LATR")
            with { Protocol = ShootdownProtocol.Lazy },
        Shot(Mutant.BatchRemovesRangesBehind, BugClass.GenerationOrder, "removes ranges though it missed a round", TlbGen)
            with
        {
            Protocol = ShootdownProtocol.Batched,
            Equivalent = "who was not asked held nothing, or repairs what it held when it enters",
        },
        Shot(Mutant.BatchLosesOverrun, BugClass.BatchOverrun, "sends only the first range of a batch", "arch_tlbbatch INVLPGB")
            with { Protocol = ShootdownProtocol.Batched },
        Shot(Mutant.BatchTakesAnyEpoch, BugClass.GenerationOrder, "lets an older round turn its count back", TlbGen)
            with
        {
            Protocol = ShootdownProtocol.Batched,
            Equivalent = "rounds of one initiator arrive in their order, on one channel",
        },
    ];

    private static MutantInfo[] Pages() =>
    [
        Page(Mutant.PageCopiesBeforeAcks, BugClass.ReuseBeforeAcks, "copies a page that CPUs still write", "20841405940e"),
        Page(Mutant.PageReplicatesWhileWritten, BugClass.UpgradeRace, "replicates a page that CPUs still write", "Disco 4.2.3"),
        Page(Mutant.PageLendsWhileWritten, BugClass.UpgradeRace, "lends a page that CPUs still write", "EuroSys 2020, CoW"),
        Page(Mutant.PageCollapsesLocally, BugClass.MissedTarget, "a write leaves replicas of other nodes in use", "Disco 4.2.3"),
        Page(Mutant.PageReplicaLeavesOldFrame, BugClass.WrongCondition, "leaves CPUs of a new replica at the old frame", "Disco 4.2.3")
            with { Equivalent = "both frames hold the same and any write shoots down the users of both" },
        Page(Mutant.PageBreaksWithoutCopy, BugClass.UpgradeRace, "lets a write into a shared frame", "CVE-2016-5195"),
        Page(Mutant.PageGrantsWhileMigrating, BugClass.FillAfterInvalidate, "answers a read while CPUs let go", "KVM mmu_notifier_seq"),
        Page(Mutant.PageGrantsWhileCopying, BugClass.FillAfterInvalidate, "answers a read while the page is copied", "KVM mmu_notifier_seq"),
        Page(Mutant.PageFillIsNeverOld, BugClass.FillAfterInvalidate, "an answer never counts as overtaken", "KVM mmu_notifier_seq"),
        Page(Mutant.PageForgetsReaders, BugClass.MissedTarget, "does not note whom it gave a page to read", "3ea277194daa"),
        Page(Mutant.PageDowngradesNobody, BugClass.WrongCondition, "asks nobody to give up the right to write", "AMD IOMMU"),
        Page(Mutant.FrameIsNotZeroed, BugClass.ReuseBeforeAcks, "gives a frame out as its last user left it", "Disco 4.2.2"),
        Page(Mutant.VcpuEntersUnrepaired, BugClass.MissedTarget, "a virtual CPU comes back with old translations", "Linux initialize_tlbstate"),
        Page(Mutant.VcpuLogOverrunIgnored, BugClass.BatchOverrun, "one that was away too long drops nothing", "elfuse 65"),
        Page(Mutant.PageMovesForGood, BugClass.Starvation, "does not count how often a page moves", "Bolosky et al., SOSP 1989"),
        Page(Mutant.PageMergesWhileWritten, BugClass.UpgradeRace, "compares a page that CPUs still write", "ESX, OSDI 2002, 4"),
        Page(Mutant.PageMergesUnseen, BugClass.WrongCondition, "takes pages of one number for the same", "ESX, OSDI 2002, 4"),
    ];

    private static MutantInfo[] Translations() =>
    [
        Board(Mutant.CacheLinksAnyLine, BugClass.LinkKept, "stores by SC where a page is now, linked where it was", "this machine, before it was found"),
        Board(Mutant.VcpuKeepsSecondLevel, BugClass.AsidReuse, "keeps translations of an entry that its guest replaced", "Linux, MIPS get_new_mmu_context"),
    ];

    private static MutantInfo Home(Mutant mutant, BugClass bugClass, string what, string source) =>
        new(mutant, bugClass, SubjectKind.Coherence, what, source);

    private static MutantInfo Shot(Mutant mutant, BugClass bugClass, string what, string source) =>
        new(mutant, bugClass, SubjectKind.Shootdown, what, source);

    private static MutantInfo Board(Mutant mutant, BugClass bugClass, string what, string source) =>
        new(mutant, bugClass, SubjectKind.Machine, what, source);

    private static MutantInfo Page(Mutant mutant, BugClass bugClass, string what, string source) =>
        new(mutant, bugClass, SubjectKind.Placement, what, source);
}
