using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Vmm.Scheduling;

/// <summary>
/// The scheduler of a node, <c>sched/n</c>: shares the node's CPUs among the vCPUs that are here and could run, and
/// fetches some from other nodes for CPUs that are idle. [Disco 4.2.1: simple, time-sharing, with affinity]
/// </summary>
/// <remarks>
/// It acts on messages alone; an idle node has none. Rules that hold between messages: a CPU is idle only while nothing
/// waits here; a vCPU waits here only when no other node is known to be idle, or that node has been told.
/// </remarks>
public sealed partial class Scheduler : Actor
{
    private const int VmsMax = 256;

    private readonly SchedulerConfig _config;
    private readonly Fabric _fabric;
    private readonly CpuSeat[] _seats;
    private readonly SortedDictionary<int, VcpuToken> _tokens = [];
    private readonly RunQueue _queue;
    private readonly bool[] _stopped = new bool[VmsMax];

    // A quantum has ended; lives for one Receive.
    private bool _mayBalance;

    /// <param name="node">Its node.</param>
    /// <param name="cpus">The node's CPUs, in order.</param>
    /// <param name="config">The same on every node.</param>
    /// <param name="fabric">Of the machine; every node's scheduler is placed.</param>
    public Scheduler(int node, IEnumerable<int> cpus, SchedulerConfig config, Fabric fabric)
        : base(SchedulingMessage.SchedulerOf(node), node)
    {
        config.Check();
        _config = config;
        _fabric = fabric;
        _queue = new RunQueue(config);
        _seats = [.. cpus.Select(cpu => new CpuSeat(cpu))];
        _peers = PeersByDistance(node, fabric);
        _thief = new ThiefState[fabric.Homes.Nodes];
        _victim = new VictimState[fabric.Homes.Nodes];
    }

    private enum SeatState : byte
    {
        /// <summary>The CPU has not asked for anything yet.</summary>
        Away,
        Idle,
        Busy,
    }

    /// <summary>By virtual machine, the nodes it stays on; those not in the list go anywhere.</summary>
    public IReadOnlyList<NodeSet> NodesOf { get; init; } = [];

    public SchedulerStatistics Statistics { get; } = new();

    /// <summary>The vCPUs known here, in order of VM and number.</summary>
    public IEnumerable<VcpuToken> Tokens => _tokens.Values;

    /// <summary>vCPUs that wait for a CPU.</summary>
    public int QueueLength => _queue.Count;

    public override void Receive(in Envelope envelope, Context context)
    {
        ref readonly Message message = ref envelope.Message;
        switch ((SchedulingKind)message.Kind)
        {
            case SchedulingKind.Next:
                SeatOf((int)message.A).Rise(context.Now.Value);
                break;
            case SchedulingKind.Yield:
                Statistics.Yields++;
                Leave(message, TokenEvent.Yield, context);
                _mayBalance = true;
                break;
            case SchedulingKind.Block:
                Statistics.Blocks++;
                Leave(message, TokenEvent.Block, context);
                break;
            case SchedulingKind.Exit:
                Leave(message, TokenEvent.Exit, context);
                break;
            case SchedulingKind.Wake:
                Wake((int)message.A, SchedulingMessage.VcpuOf(message), context);
                break;
            case SchedulingKind.Admit:
                Admit(message, context);
                break;
            case SchedulingKind.StopVm:
                StopVm((int)message.A, Fabric.SenderOf(message), context);
                break;
            case SchedulingKind.PeersLost:
                break;
            case SchedulingKind.SlotDue:
                _slotArmed = false;
                break;
            default:
                ReceiveSteal(envelope, context);
                break;
        }
        Settle(context);
    }

    /// <summary>Hands out what waits, then sees to other nodes: after each message.</summary>
    private void Settle(Context context)
    {
        Assign(context);
        KeepSlots(context);
        if (_config.Stealing)
        {
            TellOthers(context);
            Seek(context);
        }
        if (_mayBalance)
        {
            _mayBalance = false;
            AskForBalance(context);
        }
    }

