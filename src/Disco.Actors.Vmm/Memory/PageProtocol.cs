using System.Text;

namespace Disco.Actors.Vmm.Memory;

/// <summary>
/// How a physical page changes its frames, as a pure total table. <see cref="VmMonitor"/> performs the actions.
/// The order within migration and replication is the paper's: translations first, then the copy, then the mapping.
/// [Disco 4.2.3]
/// </summary>
public static class PageProtocol
{
    public static PageStep Next(PageState state, PageEvent e) => state switch
    {
        PageState.Empty => Empty(e),
        PageState.Private => Private(e),
        PageState.Shared => Shared(e),
        PageState.Replicated => Replicated(e),
        PageState.FillAllocating => FillAllocating(e),
        PageState.MigrateInvalidating => MigrateInvalidating(e),
        PageState.MigrateCopying => MigrateCopying(e),
        PageState.ReplicateDowngrading => ReplicateDowngrading(e),
        PageState.ReplicateCopying => ReplicateCopying(e),
        PageState.ReplicateRemapping => ReplicateRemapping(e),
        PageState.CollapseInvalidating => CollapseInvalidating(e),
        PageState.DropInvalidating => DropInvalidating(e),
        PageState.BreakClaiming => BreakClaiming(e),
        PageState.BreakAllocating => BreakAllocating(e),
        PageState.BreakInvalidating => BreakInvalidating(e),
        PageState.BreakCopying => BreakCopying(e),
        PageState.LendDowngrading => LendDowngrading(e),
        PageState.LendRegistering => LendRegistering(e),
        PageState.BorrowInvalidating => BorrowInvalidating(e),
        PageState.FreeInvalidating => FreeInvalidating(e),
        PageState.MergeDowngrading => MergeDowngrading(e),
        PageState.MergeComparing => MergeComparing(e),
    };

    /// <summary>The whole table as text, one line for each pair.</summary>
    public static string Print()
    {
        StringBuilder text = new();
        foreach (PageState state in Enum.GetValues<PageState>())
        {
            foreach (PageEvent e in Enum.GetValues<PageEvent>())
            {
                PageStep step = Next(state, e);
                string outcome = step.Do == PageDo.Impossible ? "-" : $"{step.Next,-20} {step.Do}";
                text.Append($"{state,-20} {e,-20} -> {outcome}".TrimEnd()).Append('\n');
            }
        }
        return text.ToString();
    }

    private static PageStep Empty(PageEvent e) => e switch
    {
        PageEvent.Read => To(PageState.FillAllocating, PageDo.AllocateZero),
        PageEvent.Write => To(PageState.FillAllocating, PageDo.AllocateZero),
        PageEvent.Lend => To(PageState.Empty, PageDo.SendLentZero),
        PageEvent.Borrow => To(PageState.Shared, PageDo.Adopt | PageDo.MarkShared | PageDo.Confirm),
        PageEvent.Free => To(PageState.Empty, PageDo.Confirm),
        PageEvent.Held => Impossible(PageState.Empty),
        PageEvent.Migrate => To(PageState.Empty, PageDo.Refuse),
        PageEvent.Replicate => To(PageState.Empty, PageDo.Refuse),
        PageEvent.DropReplicas => To(PageState.Empty, PageDo.Refuse),
        PageEvent.Merge => To(PageState.Empty, PageDo.Refuse),
        PageEvent.HeldMove => Impossible(PageState.Empty),
        PageEvent.Allocated or PageEvent.NoFrame or PageEvent.ShotDown or PageEvent.ShotDownShared or PageEvent.Copied
            or PageEvent.ClaimedAlone or PageEvent.ClaimedShared or PageEvent.Registered
            or PageEvent.RegisteredReplicated or PageEvent.Same or PageEvent.Differs => Impossible(PageState.Empty),
    };

