namespace Disco.Actors.Verification.Stress;

public enum ChoiceKind : byte
{
    /// <summary>The first message of a channel is delivered.</summary>
    Deliver,

    /// <summary>It is delivered and stays: the network brings it twice.</summary>
    Duplicate,

    /// <summary>The home refuses it.</summary>
    Refuse,

    /// <summary>Something that no driver asked for happens.</summary>
    Disturb,
}

/// <summary>One step of a run.</summary>
/// <param name="Kind">What.</param>
/// <param name="Value">The channel, or which disturbance.</param>
public readonly record struct Choice(ChoiceKind Kind, int Value);
