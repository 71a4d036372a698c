using System.Text;

namespace Disco.Actors.Vmm.Scheduling;

/// <summary>Where a vCPU stands, as the scheduler of a node sees it.</summary>
public enum TokenState : byte
{
    /// <summary>Not here: another node has it, or it has ended.</summary>
    Absent,

    /// <summary>Could run and waits for a CPU.</summary>
    Queued,
    Running,

    /// <summary>Runs, and its wake has come already: it may have overtaken the Block that it follows.</summary>
    Woken,

    /// <summary>Waits for an interrupt; the CPU that holds it will say when.</summary>
    Blocked,

    /// <summary>Runs, but its VM is stopped: it leaves its CPU for good.</summary>
    Stopping,
}

/// <summary>What happens to a vCPU.</summary>
public enum TokenEvent : byte
{
    Admit,

    /// <summary>Comes from another node.</summary>
    Arrive,

    /// <summary>Gets a CPU.</summary>
    Dispatch,

    /// <summary>Goes to another node.</summary>
    GiveAway,
    Yield,
    Block,
    Wake,
    Exit,
    StopVm,
}

/// <summary>What the scheduler does besides.</summary>
[Flags]
public enum TokenDo : byte
{
    None = 0,
    Enqueue = 1,
    Dequeue = 2,

    /// <summary>Counts the time it had on its CPU, which is free then.</summary>
    LeaveCpu = 4,

    /// <summary>Asks its CPU to give it up.</summary>
    Preempt = 8,

    /// <summary>No run may come here.</summary>
    Impossible = 128,
}

public readonly record struct TokenStep(TokenState Next, TokenDo Do);

/// <summary>
/// The life of a vCPU in the scheduler of a node, as a pure total table. A vCPU is known to one scheduler at a time.
/// </summary>
public static class TokenProtocol
{
    public static TokenStep Next(TokenState state, TokenEvent e) => state switch
    {
        TokenState.Absent => Absent(e),
        TokenState.Queued => Queued(e),
        TokenState.Running => Running(e),
        TokenState.Woken => Woken(e),
        TokenState.Blocked => Blocked(e),
        TokenState.Stopping => Stopping(e),
    };

    /// <summary>The whole table as text, one line for each pair.</summary>
    public static string Print()
    {
        StringBuilder text = new();
        foreach (TokenState state in Enum.GetValues<TokenState>())
        {
            foreach (TokenEvent e in Enum.GetValues<TokenEvent>())
            {
                TokenStep step = Next(state, e);
                string outcome = step.Do == TokenDo.Impossible ? "-" : $"{step.Next,-8} {step.Do}";
                text.Append($"{state,-8} {e,-8} -> {outcome}".TrimEnd()).Append('\n');
            }
        }
        return text.ToString();
    }

    // A wake may come late: the vCPU was awake already, was taken by another node, or has ended since.
    private static TokenStep Absent(TokenEvent e) => e switch
    {
        TokenEvent.Admit => To(TokenState.Queued, TokenDo.Enqueue),
        TokenEvent.Arrive => To(TokenState.Queued, TokenDo.Enqueue),
        TokenEvent.Dispatch => Impossible(TokenState.Absent),
        TokenEvent.GiveAway => Impossible(TokenState.Absent),
        TokenEvent.Yield => Impossible(TokenState.Absent),
        TokenEvent.Block => Impossible(TokenState.Absent),
        TokenEvent.Wake => To(TokenState.Absent, TokenDo.None),
        TokenEvent.Exit => Impossible(TokenState.Absent),
        TokenEvent.StopVm => To(TokenState.Absent, TokenDo.None),
    };

    private static TokenStep Queued(TokenEvent e) => e switch
    {
        TokenEvent.Admit => Impossible(TokenState.Queued),
        TokenEvent.Arrive => Impossible(TokenState.Queued),
        TokenEvent.Dispatch => To(TokenState.Running, TokenDo.Dequeue),
        TokenEvent.GiveAway => To(TokenState.Absent, TokenDo.Dequeue),
        TokenEvent.Yield => Impossible(TokenState.Queued),
        TokenEvent.Block => Impossible(TokenState.Queued),
        TokenEvent.Wake => To(TokenState.Queued, TokenDo.None),
        TokenEvent.Exit => Impossible(TokenState.Queued),
        TokenEvent.StopVm => To(TokenState.Absent, TokenDo.Dequeue),
    };

