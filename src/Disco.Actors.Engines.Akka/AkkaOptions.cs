namespace Disco.Actors.Engines.Akka;

/// <summary>What a user may choose about the Akka engine. It changes how late envelopes may be, not what is legal.
/// </summary>
public sealed record AkkaOptions
{
    /// <summary>How far actors may be apart, in cycles.</summary>
    public long WindowCycles { get; init; } = 1000;

    /// <summary>How long an actor acts by itself before it looks into its mailbox, in cycles.</summary>
    public long SliceCycles { get; init; } = 200;
}
