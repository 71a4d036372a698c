using Disco.Actors.Core;

namespace Disco.Actors.Machine.Devices;

/// <summary>Messages an actor sends to itself to act at a later cycle.</summary>
public enum TimerKind : ushort
{
    /// <summary>A compare register is due: A = which timer, B = the generation it was set in.</summary>
    TimerDue = 0x0401,

    /// <summary>A device's delayed work is due: A = which work, B = the generation it was begun in.</summary>
    WorkDue = 0x0402,
}

public static class TimerMessage
{
    /// <summary>
    /// A message cannot be taken back; a timer that is set again raises its generation and ignores older messages.
    /// </summary>
    public static Message Of(TimerKind kind, int timer, ulong generation) => new()
    {
        Kind = (ushort)kind,
        Lane = Lane.Request,
        A = (ulong)timer,
        B = generation,
    };
}
