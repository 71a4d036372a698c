namespace Disco.Actors.Verification.Stress;

/// <summary>
/// What must happen in some run, or the silence of the observers says little: each is counted where it happens.
/// </summary>
public enum Sometimes : byte
{
    // Any subject: faults.
    ChannelHeld,
    MessageTwice,
    RequestRefused,
    Disturbed,

    // Coherence.
    ConditionalStoreFails,
    ConditionalStoreSucceeds,
    OldValueReadOnce,
    LinePassedOnUnused,

    // Shootdown.
    FillOvertaken,
    ShootdownsOverlap,
    PageOfAllShotDown,
    StepWhileStopped,
    AsidsExhausted,
    CpuLeft,
    CpuCameBack,

    // Placement.
    VcpuRepaired,
    VcpuFlushed,
    VcpuMoved,
    RequestNotGranted,
    PageRemapped,
    PagePinned,
    PageMerged,
}

/// <summary>Which subject has to show what, in words.</summary>
/// <param name="What">The event.</param>
/// <param name="Text">In words.</param>
/// <param name="Subjects">Who has to show it.</param>
public sealed record SometimesInfo(Sometimes What, string Text, params SubjectKind[] Subjects);

/// <summary>The catalogue.</summary>
public static class SometimesCatalogue
{
    public static readonly IReadOnlyList<SometimesInfo> All =
    [
        new(Sometimes.ChannelHeld, "a message is held back by a clogged channel or a slow CPU", Every()),
        new(Sometimes.MessageTwice, "the network brings a message twice", SubjectKind.Shootdown),
        new(Sometimes.RequestRefused, "a home refuses for no reason", SubjectKind.Coherence),
        new(Sometimes.Disturbed, "a line or page is given up unasked", SubjectKind.Coherence, SubjectKind.Shootdown),
        new(Sometimes.ConditionalStoreFails, "SC fails because the line was lost", SubjectKind.Coherence),
        new(Sometimes.ConditionalStoreSucceeds, "SC succeeds", SubjectKind.Coherence),
        new(Sometimes.OldValueReadOnce, "a line granted for once gives a value that is overwritten",
            SubjectKind.Coherence),
        new(Sometimes.LinePassedOnUnused, "a granted line is given up unused", SubjectKind.Coherence),
        new(Sometimes.FillOvertaken, "a shootdown overtakes the answer to a fill",
            SubjectKind.Shootdown, SubjectKind.Placement),
        new(Sometimes.ShootdownsOverlap, "two shootdowns of a virtual machine are open", SubjectKind.Shootdown),
        new(Sometimes.PageOfAllShotDown, "a shootdown is of all pages", SubjectKind.Shootdown),
        new(Sometimes.StepWhileStopped, "a guest wants to go on while its CPU stands still", SubjectKind.Shootdown),
        new(Sometimes.AsidsExhausted, "the last address space identifier is taken, and all translations go",
            SubjectKind.Shootdown),
        new(Sometimes.CpuLeft, "a CPU leaves a virtual machine", SubjectKind.Shootdown),
        new(Sometimes.CpuCameBack, "it joins again", SubjectKind.Shootdown),
        new(Sometimes.VcpuRepaired, "a virtual CPU comes back and drops single pages", SubjectKind.Placement),
        new(Sometimes.VcpuFlushed, "a virtual CPU was away too long and drops all", SubjectKind.Placement),
        new(Sometimes.VcpuMoved, "a virtual CPU comes back on another CPU", SubjectKind.Placement),
        new(Sometimes.RequestNotGranted, "memory is too short for a request", SubjectKind.Placement),
        new(Sometimes.PageRemapped, "a page becomes a share of another", SubjectKind.Placement),
        new(Sometimes.PagePinned, "a device holds a page", SubjectKind.Placement),
        new(Sometimes.PageMerged, "a page takes on the frame of another that is the same", SubjectKind.Placement),
    ];

    private static SubjectKind[] Every() => [.. SubjectKinds.OfMessages];
}
