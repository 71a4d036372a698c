using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Scheduling;

/// <summary>
/// Fairness between nodes of which none is idle: now and then a node where a quantum ends asks one other, each in
/// turn, and gets a vCPU from it if that has more for each of its CPUs, by more than the move reverses.
/// </summary>
public sealed partial class Scheduler
{
    // When it may ask again, and whom: an index into the peers.
    private long _balanceDue;
    private int _balanceNext;

    private int RunnableVcpus => _queue.Count + _seats.Count(seat => seat.State == SeatState.Busy);

    private void AskForBalance(Context context)
    {
        bool wants = _config.BalanceCycles > 0 && _peers.Length > 0 && !HasIdleCpu;
        if (!wants || context.Now.Value < _balanceDue)
        {
            return;
        }
        _balanceDue = context.Now.Value + _config.BalanceCycles;
        int peer = _peers[_balanceNext];
        _balanceNext = (_balanceNext + 1) % _peers.Length;
        Send(
            SchedulingMessage.SchedulerOf(peer),
            SchedulingMessage.Of(SchedulingKind.Balance, (ulong)RunnableVcpus, (ulong)_seats.Length, 0), context);
    }

    /// <summary>Gives one when it leaves the asker no worse off than this node: no vCPU goes to and fro.</summary>
    private void Balance(int peer, int theirVcpus, int theirCpus, Context context)
    {
        bool fair = (theirVcpus + 1) * _seats.Length <= (RunnableVcpus - 1) * theirCpus;
        if (HasFor(peer) && fair)
        {
            Give(peer, SchedulingKind.Gift, context);
        }
    }
}