    private static PageStep Private(PageEvent e) => e switch
    {
        PageEvent.Read => To(PageState.Private, PageDo.Grant),
        PageEvent.Write => To(PageState.Private, PageDo.Grant),
        PageEvent.Lend => To(PageState.LendDowngrading, PageDo.DowngradeAll),
        PageEvent.Borrow => To(PageState.BorrowInvalidating, PageDo.InvalidateAll),
        PageEvent.Free => To(PageState.FreeInvalidating, PageDo.InvalidateAll),
        PageEvent.Held => To(PageState.Private, PageDo.Wait),
        PageEvent.Migrate => To(PageState.MigrateInvalidating, PageDo.InvalidateAll),
        PageEvent.Replicate => To(PageState.ReplicateDowngrading, PageDo.DowngradeAll),
        PageEvent.DropReplicas => To(PageState.Private, PageDo.Refuse),
        PageEvent.Merge => To(PageState.MergeDowngrading, PageDo.DowngradeAll),
        PageEvent.HeldMove => To(PageState.Private, PageDo.Refuse),
        PageEvent.Allocated or PageEvent.NoFrame or PageEvent.ShotDown or PageEvent.ShotDownShared or PageEvent.Copied
            or PageEvent.ClaimedAlone or PageEvent.ClaimedShared or PageEvent.Registered
            or PageEvent.RegisteredReplicated or PageEvent.Same or PageEvent.Differs => Impossible(PageState.Private),
    };

    // A shared frame does not migrate: its other users would not know. It can be replicated.
    private static PageStep Shared(PageEvent e) => e switch
    {
        PageEvent.Read => To(PageState.Shared, PageDo.Grant),
        PageEvent.Write => To(PageState.BreakClaiming, PageDo.Claim),
        PageEvent.Lend => To(PageState.LendRegistering, PageDo.Register),
        PageEvent.Borrow => To(PageState.BorrowInvalidating, PageDo.InvalidateAll),
        PageEvent.Free => To(PageState.FreeInvalidating, PageDo.InvalidateAll),
        PageEvent.Held => To(PageState.Shared, PageDo.Wait),
        PageEvent.Migrate => To(PageState.Shared, PageDo.Refuse),
        PageEvent.Replicate => To(PageState.ReplicateDowngrading, PageDo.DowngradeAll),
        PageEvent.DropReplicas => To(PageState.Shared, PageDo.Refuse),
        PageEvent.Merge => To(PageState.Shared, PageDo.Refuse),
        PageEvent.HeldMove => To(PageState.Shared, PageDo.Refuse),
        PageEvent.Allocated or PageEvent.NoFrame or PageEvent.ShotDown or PageEvent.ShotDownShared or PageEvent.Copied
            or PageEvent.ClaimedAlone or PageEvent.ClaimedShared or PageEvent.Registered
            or PageEvent.RegisteredReplicated or PageEvent.Same or PageEvent.Differs => Impossible(PageState.Shared),
    };

    private static PageStep Replicated(PageEvent e) => e switch
    {
        PageEvent.Read => To(PageState.Replicated, PageDo.Grant),
        PageEvent.Write => To(PageState.CollapseInvalidating, PageDo.InvalidateAll),
        PageEvent.Lend => To(PageState.LendRegistering, PageDo.Register),
        PageEvent.Borrow => To(PageState.BorrowInvalidating, PageDo.InvalidateAll),
        PageEvent.Free => To(PageState.FreeInvalidating, PageDo.InvalidateAll),
        PageEvent.Held => To(PageState.Replicated, PageDo.Wait),
        PageEvent.Migrate => To(PageState.Replicated, PageDo.Refuse),
        PageEvent.Replicate => To(PageState.ReplicateDowngrading, PageDo.DowngradeAll),
        PageEvent.DropReplicas => To(PageState.DropInvalidating, PageDo.InvalidateAll),
        PageEvent.Merge => To(PageState.Replicated, PageDo.Refuse),
        PageEvent.HeldMove => To(PageState.Replicated, PageDo.Refuse),
        PageEvent.Allocated or PageEvent.NoFrame or PageEvent.ShotDown or PageEvent.ShotDownShared or PageEvent.Copied
            or PageEvent.ClaimedAlone or PageEvent.ClaimedShared or PageEvent.Registered
            or PageEvent.RegisteredReplicated or PageEvent.Same or PageEvent.Differs
            => Impossible(PageState.Replicated),
    };

    private static PageStep FillAllocating(PageEvent e) => e switch
    {
        PageEvent.Read or PageEvent.Write or PageEvent.Lend or PageEvent.Borrow or PageEvent.Free
            => To(PageState.FillAllocating, PageDo.Wait),
        PageEvent.Migrate or PageEvent.Replicate or PageEvent.DropReplicas or PageEvent.Merge
            => To(PageState.FillAllocating, PageDo.Refuse),
        PageEvent.Allocated => To(PageState.Private, PageDo.Adopt | PageDo.MarkPrivate | PageDo.Grant),
        PageEvent.NoFrame => To(PageState.Empty, PageDo.Refuse),
        PageEvent.Held or PageEvent.HeldMove or PageEvent.ShotDown or PageEvent.ShotDownShared or PageEvent.Copied
            or PageEvent.ClaimedAlone or PageEvent.ClaimedShared or PageEvent.Registered
            or PageEvent.RegisteredReplicated or PageEvent.Same or PageEvent.Differs
            => Impossible(PageState.FillAllocating),
    };