    private static TokenStep Running(TokenEvent e) => e switch
    {
        TokenEvent.Admit => Impossible(TokenState.Running),
        TokenEvent.Arrive => Impossible(TokenState.Running),
        TokenEvent.Dispatch => Impossible(TokenState.Running),
        TokenEvent.GiveAway => Impossible(TokenState.Running),
        TokenEvent.Yield => To(TokenState.Queued, TokenDo.LeaveCpu | TokenDo.Enqueue),
        TokenEvent.Block => To(TokenState.Blocked, TokenDo.LeaveCpu),
        TokenEvent.Wake => To(TokenState.Woken, TokenDo.None),
        TokenEvent.Exit => To(TokenState.Absent, TokenDo.LeaveCpu),
        TokenEvent.StopVm => To(TokenState.Stopping, TokenDo.Preempt),
    };

    // A wake that was late, not early, costs a turn in which the guest finds nothing to do: its WAIT may end without
    // cause. [MIPS64 Vol II, WAIT]
    private static TokenStep Woken(TokenEvent e) => e switch
    {
        TokenEvent.Admit => Impossible(TokenState.Woken),
        TokenEvent.Arrive => Impossible(TokenState.Woken),
        TokenEvent.Dispatch => Impossible(TokenState.Woken),
        TokenEvent.GiveAway => Impossible(TokenState.Woken),
        TokenEvent.Yield => To(TokenState.Queued, TokenDo.LeaveCpu | TokenDo.Enqueue),
        TokenEvent.Block => To(TokenState.Queued, TokenDo.LeaveCpu | TokenDo.Enqueue),
        TokenEvent.Wake => To(TokenState.Woken, TokenDo.None),
        TokenEvent.Exit => To(TokenState.Absent, TokenDo.LeaveCpu),
        TokenEvent.StopVm => To(TokenState.Stopping, TokenDo.Preempt),
    };

    private static TokenStep Blocked(TokenEvent e) => e switch
    {
        TokenEvent.Admit => Impossible(TokenState.Blocked),
        TokenEvent.Arrive => Impossible(TokenState.Blocked),
        TokenEvent.Dispatch => Impossible(TokenState.Blocked),
        TokenEvent.GiveAway => Impossible(TokenState.Blocked),
        TokenEvent.Yield => Impossible(TokenState.Blocked),
        TokenEvent.Block => Impossible(TokenState.Blocked),
        TokenEvent.Wake => To(TokenState.Queued, TokenDo.Enqueue),
        TokenEvent.Exit => Impossible(TokenState.Blocked),
        TokenEvent.StopVm => To(TokenState.Absent, TokenDo.None),
    };

    private static TokenStep Stopping(TokenEvent e) => e switch
    {
        TokenEvent.Admit => Impossible(TokenState.Stopping),
        TokenEvent.Arrive => Impossible(TokenState.Stopping),
        TokenEvent.Dispatch => Impossible(TokenState.Stopping),
        TokenEvent.GiveAway => Impossible(TokenState.Stopping),
        TokenEvent.Yield => To(TokenState.Absent, TokenDo.LeaveCpu),
        TokenEvent.Block => To(TokenState.Absent, TokenDo.LeaveCpu),
        TokenEvent.Wake => To(TokenState.Stopping, TokenDo.None),
        TokenEvent.Exit => To(TokenState.Absent, TokenDo.LeaveCpu),
        TokenEvent.StopVm => To(TokenState.Stopping, TokenDo.None),
    };

    private static TokenStep To(TokenState next, TokenDo action) => new(next, action);

    private static TokenStep Impossible(TokenState state) => new(state, TokenDo.Impossible);
}
