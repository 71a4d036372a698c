using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;
using Disco.Actors.Verification.Observers;
using Disco.Actors.Vmm;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Placement;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Stress.Subjects;

/// <summary>
/// Monitors of virtual machines and memmaps of nodes, with programs in place of guests. Since a CPU that executes may
/// use each of its translations at any moment, all of them must be right after every message.
/// </summary>
internal sealed unsafe class PlacementSubject : Subject
{
    private readonly MachineMemory _bytes;
    private readonly MonitorMemory _memory;
    private readonly PlacementCpu[] _cpus;
    private readonly PlacementDriver _driver;
    private readonly MemoryNode[] _memories;
    private readonly PlacementGhosts _ghosts;

    // Of a shipping policy; few, so that runs of a few moves reach the limit.
    private const int MovesMax = 2;

    private readonly MoveObserver? _moves;

    // A page has another value since all translations were checked.
    private bool _hasWritten;

    // By virtual machine, those that run nowhere.
    private readonly List<ParkedVcpu>[] _parked;

    public PlacementSubject(Shape shape)
    {
        Shape = shape;
        InterconnectConfig interconnect = new() { Topology = TopologyKind.Uma };
        Fabric fabric = new(
            interconnect, new ContiguousPerNode(shape.Nodes, (ulong)shape.FramesPerNode * Page.Bytes));
        for (int cpu = 0; cpu < shape.Cpus; cpu++)
        {
            fabric.Place(Address.Cpu(cpu), cpu % shape.Nodes);
        }
        fabric.Place(PlacementDriver.AddressOf, 0);
        ShootdownConfig shootdown = new()
        {
            Protocol = shape.Protocol,
            SendCycles = 0, ReceiveCycles = 0, InterruptCycles = 0, InvalidateCycles = 0, FlushCycles = 0,
            TickCycles = 1,
            FlushPages = shape.FlushPages,
            QueueActions = shape.QueueActions,
            LazyRecords = shape.LazyRecords,
        };
        MappingConfig mapping = new()
        {
            VmCycles = 0, MemMapCycles = 0, CodeBytesPerNode = 0, EntryBytes = 0, LogEntries = 2,
        };
        _memories = [.. Enumerable.Range(0, shape.Nodes).Select(node => new MemoryNode(node, fabric, 128))];
        _bytes = new MachineMemory(fabric.Homes, _memories);
        VmMemoryPlan[] vms =
            [.. Enumerable.Range(0, shape.Vms).Select(vm => new VmMemoryPlan(vm, vm % shape.Nodes, shape.Pages))];
        _memory = new MonitorMemory(
            fabric, _bytes, 0, vms, CpuSet.Below(shape.Cpus), mapping, shootdown, PolicyOf(shape));
        _parked = [.. vms.Select(_ => new List<ParkedVcpu>())];
        _cpus = [.. Enumerable.Range(0, shape.Cpus).Select(
            cpu => new PlacementCpu(cpu, cpu * shape.Vms / shape.Cpus, shape, shootdown, fabric, this))];
        _moves = shape.Placement == PlacementPolicy.Off ? null : new MoveObserver(MovesMax);
        _driver = new PlacementDriver(fabric, this);
        _ghosts = new PlacementGhosts(shape.Vms * shape.Pages, shape.Cpus);
        Build([.. _memory.Vms, .. _memory.MemMaps, .. _cpus, _driver, .. _memories]);
        EnterAll();
        KeepInitial();
    }

    public override Shape Shape { get; }

    public override bool IsFinished => _driver.IsFinished && Array.TrueForAll(_cpus, cpu => cpu.IsFinished);

    public (int Vm, PhysicalPage Page) PageAt(int index) =>
        (index / Shape.Pages, new PhysicalPage((uint)(index % Shape.Pages)));

    /// <summary>A CPU that has the right writes its page.</summary>
    public void Write(PlacementCpu cpu, int page)
    {
        _hasWritten = true;
        ulong value = _ghosts.NextValue((cpu.Vm * Shape.Pages) + page);
        _bytes.Write(cpu.FrameOf(page).Address, new ReadOnlySpan<byte>(&value, sizeof(ulong)));
    }

