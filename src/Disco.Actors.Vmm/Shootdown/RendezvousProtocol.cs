using System.Text;

namespace Disco.Actors.Vmm.Shootdown;

/// <summary>What a CPU does about rendezvous.</summary>
public enum RendezvousState : byte
{
    /// <summary>It executes, or idles with nothing queued.</summary>
    Clear,

    /// <summary>It idles, or is on its way out of idle, with actions queued.</summary>
    Queued,

    /// <summary>It stands still, with actions queued.</summary>
    Stopped,
}

public enum RendezvousEvent : byte
{
    /// <summary>The order finds the CPU executing or standing still; idle.</summary>
    Rendezvous,
    RendezvousIdle,

    /// <summary>A mapping is changed and others are not; the last one is.</summary>
    Release,
    LastRelease,

    /// <summary>A vCPU enters or leaves, or the idle CPU goes on.</summary>
    Drain,
}

[Flags]
public enum RendezvousDo
{
    None = 0,
    Queue = 1 << 0,
    Stop = 1 << 1,

    /// <summary>Acknowledge, with a GoOn to follow; or without one.</summary>
    AcknowledgeStopped = 1 << 2,
    Acknowledge = 1 << 3,

    /// <summary>All that is queued.</summary>
    DoActions = 1 << 4,
    Resume = 1 << 5,

    /// <summary>The pair cannot occur; a host bug if it does.</summary>
    Impossible = 1 << 30,
}

public readonly record struct RendezvousStep(RendezvousState Next, RendezvousDo Do);

/// <summary>
/// A CPU's side of Mach's shootdown as a pure total table. [Black et al. 1989, 3: leaving the active set is the
/// acknowledgement; idle CPUs are only queued to and drain on their way out of idle] An initiator is no CPU here, so
/// none ever waits for one that waits for it.
/// </summary>
public static class RendezvousProtocol
{
    public static RendezvousStep Next(RendezvousState state, RendezvousEvent e) => state switch
    {
        RendezvousState.Clear => Clear(e),
        RendezvousState.Queued => Queued(e),
        RendezvousState.Stopped => Stopped(e),
    };

    /// <summary>The whole table as text, one line for each pair.</summary>
    public static string Print()
    {
        StringBuilder text = new();
        foreach (RendezvousState state in Enum.GetValues<RendezvousState>())
        {
            foreach (RendezvousEvent e in Enum.GetValues<RendezvousEvent>())
            {
                RendezvousStep step = Next(state, e);
                string outcome = step.Do == RendezvousDo.Impossible ? "-" : $"{step.Next,-7} {step.Do}";
                text.Append($"{state,-7} {e,-14} -> {outcome}".TrimEnd()).Append('\n');
            }
        }
        return text.ToString();
    }

    private static RendezvousStep Clear(RendezvousEvent e) => e switch
    {
        RendezvousEvent.Rendezvous => To(
            RendezvousState.Stopped, RendezvousDo.Queue | RendezvousDo.Stop | RendezvousDo.AcknowledgeStopped),
        RendezvousEvent.RendezvousIdle => To(RendezvousState.Queued, RendezvousDo.Queue | RendezvousDo.Acknowledge),
        RendezvousEvent.Release => Impossible(RendezvousState.Clear),
        RendezvousEvent.LastRelease => Impossible(RendezvousState.Clear),
        RendezvousEvent.Drain => To(RendezvousState.Clear, RendezvousDo.None),
    };

    // A CPU that is no longer idle and does not execute yet (a vCPU is about to enter) stops like any other.
    private static RendezvousStep Queued(RendezvousEvent e) => e switch
    {
        RendezvousEvent.Rendezvous => To(
            RendezvousState.Stopped, RendezvousDo.Queue | RendezvousDo.Stop | RendezvousDo.AcknowledgeStopped),
        RendezvousEvent.RendezvousIdle => To(RendezvousState.Queued, RendezvousDo.Queue | RendezvousDo.Acknowledge),
        RendezvousEvent.Release => Impossible(RendezvousState.Queued),
        RendezvousEvent.LastRelease => Impossible(RendezvousState.Queued),
        RendezvousEvent.Drain => To(RendezvousState.Clear, RendezvousDo.DoActions),
    };

    private static RendezvousStep Stopped(RendezvousEvent e) => e switch
    {
        RendezvousEvent.Rendezvous => To(
            RendezvousState.Stopped, RendezvousDo.Queue | RendezvousDo.AcknowledgeStopped),
        RendezvousEvent.RendezvousIdle => To(
            RendezvousState.Stopped, RendezvousDo.Queue | RendezvousDo.AcknowledgeStopped),
        RendezvousEvent.Release => To(RendezvousState.Stopped, RendezvousDo.None),
        RendezvousEvent.LastRelease => To(RendezvousState.Clear, RendezvousDo.DoActions | RendezvousDo.Resume),
        RendezvousEvent.Drain => To(RendezvousState.Stopped, RendezvousDo.DoActions),
    };

    private static RendezvousStep To(RendezvousState next, RendezvousDo actions) => new(next, actions);

    private static RendezvousStep Impossible(RendezvousState state) => new(state, RendezvousDo.Impossible);
}
