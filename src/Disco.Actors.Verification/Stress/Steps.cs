using Disco.Actors.Core;

namespace Disco.Actors.Verification.Stress;

/// <summary>What had to happen did not.</summary>
internal sealed class Stuck(string what) : Exception(what);

/// <summary>Takes steps, in a run and in its repetition.</summary>
internal static class Steps
{
    public static void Take(Subject subject, Choice choice)
    {
        switch (choice.Kind)
        {
            case ChoiceKind.Deliver:
                subject.Network.Deliver(choice.Value);
                break;
            case ChoiceKind.Duplicate:
                subject.Network.Deliver(choice.Value, keep: true);
                break;
            case ChoiceKind.Refuse:
                subject.Refuse(subject.Network.Drop(choice.Value));
                break;
            case ChoiceKind.Disturb:
                subject.Disturb(choice.Value);
                break;
        }
    }

    /// <summary>False when the step cannot be taken now: its message is not under way.</summary>
    public static bool CanTake(Subject subject, Choice choice) => choice.Kind switch
    {
        ChoiceKind.Deliver => subject.Network.IsReady(choice.Value),
        ChoiceKind.Duplicate => subject.Network.IsReady(choice.Value)
            && subject.MayDuplicate(subject.Network.HeadOf(choice.Value).Message),
        ChoiceKind.Refuse => subject.Network.IsReady(choice.Value)
            && subject.MayRefuse(subject.Network.HeadOf(choice.Value).Message)
            && subject.Network.HeadOf(choice.Value).Target.Role == Role.Directory,
        ChoiceKind.Disturb => choice.Value < subject.Disturbances,
    };
}