    private static PageStep MigrateInvalidating(PageEvent e) => e switch
    {
        PageEvent.Read or PageEvent.Write or PageEvent.Lend or PageEvent.Borrow or PageEvent.Free
            => To(PageState.MigrateInvalidating, PageDo.Wait),
        PageEvent.Migrate or PageEvent.Replicate or PageEvent.DropReplicas or PageEvent.Merge
            => To(PageState.MigrateInvalidating, PageDo.Refuse),
        PageEvent.ShotDown => To(PageState.MigrateCopying, PageDo.Copy),
        PageEvent.Held or PageEvent.HeldMove or PageEvent.Allocated or PageEvent.NoFrame or PageEvent.ShotDownShared
            or PageEvent.Copied or PageEvent.ClaimedAlone or PageEvent.ClaimedShared or PageEvent.Registered
            or PageEvent.RegisteredReplicated or PageEvent.Same or PageEvent.Differs
            => Impossible(PageState.MigrateInvalidating),
    };

    private static PageStep MigrateCopying(PageEvent e) => e switch
    {
        PageEvent.Read or PageEvent.Write or PageEvent.Lend or PageEvent.Borrow or PageEvent.Free
            => To(PageState.MigrateCopying, PageDo.Wait),
        PageEvent.Migrate or PageEvent.Replicate or PageEvent.DropReplicas or PageEvent.Merge
            => To(PageState.MigrateCopying, PageDo.Refuse),
        PageEvent.Copied => To(PageState.Private, PageDo.ReleaseOld | PageDo.Adopt),
        PageEvent.Held or PageEvent.HeldMove or PageEvent.Allocated or PageEvent.NoFrame or PageEvent.ShotDown
            or PageEvent.ShotDownShared or PageEvent.ClaimedAlone or PageEvent.ClaimedShared or PageEvent.Registered
            or PageEvent.RegisteredReplicated or PageEvent.Same or PageEvent.Differs
            => Impossible(PageState.MigrateCopying),
    };

    private static PageStep ReplicateDowngrading(PageEvent e) => e switch
    {
        PageEvent.Read or PageEvent.Write or PageEvent.Lend or PageEvent.Borrow or PageEvent.Free
            => To(PageState.ReplicateDowngrading, PageDo.Wait),
        PageEvent.Migrate or PageEvent.Replicate or PageEvent.DropReplicas or PageEvent.Merge
            => To(PageState.ReplicateDowngrading, PageDo.Refuse),
        PageEvent.ShotDown => To(PageState.ReplicateCopying, PageDo.Copy),
        PageEvent.ShotDownShared => To(PageState.ReplicateCopying, PageDo.Copy),
        PageEvent.Held or PageEvent.HeldMove or PageEvent.Allocated or PageEvent.NoFrame or PageEvent.Copied
            or PageEvent.ClaimedAlone or PageEvent.ClaimedShared or PageEvent.Registered
            or PageEvent.RegisteredReplicated or PageEvent.Same or PageEvent.Differs
            => Impossible(PageState.ReplicateDowngrading),
    };

    private static PageStep ReplicateCopying(PageEvent e) => e switch
    {
        PageEvent.Read or PageEvent.Write or PageEvent.Lend or PageEvent.Borrow or PageEvent.Free
            => To(PageState.ReplicateCopying, PageDo.Wait),
        PageEvent.Migrate or PageEvent.Replicate or PageEvent.DropReplicas or PageEvent.Merge
            => To(PageState.ReplicateCopying, PageDo.Refuse),
        PageEvent.Copied => To(PageState.ReplicateRemapping, PageDo.AddReplica | PageDo.InvalidateLocal),
        PageEvent.Held or PageEvent.HeldMove or PageEvent.Allocated or PageEvent.NoFrame or PageEvent.ShotDown
            or PageEvent.ShotDownShared or PageEvent.ClaimedAlone or PageEvent.ClaimedShared or PageEvent.Registered
            or PageEvent.RegisteredReplicated or PageEvent.Same or PageEvent.Differs
            => Impossible(PageState.ReplicateCopying),
    };

