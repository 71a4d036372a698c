using Disco.Actors.Core;
using Disco.Actors.Debugging.Machines;

namespace Disco.Actors.Debugging;

public enum StopReason
{
    /// <summary>The step that was asked for has been made.</summary>
    Step,
    Breakpoint,

    /// <summary>The user wants it.</summary>
    Interrupted,

    /// <summary>There is nothing before.</summary>
    Begin,

    /// <summary>There is nothing after: the run has ended, or what is known of it.</summary>
    End,
}

/// <summary>Why the debugged run stands where it stands.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Thread">Whom it concerns; null for the machine.</param>
/// <param name="Breakpoint">The one that was met, with that reason.</param>
/// <param name="Sentence">For people; may be empty.</param>
public sealed record Stop(
    StopReason Reason, DebugThread? Thread = null, Breakpoint? Breakpoint = null, string Sentence = "");

/// <summary>Something met on the way that a breakpoint asks for.</summary>
/// <param name="Cycle">When.</param>
/// <param name="Breakpoint">Which.</param>
/// <param name="Cpu">Where, for what an instruction does; -1 for a message.</param>
/// <param name="Instruction">Of that CPU, counted; one that has to wait is met again.</param>
/// <param name="Thread">Whose instruction; null when not known.</param>
/// <param name="Envelope">The message; default for an instruction.</param>
internal readonly record struct Hit(
    Cycle Cycle, Breakpoint Breakpoint, int Cpu, long Instruction, DebugThread? Thread, Envelope Envelope)
{
    public bool IsMessage => Cpu < 0;

    /// <summary>Messages of a cycle come before its instructions. [Actor.Receive]</summary>
    public static int Compare(Hit left, Hit right)
    {
        int byCycle = left.Cycle.CompareTo(right.Cycle);
        if (byCycle != 0)
        {
            return byCycle;
        }
        int byKind = right.IsMessage.CompareTo(left.IsMessage);
        return byKind != 0 ? byKind
            : left.IsMessage ? Core.Envelope.Compare(left.Envelope, right.Envelope)
            : left.Cpu.CompareTo(right.Cpu);
    }
}
