using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Scheduling;

/// <summary>
/// Gang scheduling: in a VM's slot its vCPUs have precedence on every node at once. All nodes have the same virtual
/// time, so the slots need no agreement; what a slot's VM leaves free goes to the others.
/// </summary>
public sealed partial class Scheduler
{
    private bool _slotArmed;

    /// <summary>The VM whose slot a cycle lies in, -1 without gangs.</summary>
    private int FavouredVm(Cycle now)
    {
        int gangs = _config.Gangs.Count;
        return gangs == 0 ? -1 : _config.Gangs[(int)(now.Value / _config.QuantumCycles % gangs)];
    }

    // With gangs a quantum ends with the slot, unless nearly nothing would be left.
    private long QuantumFrom(long now)
    {
        if (_config.Gangs.Count == 0)
        {
            return _config.QuantumCycles;
        }
        long left = _config.QuantumCycles - (now % _config.QuantumCycles);
        return left >= _config.QuantumCycles / 8 ? left : left + _config.QuantumCycles;
    }

    /// <summary>
    /// Takes CPUs from others for the waiting vCPUs of the slot's VM, and sees that the next slot is not missed while
    /// vCPUs of a gang wait.
    /// </summary>
    private void KeepSlots(Context context)
    {
        if (_config.Gangs.Count == 0 || _queue.Count == 0)
        {
            return;
        }
        int favoured = FavouredVm(context.Now);
        int wanted = _queue.Waiting.Count(token => token.Vm == favoured)
            - _seats.Count(seat => seat.Preempted);
        foreach (CpuSeat seat in _seats)
        {
            if (wanted > 0 && !seat.Preempted && seat.Token is { State: TokenState.Running or TokenState.Woken } running
                && running.Vm != favoured)
            {
                Preempt(seat, context);
                wanted--;
            }
        }
        if (!_slotArmed && _queue.Waiting.Any(token => _config.Gangs.Contains(token.Vm)))
        {
            _slotArmed = true;
            long slot = (context.Now.Value / _config.QuantumCycles) + 1;
            context.After(
                (slot * _config.QuantumCycles) - context.Now.Value,
                SchedulingMessage.Of(SchedulingKind.SlotDue, (ulong)slot, 0, 0));
        }
    }
}
