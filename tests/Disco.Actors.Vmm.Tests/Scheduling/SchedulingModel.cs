using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Scheduling;

namespace Disco.Actors.Vmm.Tests.Scheduling;

/// <summary>What a model consists of.</summary>
/// <param name="Nodes">Each with one CPU.</param>
/// <param name="Vcpus">All of VM 0 but the last, which is of VM 1; all start on CPU 0.</param>
/// <param name="Stops">VM 1 may be stopped at any time.</param>
/// <param name="Balances">Busy nodes ask for balance, once each.</param>
internal sealed record SchedulingShape(int Nodes, int Vcpus, bool Stops, bool Balances);

/// <summary>A step: a message is delivered, or a CPU does something of its own accord.</summary>
internal readonly record struct SchedulingMove(
    SchedulingKind Act, int Cpu, int Key, (Address Source, Address Target) Channel);

/// <summary>
/// Real schedulers, and CPUs that at any time may yield, block, end or wake what they run or hold, and hand vCPUs over
/// to each other. Messages arrive in any order that keeps each (source, target) in order, wakes in any order at all.
/// </summary>
internal sealed class SchedulingModel
{
    private const int Nobody = -1;

    private static readonly Address Stopper = new(Role.Vm, 1);

    private readonly SchedulingShape _shape;
    private readonly SmallNetwork _network = new();
    private readonly Scheduler[] _schedulers;
    private readonly int[] _running;
    private readonly int[] _awaited;

    // Who holds a vCPU's registers; Nobody while they travel. Whether it has ended, or sleeps.
    private readonly int[] _holder;
    private readonly bool[] _ended;
    private readonly bool[] _asleep;
    private int _stopAnswers = -1;

    public SchedulingModel(SchedulingShape shape)
    {
        _shape = shape;
        Fabric fabric = new(
            new InterconnectConfig { Topology = TopologyKind.Uma }, new ContiguousPerNode(shape.Nodes, 1 << 12));
        fabric.Place(Stopper, 0);
        for (int node = 0; node < shape.Nodes; node++)
        {
            fabric.PlaceAgent(node, Address.Cpu(node), node);
            fabric.Place(SchedulingMessage.SchedulerOf(node), node);
        }
        SchedulerConfig config = new() { BalanceCycles = shape.Balances ? 1 : 0 };
        _schedulers = [.. Enumerable.Range(0, shape.Nodes).Select(
            node => new Scheduler(node, [node], config, fabric))];
        _running = [.. Enumerable.Repeat(Nobody, shape.Nodes)];
        _awaited = [.. Enumerable.Repeat(Nobody, shape.Nodes)];
        _holder = new int[shape.Vcpus];
        _ended = new bool[shape.Vcpus];
        _asleep = new bool[shape.Vcpus];
        for (int node = 0; node < shape.Nodes; node++)
        {
            FromCpu(node, SchedulingMessage.Next(node));
        }
        for (int key = 0; key < shape.Vcpus; key++)
        {
            FromCpu(0, SchedulingMessage.Admit(VmOf(key), key, 0, SchedulerConfig.DefaultWeight));
        }
    }

    public bool Runs(int key) => _running.Contains(key);

    public bool IsOver(int key) => _ended[key] || (_stopAnswers >= 0 && VmOf(key) == 1);

    /// <summary>Every step that could come next.</summary>
    public List<SchedulingMove> Moves()
    {
        List<SchedulingMove> moves =
            [.. _network.Channels.Select(channel => new SchedulingMove(default, 0, 0, channel))];
        for (int cpu = 0; cpu < _shape.Nodes; cpu++)
        {
            if (_running[cpu] is >= 0 and int key)
            {
                moves.Add(new SchedulingMove(SchedulingKind.Yield, cpu, key, default));
                moves.Add(new SchedulingMove(SchedulingKind.Block, cpu, key, default));
                moves.Add(new SchedulingMove(SchedulingKind.Exit, cpu, key, default));
            }
        }
        for (int key = 0; key < _shape.Vcpus; key++)
        {
            if (_asleep[key])
            {
                moves.Add(new SchedulingMove(SchedulingKind.Wake, _holder[key], key, default));
            }
        }
        if (_shape.Stops && _stopAnswers < 0)
        {
            moves.Add(new SchedulingMove(SchedulingKind.StopVm, 0, 0, default));
        }
        return moves;
    }

