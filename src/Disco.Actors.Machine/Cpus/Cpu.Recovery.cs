using Disco.Actors.Core;

namespace Disco.Actors.Machine.Cpus;

/// <content>What a CPU under a monitor does when other nodes are lost.</content>
public sealed partial class Cpu
{
    /// <summary>
    /// Its caches begin anew. An access under way is made again; one that was granted and not performed is asked for
    /// again too.
    /// </summary>
    /// <param name="vacates">What executes here is given up, with its access; the monitor says so already.</param>
    /// <param name="now">Between two cycles.</param>
    /// <returns>A message to itself without which it does not go on; null for none.</returns>
    public Message? Recover(bool vacates, Cycle now)
    {
        bool granted = _port.Granted;
        Message? again = Cache!.Empty(forgets: vacates);
        if (vacates)
        {
            Vacate(now);
        }
        else if (granted)
        {
            Enter(CpuPhase.Blocked, NextStep);
            NextStep = Cycle.Never;
        }
        return again;
    }

    private void Vacate(Cycle now)
    {
        if (_phase is CpuPhase.Blocked or CpuPhase.Stopped or CpuPhase.Vacant)
        {
            Leave(Cycle.Max(now, new Cycle(_since)));
        }
        Core.GiveUpAccess();
        _monitor!.TakeOwed();
        EnterStopped(Cycle.Max(now, NextStep == Cycle.Never ? now : NextStep));
    }
}