    private static PageStep ReplicateRemapping(PageEvent e) => e switch
    {
        PageEvent.Read or PageEvent.Write or PageEvent.Lend or PageEvent.Borrow or PageEvent.Free
            => To(PageState.ReplicateRemapping, PageDo.Wait),
        PageEvent.Migrate or PageEvent.Replicate or PageEvent.DropReplicas or PageEvent.Merge
            => To(PageState.ReplicateRemapping, PageDo.Refuse),
        PageEvent.ShotDown => To(PageState.Replicated),
        PageEvent.ShotDownShared => To(PageState.Replicated),
        PageEvent.Held or PageEvent.HeldMove or PageEvent.Allocated or PageEvent.NoFrame or PageEvent.Copied
            or PageEvent.ClaimedAlone or PageEvent.ClaimedShared or PageEvent.Registered
            or PageEvent.RegisteredReplicated or PageEvent.Same or PageEvent.Differs
            => Impossible(PageState.ReplicateRemapping),
    };

    private static PageStep CollapseInvalidating(PageEvent e) => e switch
    {
        PageEvent.Read or PageEvent.Write or PageEvent.Lend or PageEvent.Borrow or PageEvent.Free
            => To(PageState.CollapseInvalidating, PageDo.Wait),
        PageEvent.Migrate or PageEvent.Replicate or PageEvent.DropReplicas or PageEvent.Merge
            => To(PageState.CollapseInvalidating, PageDo.Refuse),
        PageEvent.ShotDown => To(PageState.Private, PageDo.ReleaseReplicas | PageDo.Grant),
        PageEvent.ShotDownShared => To(PageState.BreakClaiming, PageDo.ReleaseReplicas | PageDo.Claim),
        PageEvent.Held or PageEvent.HeldMove or PageEvent.Allocated or PageEvent.NoFrame or PageEvent.Copied
            or PageEvent.ClaimedAlone or PageEvent.ClaimedShared or PageEvent.Registered
            or PageEvent.RegisteredReplicated or PageEvent.Same or PageEvent.Differs
            => Impossible(PageState.CollapseInvalidating),
    };

    private static PageStep DropInvalidating(PageEvent e) => e switch
    {
        PageEvent.Read or PageEvent.Write or PageEvent.Lend or PageEvent.Borrow or PageEvent.Free
            => To(PageState.DropInvalidating, PageDo.Wait),
        PageEvent.Migrate or PageEvent.Replicate or PageEvent.DropReplicas or PageEvent.Merge
            => To(PageState.DropInvalidating, PageDo.Refuse),
        PageEvent.ShotDown => To(PageState.Private, PageDo.ReleaseReplicas | PageDo.Confirm),
        PageEvent.ShotDownShared => To(PageState.Shared, PageDo.ReleaseReplicas | PageDo.Confirm),
        PageEvent.Held or PageEvent.HeldMove or PageEvent.Allocated or PageEvent.NoFrame or PageEvent.Copied
            or PageEvent.ClaimedAlone or PageEvent.ClaimedShared or PageEvent.Registered
            or PageEvent.RegisteredReplicated or PageEvent.Same or PageEvent.Differs
            => Impossible(PageState.DropInvalidating),
    };

    private static PageStep BreakClaiming(PageEvent e) => e switch
    {
        PageEvent.Read or PageEvent.Write or PageEvent.Lend or PageEvent.Borrow or PageEvent.Free
            => To(PageState.BreakClaiming, PageDo.Wait),
        PageEvent.Migrate or PageEvent.Replicate or PageEvent.DropReplicas or PageEvent.Merge
            => To(PageState.BreakClaiming, PageDo.Refuse),
        PageEvent.ClaimedAlone => To(PageState.Private, PageDo.MarkPrivate | PageDo.Grant),
        PageEvent.ClaimedShared => To(PageState.BreakAllocating, PageDo.Allocate),
        PageEvent.Held or PageEvent.HeldMove or PageEvent.Allocated or PageEvent.NoFrame or PageEvent.ShotDown
            or PageEvent.ShotDownShared or PageEvent.Copied or PageEvent.Registered or PageEvent.RegisteredReplicated
            or PageEvent.Same or PageEvent.Differs => Impossible(PageState.BreakClaiming),
    };

