using System.Text;

namespace Disco.Actors.Verification.Stress.Shrinking;

/// <summary>A failing run as a file and as a picture.</summary>
public static class TraceText
{
    /// <summary>The file of a failure.</summary>
    /// <param name="failure">What broke.</param>
    /// <param name="mutant">The mistake in the code under test, "None" for none.</param>
    public static Repro ReproOf(Failure failure, string mutant)
    {
        Subject subject = SubjectFactory.Create(failure.Scenario.Shape);
        List<string> steps = [];
        ReplayResult run = Replay.Run(
            subject, failure.Scenario.Ops, failure.Choices, settles: false,
            choice => steps.Add(StepText.Write(subject, choice)));
        return new Repro
        {
            Mutant = mutant,
            Seed = failure.Seed,
            Strategy = failure.Strategy,
            Violation = failure.Violation.What,
            Actor = failure.Violation.Actor,
            Delivery = failure.Violation.Delivery,
            IsLiveness = run.Violation?.Rule != failure.Violation.Rule,
            Shape = failure.Scenario.Shape,
            Ops = [.. failure.Scenario.Ops.Select(op => op.ToString())],
            Steps = [.. steps],
        };
    }

    /// <summary>The run of a file; nothing is thrown when it breaks a rule.</summary>
    public static ReplayResult Run(Repro repro, Action<string>? each = null)
    {
        Subject subject = SubjectFactory.Create(repro.Shape);
        return Run(repro, subject, choice => each?.Invoke(StepText.Write(subject, choice)));
    }

    /// <param name="repro">What to repeat.</param>
    /// <param name="subject">Of its shape.</param>
    /// <param name="before">Told of each step before it is taken.</param>
    internal static ReplayResult Run(Repro repro, Subject subject, Action<Choice> before)
    {
        Choice?[] read = [.. repro.Steps.Select(step => StepText.Read(subject, step))];
        if (Array.FindIndex(read, step => step is null) is >= 0 and int missing)
        {
            throw new FormatException($"step {missing + 1}: '{repro.Steps[missing]}': there is no such actor");
        }
        Choice[] steps = [.. read.Select(step => step!.Value)];
        return Replay.Run(subject, repro.ReadOps(), steps, repro.IsLiveness, before);
    }

    /// <summary>The failure a file tells of; null when its steps break nothing.</summary>
    public static Failure? FailureOf(Repro repro)
    {
        ReplayResult run = Run(repro);
        return run.Violation is null
            ? null
            : new Failure(
                repro.Seed, repro.Strategy, true, new Scenario(repro.Shape, repro.ReadOps(), FaultRates.None),
                [.. run.Taken.Select(taken => taken.Choice)],
                run.Violation with { IsLiveness = repro.IsLiveness });
    }

    /// <summary>A Mermaid sequence diagram of the run: one arrow a message, in the order they arrive.</summary>
    public static string Mermaid(Repro repro)
    {
        StringBuilder text = new("sequenceDiagram\n");
        StringBuilder arrows = new();
        SortedSet<string> actors = new(StringComparer.Ordinal);
        ReplayResult run = Run(repro, step => Draw(step, arrows, actors));
        foreach (string actor in actors)
        {
            text.Append($"    participant {Id(actor)} as {actor}\n");
        }
        text.Append(arrows);
        if (run.Violation is { } violation)
        {
            string at = violation.Actor.Length > 0 ? Id(violation.Actor) : Id(actors.FirstOrDefault() ?? "cpu/0");
            text.Append($"    Note over {at}: {violation.What.Replace(';', ',').Replace(':', ' ')}\n");
        }
        return text.ToString();
    }

    private static void Draw(string step, StringBuilder arrows, SortedSet<string> actors)
    {
        int colon = step.IndexOf(": ", StringComparison.Ordinal);
        string[] words = (colon < 0 ? step : step[..colon]).Split(' ');
        int arrow = Array.IndexOf(words, ">");
        if (arrow < 1)
        {
            return;
        }
        string how = arrow > 1 ? $"{words[0]} " : "";
        actors.Add(words[arrow - 1]);
        actors.Add(words[arrow + 1]);
        string message = step[(colon + 2)..].Replace(';', ',').Replace(':', ' ');
        arrows.Append($"    {Id(words[arrow - 1])}->>{Id(words[arrow + 1])}: {how}{message}\n");
    }

    internal static string Id(string actor) => actor.Replace('/', '_');
}
