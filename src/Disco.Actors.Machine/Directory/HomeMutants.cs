using System.Diagnostics;
using Disco.Actors.Core;

namespace Disco.Actors.Machine.Directory;

/// <summary>Mistakes in the home's table and in what messages mean to it; see <see cref="Mutants"/>.</summary>
internal static class HomeMutants
{
    /// <summary>Wrong steps.</summary>
    [Conditional(Mutants.Constant)]
    public static void Change(HomeState state, HomeEvent e, ref HomeStep step)
    {
#if DISCO_MUTANTS
        step = (Mutants.Active, state, e) switch
        {
            (Mutant.HomeForgetsSharer, HomeState.Shared, HomeEvent.GetS) =>
                step with { Do = HomeDo.ReadShared },
            (Mutant.HomeForgetsOldOwner, HomeState.BusyForwardS, _) when (step.Do & HomeDo.ShareWithOwner) != 0 =>
                step with { Do = (step.Do & ~HomeDo.ShareWithOwner) | HomeDo.ShareAlone },
            (Mutant.HomeDropsSharedWriteback, HomeState.BusyForwardS, HomeEvent.SharingWritebackDirty) =>
                step with { Do = step.Do & ~HomeDo.WriteMemory },
            (Mutant.HomeDropsDirtyPut, HomeState.Exclusive, HomeEvent.PutDirty) =>
                step with { Do = step.Do & ~HomeDo.WriteMemory },
            (Mutant.HomeWritesLatePut, HomeState.BusyForwardX, HomeEvent.PutDirty) =>
                step with { Do = HomeDo.WriteMemory },
            (Mutant.HomeForgetsOwedWbAck, HomeState.BusyForwardXPut, HomeEvent.OwnershipTransfer) =>
                step with { Do = step.Do & ~HomeDo.AckOwedPut },
            (Mutant.HomeDropsReturnedLine, _, HomeEvent.ReturnDirty) when step.Do != HomeDo.Impossible =>
                step with { Do = step.Do & ~HomeDo.WriteMemory },
            (Mutant.HomeReadsWhileUpgrading, HomeState.BusyUpgrade, HomeEvent.GetS) =>
                step with { Do = HomeDo.ReadShared | HomeDo.AddSharer },
            (Mutant.HomeTrustsMemory, HomeState.Exclusive, HomeEvent.GetS) =>
                new HomeStep(HomeState.Shared, HomeDo.ReadShared | HomeDo.ShareWithOwner),
            _ => step,
        };
#endif
    }

    /// <summary>Wrong counts.</summary>
    [Conditional(Mutants.Constant)]
    public static void Miscount(ref HomeEvent e, ref DirectoryEntry entry)
    {
#if DISCO_MUTANTS
        if (Mutants.Active == Mutant.HomeGrantsAtFirstAck && e == HomeEvent.InvalAck)
        {
            (e, entry.Acks) = (HomeEvent.LastInvalAck, 1);
        }
#endif
    }
}
