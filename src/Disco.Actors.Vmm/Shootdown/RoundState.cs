namespace Disco.Actors.Vmm.Shootdown;

/// <summary>
/// The state of one round of orders and acknowledgements at its initiator. A round serves one request; in the batched
/// protocol all that came during the round before.
/// </summary>
public enum RoundState : byte
{
    /// <summary>There is no such round.</summary>
    Free,

    /// <summary>Another round has to end first.</summary>
    Waiting,

    /// <summary>Acknowledgements are missing.</summary>
    Collecting,

    /// <summary>The last one has come and is being taken in.</summary>
    Handling,

    /// <summary>The caller knows; it is changing the mapping.</summary>
    Complete,
}

public enum RoundEvent : byte
{
    /// <summary>A request, with CPUs to ask; or with none.</summary>
    Begin,
    BeginAlone,

    /// <summary>A request while another round is under way, and rounds go one at a time.</summary>
    BeginBehind,

    /// <summary>The round before has ended.</summary>
    Start,
    StartAlone,

    /// <summary>An acknowledgement that is missing; the last one.</summary>
    Ack,
    LastAck,

    /// <summary>One that is not: of an older round, or a second one.</summary>
    StrangeAck,

    /// <summary>The time to take in the last acknowledgement is over.</summary>
    Handled,

    /// <summary>The caller has changed the mapping of a request; of the last one.</summary>
    End,
    LastEnd,
}

/// <summary>What the initiator does in a step, besides entering the next state.</summary>
[Flags]
public enum RoundDo
{
    None = 0,

    /// <summary>The request is served by this round.</summary>
    AddRequest = 1 << 0,

    /// <summary>The orders go out.</summary>
    Ask = 1 << 1,
    CountAck = 1 << 2,
    IgnoreAck = 1 << 3,

    /// <summary>The completion follows when the initiator has taken in what came.</summary>
    TakeIn = 1 << 4,

    /// <summary>The caller is told of every request.</summary>
    Complete = 1 << 5,
    EndRequest = 1 << 6,

    /// <summary>CPUs that stopped may go on.</summary>
    Release = 1 << 7,

    /// <summary>The round is over; one that waits may start.</summary>
    Forget = 1 << 8,

    /// <summary>The pair cannot occur; a host bug if it does.</summary>
    Impossible = 1 << 30,
}

public readonly record struct RoundStep(RoundState Next, RoundDo Do);
