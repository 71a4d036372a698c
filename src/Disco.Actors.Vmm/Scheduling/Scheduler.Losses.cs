using Disco.Actors.Vmm.Losses;

namespace Disco.Actors.Vmm.Scheduling;

/// <content>What is left when nodes are lost: no vCPU of a lost VM, no question to a lost node.</content>
public sealed partial class Scheduler
{
    /// <summary>It knows a vCPU.</summary>
    internal bool Knows(int vm, int vcpu) => _tokens.ContainsKey(VcpuToken.KeyOf(vm, vcpu));

    /// <summary>It will answer who stopped a VM.</summary>
    internal bool OwesStop(int vm) => _stopAskers.ContainsKey(vm);

    internal void Lose(Loss loss)
    {
        foreach (VcpuToken token in _tokens.Values.Where(token => loss.Gone.Contains(token.Vm)).ToArray())
        {
            if (token.State == TokenState.Queued)
            {
                _queue.Remove(token);
            }
            // Its CPU is vacant, or what it was to run is not under way any more.
            Array.Find(_seats, seat => seat.Token == token)?.Rise(loss.Now.Value);
            _tokens.Remove(token.Key);
        }
        foreach (int vm in loss.Gone)
        {
            _stopped[vm] = true;
            _stopAskers.Remove(vm);
        }
        foreach (int peer in _peers)
        {
            if (_thief[peer] == ThiefState.Asked && loss.IsLost(SchedulingMessage.SchedulerOf(peer)))
            {
                loss.Post(
                    SchedulingMessage.SchedulerOf(peer), Address,
                    SchedulingMessage.Of(SchedulingKind.Refused, 0, 0, 0));
            }
        }
        loss.Post(Address, Address, SchedulingMessage.Of(SchedulingKind.PeersLost, loss.Lost.Bits, 0, 0));
    }
}
