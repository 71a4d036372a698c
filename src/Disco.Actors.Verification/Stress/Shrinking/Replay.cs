
namespace Disco.Actors.Verification.Stress.Shrinking;

/// <summary>What a repetition did.</summary>
/// <param name="Violation">Null, or what broke.</param>
/// <param name="Taken">The steps that could be taken, as far as the violation.</param>
/// <param name="Skipped">The first step that could not, from 0; -1 when all could.</param>
public sealed record ReplayResult(Violation? Violation, List<TakenStep> Taken, int Skipped)
{
    /// <summary>Who waited at the end of a run that had to end and did not; null for any other.</summary>
    public WaitGraph? Waits { get; init; }
}

/// <summary>A step that was taken.</summary>
/// <param name="Choice">Which.</param>
/// <param name="Target">The number of the actor that handled a message; -1 for none.</param>
/// <param name="Cause">The delivery that sent it, from 0; -1 for the start.</param>
/// <param name="Delivery">Its own number, -1 for none.</param>
public readonly record struct TakenStep(Choice Choice, int Target, int Cause, int Delivery);

/// <summary>Repeats runs from their steps. A step that cannot be taken is passed over.</summary>
public static class Replay
{
    /// <param name="subject">Of the right shape.</param>
    /// <param name="ops">The programs.</param>
    /// <param name="steps">In order.</param>
    /// <param name="settles">Afterwards the rest arrives in the order it was sent, and everything has to end.</param>
    /// <param name="before">Told of each step before it is taken.</param>
    public static ReplayResult Run(
        Subject subject, ReadOnlySpan<StressOp> ops, ReadOnlySpan<Choice> steps, bool settles,
        Action<Choice>? before = null)
    {
        List<TakenStep> taken = new(steps.Length);
        int skipped = -1;
        StressNetwork network = subject.Network;
        try
        {
            subject.Start(ops);
            for (int i = 0; i < steps.Length; i++)
            {
                if (Steps.CanTake(subject, steps[i]))
                {
                    Take(subject, steps[i], taken, before);
                }
                else if (skipped < 0)
                {
                    skipped = i;
                }
            }
            if (settles)
            {
                Settle(subject, taken, before);
            }
            return new ReplayResult(null, taken, skipped);
        }
        catch (Exception broken)
        {
            bool shown = taken.Count > 0 && taken[^1].Target >= 0;
            string actor = shown ? network.Actors[taken[^1].Target].Address.ToString() : "";
            Violation violation = Violation.Of(broken.Message, actor, network.Delivered, broken is Stuck);
            return new ReplayResult(violation, taken, skipped)
            {
                Waits = broken is Stuck ? WaitGraph.Of(network.Actors) : null,
            };
        }
    }

    private static void Settle(Subject subject, List<TakenStep> taken, Action<Choice>? before)
    {
        StressNetwork network = subject.Network;
        int deliveriesMax = network.Delivered + StressRunner.LivenessMax;
        while (network.Ready > 0)
        {
            if (network.Delivered == deliveriesMax)
            {
                throw new Stuck(
                    $"no end after {StressRunner.LivenessMax} deliveries: {string.Join("; ", subject.Waits())}");
            }
            Take(subject, new Choice(ChoiceKind.Deliver, StressRunner.Oldest(network)), taken, before);
        }
        if (!subject.IsFinished)
        {
            throw new Stuck($"nothing is under way: {string.Join("; ", subject.Waits())}");
        }
        subject.CheckRest();
    }

    private static void Take(Subject subject, Choice choice, List<TakenStep> taken, Action<Choice>? before)
    {
        StressNetwork network = subject.Network;
        before?.Invoke(choice);
        bool delivers = choice.Kind is ChoiceKind.Deliver or ChoiceKind.Duplicate;
        taken.Add(new TakenStep(
            choice,
            choice.Kind == ChoiceKind.Disturb ? -1 : network.TargetOf(choice.Value),
            choice.Kind == ChoiceKind.Disturb ? -1 : network.BirthOf(choice.Value).Cause,
            delivers ? network.Delivered : -1));
        Steps.Take(subject, choice);
    }
}
