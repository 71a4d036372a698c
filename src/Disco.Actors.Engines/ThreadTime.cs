namespace Disco.Actors.Engines;

/// <summary>Where a host thread's time went, over all runs of an engine.</summary>
/// <param name="Windows">Delivering messages and letting actors act.</param>
/// <param name="Waiting">For other threads, within a slice of the run or at its end.</param>
/// <param name="Idle">The rest: between slices, for output and progress.</param>
/// <param name="Waits">How often it waited within a slice.</param>
public readonly record struct ThreadTime(TimeSpan Windows, TimeSpan Waiting, TimeSpan Idle, long Waits);
