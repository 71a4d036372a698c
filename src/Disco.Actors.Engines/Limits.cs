using System.Runtime.CompilerServices;

namespace Disco.Actors.Engines;

/// <summary>
/// How far a node may go: what others may still send arrives at any of its actors at <paramref name="Delivery"/> or
/// later, and at one that acts by itself at <paramref name="Run"/> or later, which is not earlier.
/// </summary>
internal readonly record struct Limits(long Delivery, long Run)
{
    public static readonly Limits None = new(Timing.Never, Timing.Never);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Limits Min(Limits left, Limits right) =>
        new(Math.Min(left.Delivery, right.Delivery), Math.Min(left.Run, right.Run));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Limits AtMost(long cycle) => new(Math.Min(Delivery, cycle), Math.Min(Run, cycle));

    /// <summary>True when a node with these earliest events has something to do before the limits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Allow(long envelope, long step) => envelope <= step ? envelope < Delivery : step < Run;
}