    public void Make(in SchedulingMove move)
    {
        switch (move.Act)
        {
            case SchedulingKind.Yield:
                Leave(move.Cpu, SchedulingMessage.Yield(VmOf(move.Key), move.Key, move.Cpu));
                break;
            case SchedulingKind.Block:
                _asleep[move.Key] = true;
                Leave(move.Cpu, SchedulingMessage.Block(VmOf(move.Key), move.Key, move.Cpu));
                break;
            case SchedulingKind.Exit:
                _ended[move.Key] = true;
                Leave(move.Cpu, SchedulingMessage.Exit(VmOf(move.Key), move.Key, move.Cpu));
                break;
            case SchedulingKind.Wake:
                _asleep[move.Key] = false;
                // By a way of its own, so that it may overtake.
                Post(new Address(Role.Driver, (ushort)move.Cpu), SchedulingMessage.SchedulerOf(move.Cpu),
                    SchedulingMessage.Wake(VmOf(move.Key), move.Key, move.Cpu));
                break;
            case SchedulingKind.StopVm:
                Stop();
                break;
            default:
                Deliver(_network.Take(move.Channel));
                break;
        }
        Check();
    }

    public void Save(StateWriter writer)
    {
        _network.Save(writer);
        Array.ForEach(_schedulers, scheduler => scheduler.Save(writer));
        Array.ForEach(_running, key => writer.Write("running", key));
        Array.ForEach(_awaited, key => writer.Write("awaited", key));
        for (int key = 0; key < _shape.Vcpus; key++)
        {
            writer.Write("holder", _holder[key]);
            writer.Write("ended", _ended[key]);
            writer.Write("asleep", _asleep[key]);
        }
        writer.Write("stopAnswers", _stopAnswers);
    }

    public void Load(StateReader reader)
    {
        _network.Load(reader);
        Array.ForEach(_schedulers, scheduler => scheduler.Load(reader));
        for (int cpu = 0; cpu < _shape.Nodes; cpu++)
        {
            _running[cpu] = reader.ReadInt32("running");
        }
        for (int cpu = 0; cpu < _shape.Nodes; cpu++)
        {
            _awaited[cpu] = reader.ReadInt32("awaited");
        }
        for (int key = 0; key < _shape.Vcpus; key++)
        {
            _holder[key] = reader.ReadInt32("holder");
            _ended[key] = reader.ReadBool("ended");
            _asleep[key] = reader.ReadBool("asleep");
        }
        _stopAnswers = reader.ReadInt32("stopAnswers");
    }

    private int VmOf(int key) => key == _shape.Vcpus - 1 ? 1 : 0;

    private void FromCpu(int cpu, in Message message) =>
        Post(Address.Cpu(cpu), SchedulingMessage.SchedulerOf(cpu), message);

    private void Post(Address from, Address to, Message message)
    {
        message.D = (((uint)from.Role << 28) | ((uint)from.Index << 16)) | ((uint)to.Role << 12) | to.Index;
        _network.Sender = from;
        _network.Send(to, 1, message);
    }

    private void Leave(int cpu, in Message message)
    {
        _running[cpu] = Nobody;
        FromCpu(cpu, message);
    }

    private void Stop()
    {
        _stopAnswers = 0;
        for (int node = 0; node < _shape.Nodes; node++)
        {
            Post(Stopper, SchedulingMessage.SchedulerOf(node), SchedulingMessage.StopVm(1));
        }
    }

