using System.Text;

namespace Disco.Actors.Vmm.Shootdown;

/// <summary>What a CPU is in one round of a multicast.</summary>
public enum GatheringState : byte
{
    /// <summary>Nothing: it has not been asked, or has answered.</summary>
    None,

    /// <summary>It has passed the order on and waits for the others of its node.</summary>
    Gathering,
}

public enum GatheringEvent : byte
{
    /// <summary>An order for this CPU alone; for its node.</summary>
    Remove,
    Multicast,

    /// <summary>An acknowledgement that is missing; the last one; one that is not missing.</summary>
    Ack,
    LastAck,
    StrangeAck,
}

[Flags]
public enum GatheringDo
{
    None = 0,

    /// <summary>The order goes on to the others of the node.</summary>
    PassOn = 1 << 0,

    /// <summary>This CPU's own translations go.</summary>
    Remove = 1 << 1,
    CountAck = 1 << 2,
    IgnoreAck = 1 << 3,

    /// <summary>To whom the order came from, for everybody below.</summary>
    Acknowledge = 1 << 4,

    /// <summary>The pair cannot occur; a host bug if it does.</summary>
    Impossible = 1 << 30,
}

public readonly record struct GatheringStep(GatheringState Next, GatheringDo Do);

/// <summary>
/// A CPU's side of the multicast protocols, for each round, as a pure total table. [Baumann et al. 2009, 5.1: one
/// message to an aggregation core of each socket]
/// </summary>
public static class GatheringProtocol
{
    public static GatheringStep Next(GatheringState state, GatheringEvent e) => state switch
    {
        GatheringState.None => None(e),
        GatheringState.Gathering => Gathering(e),
    };

    /// <summary>The whole table as text, one line for each pair.</summary>
    public static string Print()
    {
        StringBuilder text = new();
        foreach (GatheringState state in Enum.GetValues<GatheringState>())
        {
            foreach (GatheringEvent e in Enum.GetValues<GatheringEvent>())
            {
                GatheringStep step = Next(state, e);
                string outcome = step.Do == GatheringDo.Impossible ? "-" : $"{step.Next,-9} {step.Do}";
                text.Append($"{state,-9} {e,-10} -> {outcome}".TrimEnd()).Append('\n');
            }
        }
        return text.ToString();
    }

    private static GatheringStep None(GatheringEvent e) => e switch
    {
        GatheringEvent.Remove => To(GatheringState.None, GatheringDo.Remove | GatheringDo.Acknowledge),
        GatheringEvent.Multicast => To(GatheringState.Gathering, GatheringDo.PassOn | GatheringDo.Remove),
        GatheringEvent.Ack => Impossible(GatheringState.None),
        GatheringEvent.LastAck => Impossible(GatheringState.None),
        GatheringEvent.StrangeAck => To(GatheringState.None, GatheringDo.IgnoreAck),
    };

    // An order comes once a round.
    private static GatheringStep Gathering(GatheringEvent e) => e switch
    {
        GatheringEvent.Remove => Impossible(GatheringState.Gathering),
        GatheringEvent.Multicast => Impossible(GatheringState.Gathering),
        GatheringEvent.Ack => To(GatheringState.Gathering, GatheringDo.CountAck),
        GatheringEvent.LastAck => To(GatheringState.None, GatheringDo.CountAck | GatheringDo.Acknowledge),
        GatheringEvent.StrangeAck => To(GatheringState.Gathering, GatheringDo.IgnoreAck),
    };

    private static GatheringStep To(GatheringState next, GatheringDo actions) => new(next, actions);

    private static GatheringStep Impossible(GatheringState state) => new(state, GatheringDo.Impossible);
}