    private static PageStep BreakAllocating(PageEvent e) => e switch
    {
        PageEvent.Read or PageEvent.Write or PageEvent.Lend or PageEvent.Borrow or PageEvent.Free
            => To(PageState.BreakAllocating, PageDo.Wait),
        PageEvent.Migrate or PageEvent.Replicate or PageEvent.DropReplicas or PageEvent.Merge
            => To(PageState.BreakAllocating, PageDo.Refuse),
        PageEvent.Allocated => To(PageState.BreakInvalidating, PageDo.InvalidateAll),
        PageEvent.NoFrame => To(PageState.Shared, PageDo.Refuse),
        PageEvent.Held or PageEvent.HeldMove or PageEvent.ShotDown or PageEvent.ShotDownShared or PageEvent.Copied
            or PageEvent.ClaimedAlone or PageEvent.ClaimedShared or PageEvent.Registered
            or PageEvent.RegisteredReplicated or PageEvent.Same or PageEvent.Differs
            => Impossible(PageState.BreakAllocating),
    };

    private static PageStep BreakInvalidating(PageEvent e) => e switch
    {
        PageEvent.Read or PageEvent.Write or PageEvent.Lend or PageEvent.Borrow or PageEvent.Free
            => To(PageState.BreakInvalidating, PageDo.Wait),
        PageEvent.Migrate or PageEvent.Replicate or PageEvent.DropReplicas or PageEvent.Merge
            => To(PageState.BreakInvalidating, PageDo.Refuse),
        PageEvent.ShotDownShared => To(PageState.BreakCopying, PageDo.Copy),
        PageEvent.Held or PageEvent.HeldMove or PageEvent.Allocated or PageEvent.NoFrame or PageEvent.ShotDown
            or PageEvent.Copied or PageEvent.ClaimedAlone or PageEvent.ClaimedShared or PageEvent.Registered
            or PageEvent.RegisteredReplicated or PageEvent.Same or PageEvent.Differs
            => Impossible(PageState.BreakInvalidating),
    };

    private static PageStep BreakCopying(PageEvent e) => e switch
    {
        PageEvent.Read or PageEvent.Write or PageEvent.Lend or PageEvent.Borrow or PageEvent.Free
            => To(PageState.BreakCopying, PageDo.Wait),
        PageEvent.Migrate or PageEvent.Replicate or PageEvent.DropReplicas or PageEvent.Merge
            => To(PageState.BreakCopying, PageDo.Refuse),
        PageEvent.Copied
            => To(PageState.Private, PageDo.ReleaseOld | PageDo.Adopt | PageDo.MarkPrivate | PageDo.Grant),
        PageEvent.Held or PageEvent.HeldMove or PageEvent.Allocated or PageEvent.NoFrame or PageEvent.ShotDown
            or PageEvent.ShotDownShared or PageEvent.ClaimedAlone or PageEvent.ClaimedShared or PageEvent.Registered
            or PageEvent.RegisteredReplicated or PageEvent.Same or PageEvent.Differs
            => Impossible(PageState.BreakCopying),
    };

    private static PageStep LendDowngrading(PageEvent e) => e switch
    {
        PageEvent.Read or PageEvent.Write or PageEvent.Lend or PageEvent.Borrow or PageEvent.Free
            => To(PageState.LendDowngrading, PageDo.Wait),
        PageEvent.Migrate or PageEvent.Replicate or PageEvent.DropReplicas or PageEvent.Merge
            => To(PageState.LendDowngrading, PageDo.Refuse),
        PageEvent.ShotDown => To(PageState.LendRegistering, PageDo.Register),
        PageEvent.Held or PageEvent.HeldMove or PageEvent.Allocated or PageEvent.NoFrame or PageEvent.ShotDownShared
            or PageEvent.Copied or PageEvent.ClaimedAlone or PageEvent.ClaimedShared or PageEvent.Registered
            or PageEvent.RegisteredReplicated or PageEvent.Same or PageEvent.Differs
            => Impossible(PageState.LendDowngrading),
    };

    private static PageStep LendRegistering(PageEvent e) => e switch
    {
        PageEvent.Read or PageEvent.Write or PageEvent.Lend or PageEvent.Borrow or PageEvent.Free
            => To(PageState.LendRegistering, PageDo.Wait),
        PageEvent.Migrate or PageEvent.Replicate or PageEvent.DropReplicas or PageEvent.Merge
            => To(PageState.LendRegistering, PageDo.Refuse),
        PageEvent.Registered => To(PageState.Shared, PageDo.MarkShared | PageDo.SendLent),
        PageEvent.RegisteredReplicated => To(PageState.Replicated, PageDo.MarkShared | PageDo.SendLent),
        PageEvent.Held or PageEvent.HeldMove or PageEvent.Allocated or PageEvent.NoFrame or PageEvent.ShotDown
            or PageEvent.ShotDownShared or PageEvent.Copied or PageEvent.ClaimedAlone or PageEvent.ClaimedShared
            or PageEvent.Same or PageEvent.Differs => Impossible(PageState.LendRegistering),
    };