    public void BeginRemap(PlacementCpu cpu, int page, int source) =>
        _ghosts.BeginRemap(cpu.Address.Index, (cpu.Vm * Shape.Pages) + page, source);

    public void EndRemap(PlacementCpu cpu) => _ghosts.EndRemap(cpu.Address.Index);

    public void Park(int vm, in ParkedVcpu vcpu) => _parked[vm].Add(vcpu);

    public IReadOnlyList<ParkedVcpu> ParkedOf(int vm) => _parked[vm];

    /// <summary>The one parked last, perhaps by another CPU; then it brings no translations along.</summary>
    public ParkedVcpu Unpark(int vm, int cpu)
    {
        ParkedVcpu vcpu = _parked[vm][^1];
        _parked[vm].RemoveAt(_parked[vm].Count - 1);
        if (vcpu.Cpu == cpu)
        {
            return vcpu;
        }
        Happened(Sometimes.VcpuMoved);
        Array.Clear(vcpu.Translations);
        return vcpu with { Cpu = cpu, Clean = EnterVcpuMessage.NothingCached };
    }

    public override void Received(in Envelope envelope, int target)
    {
        switch (envelope.Target.Role)
        {
            case Role.Vm:
                FollowContents(_memory.Vms[envelope.Target.Index]);
                CheckAll();
                break;
            // A memory may have been told to write a frame.
            case Role.MemMap or Role.Memory:
                CheckAll();
                break;
            case Role.Cpu when !_hasWritten:
                // Its own translations are all that can have changed.
                Check(_cpus[envelope.Target.Index]);
                break;
            case Role.Cpu:
                CheckAll();
                break;
            default:
                // Nothing that a translation leads to has changed.
                break;
        }
    }

    public override void Reported(int actor, in TraceEvent traceEvent) => _moves?.See(traceEvent);

    public override void CheckRest()
    {
        string? broken = MemoryAgreement.Check(_memory);
        Check(broken is null, broken ?? "");
        for (int index = 0; index < Shape.Vms * Shape.Pages; index++)
        {
            PageView view = ViewOf(index);
            foreach (Frame replica in view.Replicas)
            {
                ReadOnlySpan<byte> bytes = new(_bytes.PointerTo(replica.Address), Page.Bytes);
                bool equal = bytes.SequenceEqual(new(_bytes.PointerTo(view.Frame.Address), Page.Bytes));
                Check(equal, "at rest a replica is not what its page is");
            }
            if (view.State != PageState.Empty && ValueOf(view.Frame) != _ghosts.Latest(index))
            {
                Invariant.Broken(
                    $"at rest page {index} is {ValueOf(view.Frame)}; the latest is {_ghosts.Latest(index)}");
            }
        }
    }

    /// <summary>For each CPU, the serial of the write that each read saw.</summary>
    public override string Outcome() => string.Join(" | ", _cpus.Select(cpu =>
        string.Join(' ', cpu.Observed.Values.ToArray().Select(value => value == ulong.MaxValue ? "-" : $"{value}"))));

    public override string Describe(in Message message) =>
        message.Kind == StepKind ? "Step"
        : ShootdownMessage.IsOne(message) ? ShootdownMessage.From(message).ToString()
        : MappingNames.Describe(message);

    // Pages' bytes are written past the messages.
    public override bool IsLocal(in Envelope envelope) => false;

    protected override void Begin(ReadOnlySpan<StressOp> ops)
    {
        foreach (PlacementCpu cpu in _cpus)
        {
            cpu.Ops.Set(ops, cpu.Address.Index, static kind => kind < OpKind.Migrate);
            PostStep(cpu.Address);
        }
        _driver.Ops.Set(ops, 0, static kind => kind >= OpKind.Migrate);
        PostStep(_driver.Address);
    }

    protected override void SaveGhosts(StateWriter writer)
    {
        _ghosts.Save(writer);
        _moves?.Save(writer);
        foreach (List<ParkedVcpu> parked in _parked)
        {
            writer.Write("parked", (ulong)parked.Count);
            foreach (ParkedVcpu vcpu in parked)
            {
                writer.Write("vcpu", vcpu.Number + (vcpu.Cpu << 8));
                writer.Write("clean", vcpu.Clean);
                foreach (Translation translation in vcpu.Translations)
                {
                    writer.Write("translation", PlacementCpu.Pack(translation));
                }
            }
        }
    }

