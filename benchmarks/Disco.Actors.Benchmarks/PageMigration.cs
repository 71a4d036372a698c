using BenchmarkDotNet.Attributes;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Directory;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;
using Disco.Actors.Vmm;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Benchmarks;

/// <summary>
/// Host time of one page moved to another node, with all its messages, engine included: the report of a hot page, the
/// order for a frame, the shootdown of the CPU that uses the page and its acknowledgement, the coherent copy of 32
/// lines, the old frame given back, and the CPU's next fill.
/// </summary>
[MemoryDiagnoser]
public class PageMigration
{
    public const int Moves = 1_000;

    private const int Nodes = 2;
    private const int FramesPerNode = 16;

    private DeterministicEngine _engine = null!;
    private HotCpu _cpu = null!;

    [GlobalSetup]
    public void Setup()
    {
        InterconnectConfig interconnect = new() { Topology = TopologyKind.Ring };
        Fabric fabric = new(interconnect, new ContiguousPerNode(Nodes, FramesPerNode * (ulong)Page.Bytes));
        for (int cpu = 0; cpu < Nodes; cpu++)
        {
            fabric.Place(Address.Cpu(cpu), cpu);
        }
        MemoryNode[] memories = [.. Enumerable.Range(0, Nodes).Select(node => new MemoryNode(node, fabric, 128))];
        ShootdownConfig shootdown = new();
        MappingConfig mapping = new() { CodeBytesPerNode = 0 };
        MonitorMemory memory = new(
            fabric, new MachineMemory(fabric.Homes, memories), 128, [new VmMemoryPlan(0, 0, 4)], CpuSet.Below(Nodes),
            mapping, shootdown, new AlwaysMigrate());
        _cpu = new HotCpu(0, shootdown, fabric);
        World world = new(
            [
                _cpu, new HotCpu(1, shootdown, fabric), .. memory.Actors, .. memories,
                .. Enumerable.Range(0, Nodes).Select(node => new DirectoryController(node, fabric, 128)),
                .. Enumerable.Range(0, Nodes).Select(node => new NetworkActor(node, fabric)),
            ],
            interconnect.Lookahead, new DiscoMessageNames(new CoherenceNames()));
        _engine = new DeterministicEngine(world, new EngineOptions());
        Move();
    }

    /// <summary>Returns the pages moved so far.</summary>
    [Benchmark(OperationsPerInvoke = Moves)]
    public long Move()
    {
        long end = _cpu.Moves + Moves;
        while (_cpu.Moves < end)
        {
            RunResult result = _engine.Run(_engine.Now + 100_000);
            Invariant.Holds(result.Outcome == Outcome.ReachedLimit);
        }
        return _cpu.Moves;
    }

    private sealed class AlwaysMigrate : IPagePlacement
    {
        public PageMove Decide(in HotPageView page, ReadOnlySpan<uint> misses) => PageMove.Migrate;
    }

    /// <summary>CPU 0 uses a page and says, when it gets it, that the other node does; CPU 1 is only there.</summary>
    private sealed class HotCpu : Actor, IResponderCpu
    {
        private static readonly PhysicalPage Hot = new(0);

        private readonly Fabric _fabric;
        private readonly ShootdownResponder _responder;
        private bool _isRemoved;

        public HotCpu(int cpu, ShootdownConfig config, Fabric fabric)
            : base(Address.Cpu(cpu), cpu)
        {
            (_fabric, _responder) = (fabric, ShootdownResponder.Create(config, fabric, cpu));
            NextStep = Cycle.Zero;
        }

        public long Moves { get; private set; } = -1;

        public bool IsIdle => false;

        public override void Run(Context context)
        {
            context.AdvanceTo(NextStep);
            NextStep = Cycle.Never;
            Send(new EnterVcpuMessage(Address.Index, 0, Address.Index).Pack(), context);
        }

        public override void Receive(in Envelope envelope, Context context)
        {
            if (ShootdownMessage.IsOne(envelope.Message))
            {
                _responder.Receive(envelope, context, this);
                if (_isRemoved)
                {
                    _isRemoved = false;
                    Fill(context);
                }
                return;
            }
            if ((MappingKind)envelope.Message.Kind == MappingKind.Filled)
            {
                Moves++;
                Message report = new HotPageMessage(default, Hot, (int)((Moves + 1) % Nodes)).Pack();
                report.PayloadBytes = Nodes * sizeof(uint);
                Span<byte> misses = context.Send(VmMonitor.AddressOf(0), 200, report);
                misses[..report.PayloadBytes].Clear();
                return;
            }
            Invariant.Holds((MappingKind)envelope.Message.Kind == MappingKind.Entered);
            if (Address.Index == 0)
            {
                Fill(context);
            }
        }

        public void Remove(in Invalidation what) => _isRemoved = true;

        public long Occupy(long cycles, Cycle now) => cycles;

        public void Stop() => Invariant.Broken("this protocol stops nobody");

        public void Resume(Cycle now) => Invariant.Broken("this protocol stops nobody");

        public override void Save(StateWriter writer) => _responder.Save(writer);

        public override void Load(StateReader reader) => _responder.Load(reader);

        private void Fill(Context context) => Send(new FillMessage(Hot, 0, PageAccess.Write, 0, 0).Pack(), context);

        private void Send(in Message message, Context context) =>
            _fabric.Send(context, Address, VmMonitor.AddressOf(0), 0, message);
    }
}
