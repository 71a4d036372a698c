using Disco.Actors.Core;
using Disco.Actors.Engines;

namespace Disco.Actors.Debugging.Timelines;

/// <summary>
/// A run that can be moved through in both directions. What happens in it is the same however it is moved through.
/// A position is a cycle: everything before it has happened; and of the cycle itself perhaps some deliveries.
/// </summary>
public abstract class Timeline
{
    /// <summary>So far away a remembered state is as good as here.</summary>
    private protected const long NearCycles = 50_000;

    private protected Timeline(DeterministicEngine engine, OutputListener? output)
    {
        Engine = engine;
        Output = new HeldOutput(output);
        engine.OnOutput = Output.Add;
    }

    /// <summary>It is run by the timeline alone; for observers and its clock.</summary>
    public DeterministicEngine Engine { get; }

    public Cycle Now => Engine.Now;

    /// <summary>The earliest position.</summary>
    public abstract Cycle Begin { get; }

    /// <summary>How the run ended, while the position is its end; null before.</summary>
    public abstract RunResult? Ending { get; }

    /// <summary>Nothing comes after the position.</summary>
    public abstract bool IsAtEnd { get; }

    /// <summary>True for a recorded run, of which nothing may be changed.</summary>
    public abstract bool IsRecorded { get; }

    /// <summary>The last delivery before the position; null where it is not known.</summary>
    public virtual Envelope? LastDelivery => null;

    private protected HeldOutput Output { get; }

    /// <summary>The position soon to come back to is here.</summary>
    public virtual void Remember()
    {
    }

    /// <summary>Goes on until everything before a cycle has happened, or to the end of the run.</summary>
    public abstract void RunTo(Cycle until);

    /// <summary>Goes to the beginning of a cycle, forward or back, but not before <see cref="Begin"/>.</summary>
    public abstract void SeekTo(Cycle cycle);

    /// <summary>Makes the next delivery of the run. False when there is none.</summary>
    public abstract bool StepDelivery();

    /// <summary>Takes back the last delivery. False when there is none that is known.</summary>
    public abstract bool StepDeliveryBack();

    /// <summary>Goes on behind the next cycle in which anything happens.</summary>
    public void StepCycle()
    {
        Cycle next = Engine.NextEventCycle;
        RunTo(next == Cycle.Never ? next : Cycle.Max(Now, next) + 1);
    }

    /// <summary>The user has changed the state: there is no way back to before.</summary>
    public abstract void Changed();

    /// <summary>The guest's output up to here may be shown.</summary>
    public void ShowOutput() => Output.ShowUntil(Ending is null ? Now : Cycle.Never);
}