    protected override void LoadGhosts(StateReader reader)
    {
        _ghosts.Load(reader);
        _moves?.Load(reader);
        foreach (List<ParkedVcpu> parked in _parked)
        {
            parked.Clear();
            int count = reader.ReadInt32("parked");
            for (int i = 0; i < count; i++)
            {
                int who = reader.ReadInt32("vcpu");
                ulong clean = reader.ReadUInt64("clean");
                Translation[] translations = new Translation[Shape.Pages];
                for (int page = 0; page < translations.Length; page++)
                {
                    translations[page] = PlacementCpu.Unpack(reader.ReadUInt64("translation"));
                }
                parked.Add(new ParkedVcpu(who & 255, who >> 8, clean, translations));
            }
        }
    }

    internal ulong ValueOf(Frame frame) => *(ulong*)_bytes.PointerTo(frame.Address);

    private PageView ViewOf(int index)
    {
        (int vm, PhysicalPage page) = PageAt(index);
        return _memory.Vms[vm].ViewOf(page);
    }

    /// <summary>
    /// What a page holds changes besides writes in two ways: given back it is zero; remapped it is what its source was
    /// at some moment since that was asked for. Merging changes nothing.
    /// </summary>
    private void FollowContents(VmMonitor vm)
    {
        for (int page = 0; page < Shape.Pages; page++)
        {
            int index = (vm.Vm * Shape.Pages) + page;
            PageView view = ViewOf(index);
            Frame before = _ghosts.FrameOf(index);
            if (before.Exists && !view.Frame.Exists)
            {
                _ghosts.Zero(index);
            }
            else if (view.IsShared && view.Frame != before)
            {
                _ghosts.Adopt(index, ValueOf(view.Frame));
            }
            _ghosts.SetFrame(index, view.Frame);
        }
    }

    private void CheckAll()
    {
        _hasWritten = false;
        foreach (PlacementCpu cpu in _cpus)
        {
            Check(cpu);
        }
    }

    private void Check(PlacementCpu cpu)
    {
        for (int page = 0; cpu.Executes && page < Shape.Pages; page++)
        {
            CheckTranslation(cpu, page);
        }
    }

    private void CheckTranslation(PlacementCpu cpu, int page)
    {
        Frame frame = cpu.FrameOf(page);
        if (!frame.Exists)
        {
            return;
        }
        int index = (cpu.Vm * Shape.Pages) + page;
        FrameUser own = new((ushort)cpu.Vm, new PhysicalPage((uint)page));
        MemMap memMap = _memory.MemMapOf(frame);
        if (!memMap.IsUser(frame, own))
        {
            Invariant.Broken($"{cpu.Address} uses {frame}, given away");
        }
        if (ValueOf(frame) != _ghosts.Latest(index))
        {
            Invariant.Broken(
                $"{cpu.Address} reads {ValueOf(frame)} in page {page}; the latest is {_ghosts.Latest(index)}");
        }
        if (cpu.MayWrite(page))
        {
            Check(memMap.UserCountOf(frame) == 1, "a CPU may write a frame that others use");
            Check(ViewOf(index).Replicas.Count == 0, "a CPU may write a replicated page");
        }
    }

    private static IPagePlacement PolicyOf(Shape shape)
    {
        PlacementConfig config = new()
        {
            Policy = shape.Placement,
            TriggerMisses = 1,
            SharingMisses = 1,
            MovesMax = MovesMax,
            MigrateMoves = MovesMax,
        };
        return config.Create() ?? new Policy();
    }

    private void EnterAll()
    {
        foreach (PlacementCpu cpu in _cpus)
        {
            cpu.Enter(Network.As(cpu.Address));
        }
        while (Network.Ready > 0)
        {
            Network.Deliver(Network.ReadyAt(0));
        }
    }

    /// <summary>Does what the driver asked for; copies go to all nodes.</summary>
    private sealed class Policy : IPagePlacement
    {
        public uint SharingMisses => 0;

        public PageMove Decide(in HotPageView page, ReadOnlySpan<uint> misses) =>
            page.Writes == 1 ? PageMove.Migrate : PageMove.Replicate;
    }
}
