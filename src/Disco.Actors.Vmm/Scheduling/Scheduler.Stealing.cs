using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Vmm.Scheduling;

/// <summary>Both ends of <see cref="StealProtocol"/>.</summary>
public sealed partial class Scheduler
{
    // The other nodes, nearest first; among equals the next in number, so that not all ask the same.
    private readonly int[] _peers;
    private readonly ThiefState[] _thief;
    private readonly VictimState[] _victim;

    private bool HasIdleCpu => _seats.Any(seat => seat.State == SeatState.Idle);

    private static int[] PeersByDistance(int node, Fabric fabric)
    {
        int nodes = fabric.Homes.Nodes;
        return [.. Enumerable.Range(1, nodes - 1)
            .Select(step => (node + step) % nodes)
            .OrderBy(peer => fabric.Topology.Hops(node, peer))];
    }

    private void ReceiveSteal(in Envelope envelope, Context context)
    {
        ref readonly Message message = ref envelope.Message;
        int peer = Fabric.SenderOf(message).Index;
        switch ((SchedulingKind)message.Kind)
        {
            case SchedulingKind.Steal:
                VictimSteps(peer, HasFor(peer) ? VictimEvent.StealGranted : VictimEvent.StealEmpty, context);
                break;
            case SchedulingKind.Decline:
                VictimSteps(peer, VictimEvent.Decline, context);
                break;
            case SchedulingKind.Stolen:
                ThiefSteps(peer, ThiefEvent.Stolen, context);
                Take(envelope, context);
                break;
            case SchedulingKind.Refused:
                ThiefSteps(peer, ThiefEvent.Refused, context);
                break;
            case SchedulingKind.Balance:
                Balance(peer, (int)message.A, (int)message.B, context);
                break;
            case SchedulingKind.Gift:
                Take(envelope, context);
                break;
            case SchedulingKind.Plenty:
                ThiefSteps(peer, ThiefEvent.Plenty, context);
                break;
            default:
                Invariant.Broken($"{Address} does not understand message {message}");
                break;
        }
    }

    /// <summary>
    /// Asks for one vCPU at a time while a CPU is idle: who has told of some first, then the nearest not yet asked.
    /// </summary>
    private void Seek(Context context)
    {
        if (!HasIdleCpu)
        {
            foreach (int peer in _peers)
            {
                ThiefSteps(peer, ThiefEvent.Sated, context);
            }
            return;
        }
        if (Array.Exists(_peers, peer => _thief[peer] == ThiefState.Asked))
        {
            return;
        }
        foreach (ThiefState wanted in (ReadOnlySpan<ThiefState>)[ThiefState.Hinted, ThiefState.Free])
        {
            foreach (int peer in _peers)
            {
                if (_thief[peer] == wanted)
                {
                    ThiefSteps(peer, ThiefEvent.Want, context);
                    return;
                }
            }
        }
    }

    /// <summary>Tells as many of those who asked in vain as vCPUs wait here, the nearest first.</summary>
    private void TellOthers(Context context)
    {
        int told = _peers.Count(peer => _victim[peer] == VictimState.Told);
        foreach (int peer in _peers)
        {
            if (told >= _queue.Count)
            {
                return;
            }
            if (_victim[peer] == VictimState.Marked && HasFor(peer))
            {
                VictimSteps(peer, VictimEvent.Surplus, context);
                told++;
            }
        }
    }

    private void ThiefSteps(int peer, ThiefEvent e, Context context)
    {
        ThiefStep step = StealProtocol.Next(_thief[peer], e);
        _thief[peer] = step.Next;
        switch (step.Do)
        {
            case ThiefDo.Ask:
                SendPeer(peer, SchedulingKind.Steal, context);
                break;
            case ThiefDo.Decline:
                SendPeer(peer, SchedulingKind.Decline, context);
                break;
            case ThiefDo.Impossible:
                Invariant.Broken($"{Address}: {e} from or for node {peer}");
                break;
            case ThiefDo.None:
            case ThiefDo.Take:
                break;
        }
    }

    private void VictimSteps(int peer, VictimEvent e, Context context)
    {
        VictimStep step = StealProtocol.Next(_victim[peer], e);
        _victim[peer] = step.Next;
        switch (step.Do)
        {
            case VictimDo.Give:
                Give(peer, SchedulingKind.Stolen, context);
                break;
            case VictimDo.Refuse:
                Statistics.Refusals++;
                SendPeer(peer, SchedulingKind.Refused, context);
                break;
            case VictimDo.Tell:
                SendPeer(peer, SchedulingKind.Plenty, context);
                break;
            case VictimDo.Impossible:
                Invariant.Broken($"{Address}: {e} from or for node {peer}");
                break;
            case VictimDo.None:
                break;
        }
    }

    private bool MayGo(VcpuToken token, int peer) => token.Vm >= NodesOf.Count || NodesOf[token.Vm].Contains(peer);

    private bool HasFor(int peer) => _queue.Waiting.Any(token => MayGo(token, peer));

    private void Give(int peer, SchedulingKind kind, Context context)
    {
        VcpuToken token = _queue.ChooseToGive(
            token => MayGo(token, peer), cpu => _fabric.NodeOf(Address.Cpu(cpu)) == peer)!;
        long waited = context.Now.Value - token.Since;
        token.WaitedCycles += waited;
        Statistics.Waited(waited);
        Statistics.Given++;
        Span<byte> account = stackalloc byte[SchedulingMessage.AccountBytes];
        token.WriteAccount(account, _queue.Pass);
        Message message = SchedulingMessage.Of(
            kind, (ulong)token.Vm, SchedulingMessage.Held(token.Vcpu, token.Holder),
            (ulong)token.Weight);
        Step(token, TokenEvent.GiveAway, context);
        Send(SchedulingMessage.SchedulerOf(peer), message, context, account);
    }

    private void Take(in Envelope envelope, Context context)
    {
        ref readonly Message message = ref envelope.Message;
        int vm = (int)message.A;
        if (_stopped[vm])
        {
            return;
        }
        VcpuToken token = new(vm, SchedulingMessage.VcpuOf(message))
        {
            Holder = SchedulingMessage.HolderOf(message),
            Weight = (int)message.C,
        };
        token.ReadAccount(envelope.Payload, _queue.Pass);
        Statistics.Steals++;
        Invariant.Holds(_tokens.TryAdd(token.Key, token));
        Step(token, TokenEvent.Arrive, context);
    }

    private void SendPeer(int peer, SchedulingKind kind, Context context) =>
        Send(SchedulingMessage.SchedulerOf(peer), SchedulingMessage.Of(kind, 0, 0, 0), context);
}