    private void Deliver(Envelope envelope)
    {
        if (envelope.Target.Role == Role.Scheduler)
        {
            _network.Sender = envelope.Target;
            _schedulers[envelope.Target.Index].Receive(envelope, _network);
            return;
        }
        if (envelope.Target == Stopper)
        {
            _stopAnswers++;
            return;
        }
        int cpu = envelope.Target.Index;
        int key = SchedulingMessage.VcpuOf(envelope.Message);
        switch ((SchedulingKind)envelope.Message.Kind)
        {
            case SchedulingKind.RunVcpu:
                Invariant.Holds(_running[cpu] == Nobody && _awaited[cpu] == Nobody);
                int holder = SchedulingMessage.HolderOf(envelope.Message);
                _awaited[cpu] = key;
                if (holder == cpu)
                {
                    Start(cpu, key);
                }
                else
                {
                    Post(Address.Cpu(cpu), Address.Cpu(holder), SchedulingMessage.HandOver(VmOf(key), key, cpu));
                }
                break;
            case SchedulingKind.Preempt when _running[cpu] == key:
                Leave(cpu, SchedulingMessage.Yield(VmOf(key), key, cpu));
                break;
            case SchedulingKind.Preempt:
                break;
            case SchedulingKind.HandOver:
                Invariant.Holds(_holder[key] == cpu && _running[cpu] != key);
                _holder[key] = Nobody;
                Message state = new() { Kind = (ushort)SchedulingKind.VcpuState, B = (ulong)key };
                Post(Address.Cpu(cpu), Address.Cpu((int)envelope.Message.C), state);
                break;
            default:
                Invariant.Holds(_holder[key] == Nobody);
                _holder[key] = cpu;
                Start(cpu, key);
                break;
        }
    }

    private void Start(int cpu, int key)
    {
        Invariant.Holds(_awaited[cpu] == key && _holder[key] == cpu);
        Invariant.Holds(!_ended[key]);
        _awaited[cpu] = Nobody;
        _running[cpu] = key;
        _asleep[key] = false;
    }

    /// <summary>In every state: no vCPU twice, none lost; at rest no CPU idle while a vCPU waits.</summary>
    private void Check()
    {
        bool atRest = _network.Channels.Length == 0;
        for (int key = 0; key < _shape.Vcpus; key++)
        {
            int here = _schedulers.Sum(scheduler => scheduler.Tokens.Count(token => token.Vcpu == key));
            int known = here + _network.UnderWay.Count(message => SchedulingMessage.VcpuOf(message) == key
                && (SchedulingKind)message.Kind
                    is SchedulingKind.Stolen or SchedulingKind.Gift or SchedulingKind.Admit);
            bool stopped = IsOver(key) && !_ended[key];
            Invariant.Holds(known <= 1);
            Invariant.Holds(known == 1 || stopped || _ended[key]);
            Invariant.Holds(!atRest || _stopAnswers < 0 || _stopAnswers == _shape.Nodes || Runs(_shape.Vcpus - 1));
            Invariant.Holds(!atRest || !_ended[key] || known == 0);
            Invariant.Holds(_running.Count(running => running == key) + _awaited.Count(held => held == key) <= 1);
            if (_stopAnswers == _shape.Nodes && VmOf(key) == 1)
            {
                // One on its way will be dropped where it arrives.
                Invariant.Holds(here == 0 && !_running.Contains(key) && !_awaited.Contains(key));
                Invariant.Holds(!_network.UnderWay.Any(message => message.Kind == (ushort)SchedulingKind.RunVcpu
                    && SchedulingMessage.VcpuOf(message) == key));
            }
        }
        bool idle = Enumerable.Range(0, _shape.Nodes).Any(cpu => _running[cpu] < 0 && _awaited[cpu] < 0);
        Invariant.Holds(!atRest || !idle || _schedulers.All(scheduler => scheduler.QueueLength == 0));
    }
}
