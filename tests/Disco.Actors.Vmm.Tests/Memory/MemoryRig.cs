using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Directory;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Shootdown;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Memory;

/// <summary>A machine whose CPUs are <see cref="TestCpu"/>s: real caches, directories, memories, memmaps, monitors.
/// </summary>
internal sealed class MemoryRig
{
    private readonly MemoryRigPlan _plan;

    public MemoryRig(MemoryRigPlan plan, Func<int, TestProgram> programFor, Func<MemoryRig, Actor[]>? others = null)
    {
        _plan = plan;
        Homes = new ContiguousPerNode(plan.Nodes, (ulong)plan.NodePages * Page.Bytes);
        Fabric = new Fabric(plan.Interconnect, Homes);
        int cpus = plan.Nodes * plan.CpusPerNode;
        for (int cpu = 0; cpu < cpus; cpu++)
        {
            Fabric.PlaceAgent(cpu, Address.Cpu(cpu), cpu / plan.CpusPerNode);
        }
        IEnumerable<int> nodes = Enumerable.Range(0, plan.Nodes);
        Directories = [.. nodes.Select(node => new DirectoryController(node, Fabric, plan.LineBytes))];
        Memories = [.. nodes.Select(node => new MemoryNode(node, Fabric, plan.LineBytes))];
        NetworkActor[] networks = [.. nodes.Select(node => new NetworkActor(node, Fabric))];
        Memory = new MonitorMemory(
            Fabric, new MachineMemory(Homes, Memories), plan.LineBytes, plan.Vms, CpuSet.Below(cpus), plan.Mapping,
            plan.Shootdown, plan.Placement);
        CacheConfig caches = new() { Second = new CacheShape(64 * plan.LineBytes, 2, plan.LineBytes) };
        Cpus = [.. Enumerable.Range(0, cpus).Select(cpu => new TestCpu(
            cpu, cpu / plan.CpusPerNode, Fabric, caches, plan.Shootdown, programFor(cpu), plan.Seed))];
        World = new World(
            [
                .. Directories, .. Memories, .. networks, .. Memory.MemMaps, .. Memory.Vms, .. Cpus,
                .. others?.Invoke(this) ?? [],
            ],
            Fabric.Config.Lookahead, new CoherenceNames());
    }

    public ContiguousPerNode Homes { get; }

    public Fabric Fabric { get; }

    public DirectoryController[] Directories { get; }

    public MemoryNode[] Memories { get; }

    public MonitorMemory Memory { get; }

    public TestCpu[] Cpus { get; }

    public World World { get; }

    public VmMonitor Vm(int index) => Memory.Vms[index];

    /// <summary>Runs until nothing happens any more; every CPU must have come to its end.</summary>
    public DeterministicEngine RunToEnd(EngineOptions? options = null, params IObserver[] observers)
    {
        DeterministicEngine engine = new(World, options ?? new EngineOptions());
        engine.Observers.AddRange(observers);
        RunResult result = engine.Run(new Cycle(400_000_000));
        Assert.True(
            Array.TrueForAll(Cpus, cpu => cpu.IsFinished), $"{result.Outcome} {result.Reason}\n{result.Report}");
        return engine;
    }

    /// <summary>The value of a word as a new reader would get it, at rest.</summary>
    public unsafe ulong ValueOf(Frame frame, int word)
    {
        MachineAddress address = new(frame.Address.Value + ((ulong)word * sizeof(ulong)));
        LineAddress line = LineAddress.Of(address, _plan.LineBytes);
        int home = Homes.HomeOf(address).Value;
        HomeView view = Directories[home].ViewOf(line);
        if (view.State != HomeState.Exclusive)
        {
            return *(ulong*)(Memories[home].Host + Homes.OffsetOf(address));
        }
        CoherentCache cache = view.Owner < MemMap.FirstAgent
            ? Cpus[view.Owner].Cache
            : ((CoherentPageEngine)Memory.MemMaps[view.Owner - MemMap.FirstAgent].Engine).Cache;
        return *(ulong*)(cache.PointerTo(line) + (address.Value - line.Value));
    }
}

internal sealed record MemoryRigPlan
{
    public int Nodes { get; init; } = 1;

    public int CpusPerNode { get; init; } = 1;

    /// <summary>Memory of a node.</summary>
    public int NodePages { get; init; } = 16;

    public int LineBytes { get; init; } = 128;

    public IReadOnlyList<VmMemoryPlan> Vms { get; init; } = [new VmMemoryPlan(0, 0, 16)];

    public InterconnectConfig Interconnect { get; init; } = new() { Topology = TopologyKind.Ring };

    public MappingConfig Mapping { get; init; } = new() { CodeBytesPerNode = 0, EntryBytes = 0 };

    public ShootdownConfig Shootdown { get; init; } = new();

    public IPagePlacement? Placement { get; init; }

    public ulong Seed { get; init; } = 1;
}

/// <summary>A fixed list of operations; keeps how each ended.</summary>
internal sealed class Script(params TestOp[] ops) : TestProgram
{
    private int _next;

    public List<TestResult> Results { get; } = [];

    public override TestOp Next(ref SeededRandom random) => _next < ops.Length ? ops[_next++] : default;

    public override void Done(in TestResult result) => Results.Add(result);

    public override void Save(StateWriter writer) => writer.Write("next", _next);

    public override void Load(StateReader reader) => _next = reader.ReadInt32("next");
}
