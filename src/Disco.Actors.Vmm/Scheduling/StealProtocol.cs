using System.Text;

namespace Disco.Actors.Vmm.Scheduling;

/// <summary>What an idle node knows of another one.</summary>
public enum ThiefState : byte
{
    /// <summary>Nothing: it could be asked.</summary>
    Free,

    /// <summary>It was asked and has not answered.</summary>
    Asked,

    /// <summary>It had nothing and will say when it has: no need to ask again.</summary>
    Registered,

    /// <summary>It had nothing and now has: to be asked again, or told that there is no need.</summary>
    Hinted,
}

public enum ThiefEvent : byte
{
    /// <summary>A CPU is idle and this node is the nearest to ask.</summary>
    Want,

    /// <summary>No CPU is idle.</summary>
    Sated,
    Stolen,
    Refused,
    Plenty,
}

public enum ThiefDo : byte
{
    None,
    Ask,
    Take,
    Decline,
    Impossible,
}

/// <summary>What a node knows of another one that may be idle.</summary>
public enum VictimState : byte
{
    Forgotten,

    /// <summary>It asked for work and there was none.</summary>
    Marked,

    /// <summary>It was told that there is work now.</summary>
    Told,
}

public enum VictimEvent : byte
{
    /// <summary>It asks, and a vCPU waits here for a CPU.</summary>
    StealGranted,

    /// <summary>It asks, and none does.</summary>
    StealEmpty,

    /// <summary>More vCPUs wait here than nodes have been told of.</summary>
    Surplus,
    Decline,
}

public enum VictimDo : byte
{
    None,
    Give,
    Refuse,
    Tell,
    Impossible,
}

public readonly record struct ThiefStep(ThiefState Next, ThiefDo Do);

public readonly record struct VictimStep(VictimState Next, VictimDo Do);

/// <summary>
/// How an idle node gets a vCPU from another: two pure total tables, one for each end, a state for each pair of nodes.
/// </summary>
/// <remarks>
/// An idle node asks each other node once, the nearest first. Who has nothing remembers the asker and tells him when
/// it has, so that nobody asks twice in vain: an idle machine exchanges no messages, and each message after the first
/// sweep is paid for by a vCPU that began to wait. The two ends agree: Registered and Marked, Hinted and Told.
/// </remarks>
public static class StealProtocol
{
    public static ThiefStep Next(ThiefState state, ThiefEvent e) => state switch
    {
        ThiefState.Free => Free(e),
        ThiefState.Asked => Asked(e),
        ThiefState.Registered => Registered(e),
        ThiefState.Hinted => Hinted(e),
    };

    public static VictimStep Next(VictimState state, VictimEvent e) => state switch
    {
        VictimState.Forgotten => Forgotten(e),
        VictimState.Marked => Marked(e),
        VictimState.Told => Told(e),
    };

    /// <summary>Both tables as text, one line for each pair.</summary>
    public static string Print()
    {
        StringBuilder text = new("thief\n");
        foreach (ThiefState state in Enum.GetValues<ThiefState>())
        {
            foreach (ThiefEvent e in Enum.GetValues<ThiefEvent>())
            {
                ThiefStep step = Next(state, e);
                string outcome = step.Do == ThiefDo.Impossible ? "-" : $"{step.Next,-10} {step.Do}";
                text.Append($"{state,-10} {e,-8} -> {outcome}".TrimEnd()).Append('\n');
            }
        }
        text.Append("victim\n");
        foreach (VictimState state in Enum.GetValues<VictimState>())
        {
            foreach (VictimEvent e in Enum.GetValues<VictimEvent>())
            {
                VictimStep step = Next(state, e);
                string outcome = step.Do == VictimDo.Impossible ? "-" : $"{step.Next,-9} {step.Do}";
                text.Append($"{state,-9} {e,-12} -> {outcome}".TrimEnd()).Append('\n');
            }
        }
        return text.ToString();
    }

    private static ThiefStep Free(ThiefEvent e) => e switch
    {
        ThiefEvent.Want => To(ThiefState.Asked, ThiefDo.Ask),
        ThiefEvent.Sated => To(ThiefState.Free, ThiefDo.None),
        ThiefEvent.Stolen => Impossible(ThiefState.Free),
        ThiefEvent.Refused => Impossible(ThiefState.Free),
        ThiefEvent.Plenty => Impossible(ThiefState.Free),
    };

    private static ThiefStep Asked(ThiefEvent e) => e switch
    {
        ThiefEvent.Want => To(ThiefState.Asked, ThiefDo.None),
        ThiefEvent.Sated => To(ThiefState.Asked, ThiefDo.None),
        ThiefEvent.Stolen => To(ThiefState.Free, ThiefDo.Take),
        ThiefEvent.Refused => To(ThiefState.Registered, ThiefDo.None),
        ThiefEvent.Plenty => Impossible(ThiefState.Asked),
    };

    private static ThiefStep Registered(ThiefEvent e) => e switch
    {
        ThiefEvent.Want => To(ThiefState.Registered, ThiefDo.None),
        ThiefEvent.Sated => To(ThiefState.Registered, ThiefDo.None),
        ThiefEvent.Stolen => Impossible(ThiefState.Registered),
        ThiefEvent.Refused => Impossible(ThiefState.Registered),
        ThiefEvent.Plenty => To(ThiefState.Hinted, ThiefDo.None),
    };

    private static ThiefStep Hinted(ThiefEvent e) => e switch
    {
        ThiefEvent.Want => To(ThiefState.Asked, ThiefDo.Ask),
        ThiefEvent.Sated => To(ThiefState.Free, ThiefDo.Decline),
        ThiefEvent.Stolen => Impossible(ThiefState.Hinted),
        ThiefEvent.Refused => Impossible(ThiefState.Hinted),
        ThiefEvent.Plenty => Impossible(ThiefState.Hinted),
    };

    private static VictimStep Forgotten(VictimEvent e) => e switch
    {
        VictimEvent.StealGranted => To(VictimState.Forgotten, VictimDo.Give),
        VictimEvent.StealEmpty => To(VictimState.Marked, VictimDo.Refuse),
        VictimEvent.Surplus => To(VictimState.Forgotten, VictimDo.None),
        VictimEvent.Decline => Impossible(VictimState.Forgotten),
    };

    // Who was refused does not ask again before it is told.
    private static VictimStep Marked(VictimEvent e) => e switch
    {
        VictimEvent.StealGranted => Impossible(VictimState.Marked),
        VictimEvent.StealEmpty => Impossible(VictimState.Marked),
        VictimEvent.Surplus => To(VictimState.Told, VictimDo.Tell),
        VictimEvent.Decline => Impossible(VictimState.Marked),
    };

    private static VictimStep Told(VictimEvent e) => e switch
    {
        VictimEvent.StealGranted => To(VictimState.Forgotten, VictimDo.Give),
        VictimEvent.StealEmpty => To(VictimState.Marked, VictimDo.Refuse),
        VictimEvent.Surplus => To(VictimState.Told, VictimDo.None),
        VictimEvent.Decline => To(VictimState.Forgotten, VictimDo.None),
    };

    private static ThiefStep To(ThiefState next, ThiefDo action) => new(next, action);

    private static VictimStep To(VictimState next, VictimDo action) => new(next, action);

    private static ThiefStep Impossible(ThiefState state) => new(state, ThiefDo.Impossible);

    private static VictimStep Impossible(VictimState state) => new(state, VictimDo.Impossible);
}