    /// <summary>Gives idle CPUs what waits: first each CPU what it holds itself, then in order.</summary>
    private void Assign(Context context)
    {
        int favoured = FavouredVm(context.Now);
        for (int pass = 0; pass < 2 && _queue.Count > 0; pass++)
        {
            foreach (CpuSeat seat in _seats)
            {
                if (seat.State != SeatState.Idle || _queue.ChooseFor(seat.Cpu, favoured) is not { } token)
                {
                    continue;
                }
                if (pass == 1 || token.Holder == seat.Cpu)
                {
                    Dispatch(token, seat, context);
                }
            }
        }
        Invariant.Holds(_queue.Count == 0 || !_seats.Any(seat => seat.State == SeatState.Idle));
    }

    private void Dispatch(VcpuToken token, CpuSeat seat, Context context)
    {
        long now = context.Now.Value;
        Step(token, TokenEvent.Dispatch, context);
        token.WaitedCycles += now - token.Since;
        token.Dispatches++;
        Statistics.Waited(now - token.Since);
        Statistics.Dispatches++;
        Statistics.Switches += seat.Last == token.Key ? 0 : 1;
        Statistics.HandOvers += token.Holder == seat.Cpu ? 0 : 1;
        Statistics.IdleCycles += now - seat.Since;
        _queue.Dispatched(token);
        Send(Address.Cpu(seat.Cpu),
            SchedulingMessage.RunVcpu(token.Vm, token.Vcpu, token.Holder, QuantumFrom(now)), context);
        token.Holder = seat.Cpu;
        token.Since = now;
        seat.Sit(token, now);
    }

    /// <summary>A CPU gives its vCPU back, and is free.</summary>
    private void Leave(in Message message, TokenEvent e, Context context)
    {
        CpuSeat seat = SeatOf((int)message.C);
        int key = VcpuToken.KeyOf((int)message.A, SchedulingMessage.VcpuOf(message));
        Invariant.Holds(seat.State == SeatState.Busy);
        Invariant.Holds(seat.Token is { } sitting && sitting.Key == key);
        VcpuToken token = seat.Token;
        seat.Rise(context.Now.Value);
        Step(token, e, context);
    }

    private void Wake(int vm, int vcpu, Context context)
    {
        if (!_tokens.TryGetValue(VcpuToken.KeyOf(vm, vcpu), out VcpuToken? token))
        {
            return;
        }
        bool slept = token.State == TokenState.Blocked;
        Step(token, TokenEvent.Wake, context);
        if (slept)
        {
            Statistics.Wakes++;
            PreemptFor(token, context);
        }
    }

    private void Admit(in Message message, Context context)
    {
        int vm = (int)message.A;
        int vcpu = SchedulingMessage.VcpuOf(message);
        Invariant.Holds(vm < VmsMax);
        Invariant.Holds(!_tokens.ContainsKey(VcpuToken.KeyOf(vm, vcpu)));
        if (_stopped[vm])
        {
            return;
        }
        VcpuToken token = new(vm, vcpu)
        {
            Holder = SchedulingMessage.HolderOf(message),
            Weight = Math.Max(1, (int)message.C),
        };
        _tokens.Add(token.Key, token);
        Step(token, TokenEvent.Admit, context);
    }

    private void StopVm(int vm, Address monitor, Context context)
    {
        Invariant.Holds(vm < VmsMax);
        _stopped[vm] = true;
        foreach (VcpuToken token in _tokens.Values.Where(token => token.Vm == vm).ToArray())
        {
            Step(token, TokenEvent.StopVm, context);
        }
        _stopAskers[vm] = monitor;
        AnswerStop(vm, context);
    }

    /// <summary>Tells who stopped a VM once none of its vCPUs runs here.</summary>
    private void AnswerStop(int vm, Context context)
    {
        if (_stopAskers.TryGetValue(vm, out Address asker) && !_tokens.Values.Any(token => token.Vm == vm))
        {
            _stopAskers.Remove(vm);
            Send(asker, SchedulingMessage.VmStopped(vm, Node), context);
        }
    }

