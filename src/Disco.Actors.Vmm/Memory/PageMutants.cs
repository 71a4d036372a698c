using System.Diagnostics;
using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Memory;

/// <summary>Mistakes in the pages' table; see <see cref="Mutants"/>.</summary>
internal static class PageMutants
{
    [Conditional(Mutants.Constant)]
    public static void Change(PageState state, PageEvent e, ref PageStep step)
    {
#if DISCO_MUTANTS
        step = (Mutants.Active, state, e) switch
        {
            (Mutant.PageCopiesBeforeAcks, PageState.Private, PageEvent.Migrate) =>
                step with { Do = PageDo.InvalidateAll | PageDo.Copy },
            (Mutant.PageCopiesBeforeAcks, PageState.MigrateInvalidating, PageEvent.ShotDown) =>
                new PageStep(state, PageDo.None),
            (Mutant.PageCopiesBeforeAcks, PageState.MigrateInvalidating, PageEvent.Copied) =>
                PageProtocol.Next(PageState.MigrateCopying, PageEvent.Copied),
            (Mutant.PageReplicatesWhileWritten, PageState.Private, PageEvent.Replicate) =>
                step with { Do = PageDo.DowngradeAll | PageDo.Copy },
            (Mutant.PageReplicatesWhileWritten, PageState.ReplicateDowngrading, PageEvent.ShotDown) =>
                new PageStep(state, PageDo.None),
            (Mutant.PageReplicatesWhileWritten, PageState.ReplicateDowngrading, PageEvent.Copied) =>
                PageProtocol.Next(PageState.ReplicateCopying, PageEvent.Copied),
            (Mutant.PageLendsWhileWritten, PageState.Private, PageEvent.Lend) =>
                new PageStep(PageState.LendRegistering, PageDo.Register),
            (Mutant.PageCollapsesLocally, PageState.Replicated, PageEvent.Write) =>
                step with { Do = PageDo.InvalidateLocal },
            (Mutant.PageReplicaLeavesOldFrame, PageState.ReplicateCopying, PageEvent.Copied) =>
                new PageStep(PageState.Replicated, PageDo.AddReplica),
            (Mutant.PageBreaksWithoutCopy, PageState.BreakClaiming, PageEvent.ClaimedShared) =>
                new PageStep(PageState.Private, PageDo.MarkPrivate | PageDo.Grant),
            (Mutant.PageGrantsWhileMigrating, PageState.MigrateInvalidating, PageEvent.Read) =>
                new PageStep(state, PageDo.Grant),
            (Mutant.PageGrantsWhileCopying, PageState.MigrateCopying, PageEvent.Read) =>
                new PageStep(state, PageDo.Grant),
            (Mutant.PageMergesWhileWritten, PageState.Private, PageEvent.Merge) =>
                new PageStep(PageState.MergeComparing, PageDo.Compare),
            (Mutant.PageMergesUnseen, PageState.MergeComparing, PageEvent.Differs) =>
                PageProtocol.Next(state, PageEvent.Same),
            _ => step,
        };
#endif
    }
}
