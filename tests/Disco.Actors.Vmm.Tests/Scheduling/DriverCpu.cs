using System.Buffers.Binary;
using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Scheduling;

namespace Disco.Actors.Vmm.Tests.Scheduling;

/// <summary>
/// A CPU without instructions: runs vCPUs that compute, sleep and end by a plan of their own, and hands them over to
/// other CPUs as the protocol says. What it holds is real: a vCPU that two CPUs held, or none, would fail here.
/// </summary>
internal sealed class DriverCpu(int cpu, int node, Fabric fabric) : Actor(Address.Cpu(cpu), node)
{
    private const ushort Timer = 0x1001;

    private readonly SortedDictionary<int, Plan> _held = [];
    private int _running = -1;
    private int _awaited = -1;
    private long _quantum;
    private long _started;
    private ulong _epoch;

    /// <summary>The key of the vCPU it runs, -1 for none.</summary>
    public int Running => _running;

    /// <summary>Cycles each vCPU had on this CPU, by key.</summary>
    public SortedDictionary<int, long> Ran { get; } = [];

    /// <summary>vCPUs that have ended here.</summary>
    public List<int> Ended { get; } = [];

    public static int KeyOf(int vm, int vcpu) => (vm << 8) | vcpu;

    /// <summary>Puts a vCPU here before the run.</summary>
    public void Hold(int vm, int vcpu, Plan plan) => _held.Add(KeyOf(vm, vcpu), plan);

    public override void Receive(in Envelope envelope, Context context)
    {
        ref readonly Message message = ref envelope.Message;
        if (message.Kind == 0)
        {
            ToScheduler(SchedulingMessage.Next(cpu), context);
            return;
        }
        if (message.Kind == Timer)
        {
            TimerDue((int)message.A, message.B, context);
            return;
        }
        int key = KeyOf((int)message.A, SchedulingMessage.VcpuOf(message));
        switch ((SchedulingKind)message.Kind)
        {
            case SchedulingKind.RunVcpu:
                Enter(key, SchedulingMessage.HolderOf(message), (long)message.C, context);
                break;
            case SchedulingKind.Preempt:
                if (_running == key)
                {
                    LeaveCpu(context);
                }
                break;
            case SchedulingKind.HandOver:
                HandOver(key, (int)message.C, context);
                break;
            case SchedulingKind.VcpuState:
                Invariant.Holds(_awaited == key);
                _held.Add(key, Plan.Read(envelope.Payload));
                Start(key, context);
                break;
            default:
                Invariant.Broken($"{Address} received {SchedulingNames.Describe(message)}");
                break;
        }
    }

    public override void Save(StateWriter writer)
    {
        writer.Write("running", _running);
        writer.Write("awaited", _awaited);
        writer.Write("quantum", _quantum);
        writer.Write("started", _started);
        writer.Write("epoch", _epoch);
        writer.Write("held", _held.Count);
        Span<byte> bytes = stackalloc byte[Plan.Bytes];
        foreach ((int key, Plan plan) in _held)
        {
            writer.Write("key", key);
            plan.Write(bytes);
            writer.Write("plan", bytes);
        }
        writer.Write("ended", Ended.Count);
        Ended.ForEach(key => writer.Write("key", key));
        writer.Write("ran", Ran.Count);
        foreach ((int key, long cycles) in Ran)
        {
            writer.Write("key", key);
            writer.Write("cycles", cycles);
        }
    }

    public override void Load(StateReader reader)
    {
        _running = reader.ReadInt32("running");
        _awaited = reader.ReadInt32("awaited");
        _quantum = reader.ReadInt64("quantum");
        _started = reader.ReadInt64("started");
        _epoch = reader.ReadUInt64("epoch");
        _held.Clear();
        byte[] bytes = new byte[Plan.Bytes];
        for (int left = reader.ReadInt32("held"); left > 0; left--)
        {
            int key = reader.ReadInt32("key");
            reader.ReadBytes("plan", bytes);
            _held.Add(key, Plan.Read(bytes));
        }
        Ended.Clear();
        for (int left = reader.ReadInt32("ended"); left > 0; left--)
        {
            Ended.Add(reader.ReadInt32("key"));
        }
        Ran.Clear();
        for (int left = reader.ReadInt32("ran"); left > 0; left--)
        {
            int key = reader.ReadInt32("key");
            Ran.Add(key, reader.ReadInt64("cycles"));
        }
    }