    /// <summary>Moves a vCPU on in its protocol and does what that asks for.</summary>
    private void Step(VcpuToken token, TokenEvent e, Context context)
    {
        long now = context.Now.Value;
        TokenState before = token.State;
        TokenStep step = TokenProtocol.Next(before, e);
        if (step.Do == TokenDo.Impossible)
        {
            Invariant.Broken($"{Address}: {e} of vm {token.Vm} vcpu {token.Vcpu}, which is {before}");
        }
        if (step.Do.HasFlag(TokenDo.LeaveCpu))
        {
            RunQueue.Charge(token, now - token.Since);
            Statistics.Ran(token.Vm, now - token.Since);
        }
        if (step.Do.HasFlag(TokenDo.Dequeue))
        {
            _queue.Remove(token);
        }
        if (step.Do.HasFlag(TokenDo.Preempt))
        {
            Preempt(SeatWith(token), context);
        }
        token.State = step.Next;
        if (step.Do.HasFlag(TokenDo.Enqueue))
        {
            Enqueue(token, e);
        }
        if (step.Next != before && step.Next is not (TokenState.Running or TokenState.Woken or TokenState.Stopping))
        {
            token.Since = now;
        }
        if (step.Next == TokenState.Absent && before != TokenState.Absent)
        {
            _tokens.Remove(token.Key);
            AnswerStop(token.Vm, context);
        }
    }

    private void Enqueue(VcpuToken token, TokenEvent e)
    {
        if (e is TokenEvent.Wake or TokenEvent.Admit)
        {
            _queue.AddWoken(token);
        }
        else
        {
            _queue.Add(token);
        }
    }

    /// <summary>One that woke takes a CPU from the one that is furthest ahead of it, when that is far enough.</summary>
    private void PreemptFor(VcpuToken token, Context context)
    {
        if (_seats.Any(seat => seat.State == SeatState.Idle))
        {
            return;
        }
        CpuSeat? furthest = null;
        long ahead = 0;
        foreach (CpuSeat seat in _seats)
        {
            if (seat.Token is not { State: TokenState.Running or TokenState.Woken } running || seat.Preempted)
            {
                continue;
            }
            long pass = running.Pass
                + ((context.Now.Value - running.Since) * SchedulerConfig.DefaultWeight / running.Weight);
            if (furthest is null || pass > ahead)
            {
                furthest = seat;
                ahead = pass;
            }
        }
        if (furthest is not null && ahead - token.Pass > _config.WakeCreditCycles)
        {
            Preempt(furthest, context);
        }
    }

    private void Preempt(CpuSeat seat, Context context)
    {
        if (!seat.Preempted)
        {
            seat.Preempted = true;
            Statistics.Preemptions++;
            Send(Address.Cpu(seat.Cpu), SchedulingMessage.Preempt(seat.Token!.Vm, seat.Token.Vcpu), context);
        }
    }

    private CpuSeat SeatOf(int cpu)
    {
        foreach (CpuSeat seat in _seats)
        {
            if (seat.Cpu == cpu)
            {
                return seat;
            }
        }
        return Invariant.Unreachable<CpuSeat>($"{Address} does not schedule cpu/{cpu}");
    }

    private CpuSeat SeatWith(VcpuToken token) => Array.Find(_seats, seat => seat.Token == token)!;

    // One delay for all, so that messages to one target keep their order.
    private void Send(Address target, in Message message, Context context, ReadOnlySpan<byte> payload = default) =>
        _fabric.Send(context, Address, target, _config.DecisionCycles, message, payload);

    /// <summary>A CPU of the node and what it does, as far as the scheduler knows.</summary>
    private sealed class CpuSeat(int cpu)
    {
        public int Cpu { get; } = cpu;

        public SeatState State { get; set; }

        public VcpuToken? Token { get; set; }

        /// <summary>Key of the vCPU it ran last, -1 for none.</summary>
        public int Last { get; set; } = -1;

        /// <summary>Was asked to give its vCPU up and has not answered.</summary>
        public bool Preempted { get; set; }

        public long Since { get; set; }

        public void Sit(VcpuToken token, long now)
        {
            State = SeatState.Busy;
            Token = token;
            Last = token.Key;
            Since = now;
        }

        public void Rise(long now)
        {
            Invariant.Holds(State != SeatState.Idle);
            State = SeatState.Idle;
            Token = null;
            Preempted = false;
            Since = now;
        }
    }
}
