using Disco.Actors.Core;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Stress.Mutation;

/// <summary>What a mutant is.</summary>
/// <param name="Mutant">Its name.</param>
/// <param name="BugClass">Which of the catalogue's classes.</param>
/// <param name="Subject">Where it shows.</param>
/// <param name="What">The mistake, in words.</param>
/// <param name="Source">Where such a mistake was made, or which rule it breaks.</param>
public sealed record MutantInfo(Mutant Mutant, BugClass BugClass, SubjectKind Subject, string What, string Source)
{
    /// <summary>The shootdown protocol that can make it; null for all.</summary>
    public ShootdownProtocol? Protocol { get; init; }

    /// <summary>Why no run can tell it from the right code; null when one can.</summary>
    public string? Equivalent { get; init; }
}

/// <summary>Kinds of mistakes in protocols of this sort.</summary>
public enum BugClass : byte
{
    AckBeforeRemoval = 1,
    ReuseBeforeAcks,
    FlushAfterLock,
    FillAfterInvalidate,
    GenerationOrder,
    AsidReuse,
    WrongCondition,
    MutualWait,
    LostAck,
    LateAck,
    BatchOverrun,
    Starvation,
    UpgradeRace,
    LostWrite,
    MissedTarget,
    LinkKept,
    DirectoryRace,
}
