namespace Disco.Actors.Machine.Mips;

/// <summary>Why <see cref="MipsCore.Run"/> came back.</summary>
public enum RunStop : byte
{
    /// <summary>The budget is used up (a stall may have overshot it).</summary>
    Budget,

    /// <summary>The port has a request under way; run again when the reply is there.</summary>
    Blocked,

    /// <summary>
    /// A WAIT sleeps: run again when a line changes, or at <see cref="MipsCore.WakeCycle"/> for the timer.
    /// </summary>
    Waiting,

    /// <summary>The trap monitor waits; run again when it is ready.</summary>
    Monitor,
}
