using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Scheduling;

namespace Disco.Actors.Vmm.Tests.Scheduling;

/// <summary>Schedulers of a machine with drivers for CPUs, and its monitors' letter box.</summary>
internal sealed class SchedulingBench
{
    private static readonly Address Outside = new(Role.Outside, 0);

    private readonly SortedDictionary<int, int> _placed = [];
    private readonly InterconnectConfig _interconnect = new() { Topology = TopologyKind.Ring };

    public SchedulingBench(int nodes, int cpusPerNode, SchedulerConfig config)
    {
        Config = config;
        Fabric = new Fabric(_interconnect, new ContiguousPerNode(nodes, 1 << 20));
        Cpus = [.. Enumerable.Range(0, nodes * cpusPerNode)
            .Select(cpu => new DriverCpu(cpu, cpu / cpusPerNode, Fabric))];
        foreach (DriverCpu cpu in Cpus)
        {
            Fabric.PlaceAgent(cpu.Address.Index, cpu.Address, cpu.Node);
        }
        for (int node = 0; node < nodes; node++)
        {
            Fabric.Place(SchedulingMessage.SchedulerOf(node), node);
        }
        Monitor = new MonitorBox(Fabric);
        Fabric.Place(Monitor.Address, Monitor.Node);
        Schedulers = [.. Enumerable.Range(0, nodes).Select(node => new Scheduler(
            node, Enumerable.Range(node * cpusPerNode, cpusPerNode), config, Fabric))];
        World = new World(
            [
                .. Cpus, .. Schedulers, Monitor,
                .. Enumerable.Range(0, nodes).Select(node => new NetworkActor(node, Fabric)),
            ],
            _interconnect.Lookahead, new MachineMessageNames());
    }

    public SchedulerConfig Config { get; }

    public Fabric Fabric { get; }

    public DriverCpu[] Cpus { get; }

    public Scheduler[] Schedulers { get; }

    public MonitorBox Monitor { get; }

    public World World { get; }

    /// <summary>Puts a vCPU on a CPU and admits it at the start.</summary>
    public void Add(int vm, int vcpu, int cpu, Plan plan)
    {
        Cpus[cpu].Hold(vm, vcpu, plan);
        _placed.Add(DriverCpu.KeyOf(vm, vcpu), cpu);
    }

    /// <summary>An engine with the start under way: every CPU asks, every vCPU is admitted.</summary>
    public Engine Start(int threads = 1, ulong seed = 1, int weight = SchedulerConfig.DefaultWeight) =>
        Start(threads, seed, _ => weight);

    public Engine Start(int threads, ulong seed, Func<int, int> weightOfVm)
    {
        EngineOptions options = new() { Seed = seed, Threads = threads };
        Engine engine = threads == 1 ? new DeterministicEngine(World, options) : new ParallelEngine(World, options);
        foreach (DriverCpu cpu in Cpus)
        {
            engine.Post(Outside, cpu.Address, default, new Cycle(1));
        }
        foreach ((int key, int cpu) in _placed)
        {
            engine.Post(
                Outside, SchedulingMessage.SchedulerOf(Cpus[cpu].Node),
                SchedulingMessage.Admit(key >> 8, key & 0xFF, cpu, weightOfVm(key >> 8)), new Cycle(2));
        }
        return engine;
    }

    /// <summary>Has a VM stopped at a cycle.</summary>
    public static void Stop(Engine engine, int vm, Cycle at) =>
        engine.Post(Outside, new Address(Role.Vm, 0), new Message { A = (ulong)vm }, at);

    /// <summary>Cycles a vCPU had on all CPUs.</summary>
    public long Ran(int vm, int vcpu) => Cpus.Sum(cpu => cpu.Ran.GetValueOrDefault(DriverCpu.KeyOf(vm, vcpu)));

    /// <summary>All vCPUs that have ended, in order.</summary>
    public int[] Ended() => [.. Cpus.SelectMany(cpu => cpu.Ended).Order()];
}