    private static PageStep BorrowInvalidating(PageEvent e) => e switch
    {
        PageEvent.Read or PageEvent.Write or PageEvent.Lend or PageEvent.Borrow or PageEvent.Free
            => To(PageState.BorrowInvalidating, PageDo.Wait),
        PageEvent.Migrate or PageEvent.Replicate or PageEvent.DropReplicas or PageEvent.Merge
            => To(PageState.BorrowInvalidating, PageDo.Refuse),
        PageEvent.ShotDown or PageEvent.ShotDownShared
            => To(PageState.Shared, PageDo.ReleaseAll | PageDo.Adopt | PageDo.MarkShared | PageDo.Confirm),
        PageEvent.Held or PageEvent.HeldMove or PageEvent.Allocated or PageEvent.NoFrame or PageEvent.Copied
            or PageEvent.ClaimedAlone or PageEvent.ClaimedShared or PageEvent.Registered
            or PageEvent.RegisteredReplicated or PageEvent.Same or PageEvent.Differs
            => Impossible(PageState.BorrowInvalidating),
    };

    private static PageStep FreeInvalidating(PageEvent e) => e switch
    {
        PageEvent.Read or PageEvent.Write or PageEvent.Lend or PageEvent.Borrow or PageEvent.Free
            => To(PageState.FreeInvalidating, PageDo.Wait),
        PageEvent.Migrate or PageEvent.Replicate or PageEvent.DropReplicas or PageEvent.Merge
            => To(PageState.FreeInvalidating, PageDo.Refuse),
        PageEvent.ShotDown or PageEvent.ShotDownShared
            => To(PageState.Empty, PageDo.ReleaseAll | PageDo.MarkPrivate | PageDo.Confirm),
        PageEvent.Held or PageEvent.HeldMove or PageEvent.Allocated or PageEvent.NoFrame or PageEvent.Copied
            or PageEvent.ClaimedAlone or PageEvent.ClaimedShared or PageEvent.Registered
            or PageEvent.RegisteredReplicated or PageEvent.Same or PageEvent.Differs
            => Impossible(PageState.FreeInvalidating),
    };

    private static PageStep MergeDowngrading(PageEvent e) => e switch
    {
        PageEvent.Read or PageEvent.Write or PageEvent.Lend or PageEvent.Borrow or PageEvent.Free
            => To(PageState.MergeDowngrading, PageDo.Wait),
        PageEvent.Migrate or PageEvent.Replicate or PageEvent.DropReplicas or PageEvent.Merge
            => To(PageState.MergeDowngrading, PageDo.Refuse),
        PageEvent.ShotDown => To(PageState.MergeComparing, PageDo.Compare),
        PageEvent.Held or PageEvent.HeldMove or PageEvent.Allocated or PageEvent.NoFrame or PageEvent.ShotDownShared
            or PageEvent.Copied or PageEvent.ClaimedAlone or PageEvent.ClaimedShared or PageEvent.Registered
            or PageEvent.RegisteredReplicated or PageEvent.Same or PageEvent.Differs
            => Impossible(PageState.MergeDowngrading),
    };

    private static PageStep MergeComparing(PageEvent e) => e switch
    {
        PageEvent.Read or PageEvent.Write or PageEvent.Lend or PageEvent.Borrow or PageEvent.Free
            => To(PageState.MergeComparing, PageDo.Wait),
        PageEvent.Migrate or PageEvent.Replicate or PageEvent.DropReplicas or PageEvent.Merge
            => To(PageState.MergeComparing, PageDo.Refuse),
        PageEvent.Same => To(PageState.BorrowInvalidating, PageDo.InvalidateAll),
        PageEvent.Differs => To(PageState.Private, PageDo.Refuse),
        PageEvent.Held or PageEvent.HeldMove or PageEvent.Allocated or PageEvent.NoFrame or PageEvent.ShotDown
            or PageEvent.ShotDownShared or PageEvent.Copied or PageEvent.ClaimedAlone or PageEvent.ClaimedShared
            or PageEvent.Registered or PageEvent.RegisteredReplicated => Impossible(PageState.MergeComparing),
    };

    private static PageStep To(PageState next, PageDo actions = PageDo.None) => new(next, actions);

    private static PageStep Impossible(PageState state) => new(state, PageDo.Impossible);
}