    private void Enter(int key, int holder, long quantum, Context context)
    {
        Invariant.Holds(_running < 0);
        Invariant.Holds(_awaited < 0);
        _quantum = quantum;
        if (holder == cpu)
        {
            Invariant.Holds(_held.ContainsKey(key));
            Start(key, context);
            return;
        }
        _awaited = key;
        Send(Address.Cpu(holder), SchedulingMessage.HandOver(key >> 8, key & 0xFF, cpu), context);
    }

    private void HandOver(int key, int asking, Context context)
    {
        Invariant.Holds(_running != key);
        Invariant.Holds(_held.Remove(key, out Plan plan));
        byte[] bytes = new byte[Plan.Bytes];
        plan.Write(bytes);
        Message state = new()
        {
            Kind = (ushort)SchedulingKind.VcpuState,
            A = (ulong)(key >> 8),
            B = (uint)(key & 0xFF) | (1UL << 32),
        };
        fabric.Send(context, Address, Address.Cpu(asking), 0, state, bytes);
    }

    private void Start(int key, Context context)
    {
        _awaited = -1;
        _running = key;
        _started = context.Now.Value;
        Plan plan = _held[key];
        context.After(Math.Max(1, Math.Min(_quantum, plan.Burst)), TimerOf(key, ++_epoch));
    }

    private void TimerDue(int key, ulong epoch, Context context)
    {
        if (epoch == 0)
        {
            // The end of a sleep; a vCPU that sleeps stays where it is.
            Invariant.Holds(_held.ContainsKey(key));
            ToScheduler(SchedulingMessage.Wake(key >> 8, key & 0xFF, cpu), context);
        }
        else if (epoch == _epoch && _running == key)
        {
            LeaveCpu(context);
        }
    }

    private void LeaveCpu(Context context)
    {
        int key = _running;
        long ran = context.Now.Value - _started;
        _running = -1;
        Ran[key] = Ran.GetValueOrDefault(key) + ran;
        Plan plan = _held[key];
        plan.Work -= ran;
        plan.Burst -= ran;
        (int vm, int vcpu) = (key >> 8, key & 0xFF);
        if (plan.Work <= 0)
        {
            _held.Remove(key);
            Ended.Add(key);
            ToScheduler(SchedulingMessage.Exit(vm, vcpu, cpu), context);
            return;
        }
        if (plan.Burst > 0)
        {
            _held[key] = plan;
            ToScheduler(SchedulingMessage.Yield(vm, vcpu, cpu), context);
            return;
        }
        long sleep = plan.NextSleep();
        _held[key] = plan;
        ToScheduler(SchedulingMessage.Block(vm, vcpu, cpu), context);
        context.After(Math.Max(1, sleep), TimerOf(key, 0));
    }

    private void ToScheduler(in Message message, Context context) =>
        Send(SchedulingMessage.SchedulerOf(Node), message, context);

    private void Send(Address target, in Message message, Context context) =>
        fabric.Send(context, Address, target, 0, message);

    private static Message TimerOf(int key, ulong epoch) => new() { Kind = Timer, A = (ulong)key, B = epoch };
}

/// <summary>What a vCPU of a driver still wants to do.</summary>
internal struct Plan(long work, long burstMean, long sleepMean, ulong seed)
{
    public const int Bytes = 40;

    /// <summary>Cycles until it ends.</summary>
    public long Work = work;

    /// <summary>Cycles until it sleeps.</summary>
    public long Burst = burstMean;

    private long _burstMean = burstMean;
    private long _sleepMean = sleepMean;
    private SeededRandom _random = new(seed);

    public static Plan Read(ReadOnlySpan<byte> from) => new()
    {
        Work = BinaryPrimitives.ReadInt64LittleEndian(from),
        Burst = BinaryPrimitives.ReadInt64LittleEndian(from[8..]),
        _burstMean = BinaryPrimitives.ReadInt64LittleEndian(from[16..]),
        _sleepMean = BinaryPrimitives.ReadInt64LittleEndian(from[24..]),
        _random = new SeededRandom(BinaryPrimitives.ReadUInt64LittleEndian(from[32..])),
    };

    /// <summary>Begins a new burst after a sleep of the returned length.</summary>
    public long NextSleep()
    {
        Burst = 1 + _random.Below((int)(2 * _burstMean));
        return 1 + _random.Below((int)(2 * _sleepMean));
    }

    public readonly void Write(Span<byte> into)
    {
        BinaryPrimitives.WriteInt64LittleEndian(into, Work);
        BinaryPrimitives.WriteInt64LittleEndian(into[8..], Burst);
        BinaryPrimitives.WriteInt64LittleEndian(into[16..], _burstMean);
        BinaryPrimitives.WriteInt64LittleEndian(into[24..], _sleepMean);
        BinaryPrimitives.WriteUInt64LittleEndian(into[32..], _random.State);
    }
}
