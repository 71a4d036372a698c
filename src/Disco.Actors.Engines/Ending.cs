using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <summary>A request to end the run at <see cref="At"/>.</summary>
internal readonly record struct StopRequest(long At, Address Source, int ExitCode, string Reason)
{
    public static readonly StopRequest None = new(Timing.Never, default, 0, "");

    /// <summary>The earlier of two; the lower source address when they fall together.</summary>
    public static StopRequest First(StopRequest left, StopRequest right) =>
        (left.At, left.Source.Packed).CompareTo((right.At, right.Source.Packed)) <= 0 ? left : right;
}

/// <summary>An exception that came out of an actor, with what the actor was doing.</summary>
internal sealed record Fault(Address Actor, long Cycle, Envelope? Handling, Exception Exception)
{
    /// <summary>The earlier of two in (cycle, actor); null is later than anything.</summary>
    public static Fault? First(Fault? left, Fault? right)
    {
        if (left is null || right is null)
        {
            return left ?? right;
        }
        return (left.Cycle, left.Actor.Packed).CompareTo((right.Cycle, right.Actor.Packed)) <= 0 ? left : right;
    }
}
