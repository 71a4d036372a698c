using Disco.Actors.Verification.Stress.Subjects;

namespace Disco.Actors.Verification.Stress;

/// <summary>Builds what a shape describes.</summary>
public static class SubjectFactory
{
    public static Subject Create(Shape shape) => shape.Subject switch
    {
        SubjectKind.Coherence => new CoherenceSubject(shape),
        SubjectKind.Shootdown => new ShootdownSubject(shape),
        SubjectKind.Placement => new PlacementSubject(shape),
        SubjectKind.Machine => throw new FormatException("a whole machine has no messages to put into order"),
    };
}
