using Disco.Actors.Core;
using Disco.Actors.Vmm.Losses;

namespace Disco.Actors.Vmm.Shootdown;

/// <content>What it does when nodes are lost: nobody there uses a translation any more.</content>
public sealed partial class ShootdownInitiator
{
    /// <summary>Acknowledges in the name of lost CPUs.</summary>
    internal void Lose(Loss loss)
    {
        foreach (Round round in _rounds)
        {
            foreach (int cpu in round.Missing)
            {
                if (loss.IsLost(Address.Cpu(cpu)))
                {
                    ShootdownMessage ack = new(
                        ShootdownMessageKind.Ack, round.Requests[0].What, round.Epoch, (byte)cpu);
                    loss.Post(Address.Cpu(cpu), _address, ack.Pack());
                }
            }
        }
    }

    /// <summary>Its virtual machine is lost.</summary>
    internal void Forget()
    {
        _rounds.Clear();
        _completed.Clear();
    }

    /// <summary>Rounds that will release a CPU that stands still for them.</summary>
    internal int RoundsStopping(int cpu) => _rounds.Count(round => round.Stopped.Contains(cpu));
}
