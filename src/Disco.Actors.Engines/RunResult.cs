using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <summary>Why a run came back.</summary>
public enum Outcome
{
    /// <summary>An actor asked for the end (<see cref="Context.Stop"/>).</summary>
    Stopped,

    /// <summary>The cycle limit was reached; the run can be resumed.</summary>
    ReachedLimit,

    /// <summary>No envelope is under way and no actor acts by itself: nothing can ever happen again.</summary>
    NoProgress,

    /// <summary>The caller cancelled; the run can be resumed.</summary>
    Cancelled,

    /// <summary>An exception came out of an actor; the state is not to be used any further.</summary>
    Faulted,
}

/// <summary>How a run ended.</summary>
/// <param name="Outcome">The kind of end.</param>
/// <param name="Cycle">Everything before this cycle has happened.</param>
/// <param name="ExitCode">As given to <see cref="Context.Stop"/>; 1 after a fault or without progress.</param>
/// <param name="Reason">One sentence.</param>
/// <param name="Report">The picture that explains the end, several lines; empty when there is nothing to explain.
/// </param>
public sealed record RunResult(Outcome Outcome, Cycle Cycle, int ExitCode, string Reason, string Report);

/// <summary>How far a run is.</summary>
public readonly record struct Progress(Cycle Cycle, long Deliveries);
