using Disco.Actors.Core;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Vmm.Memory;

/// <summary>The memory side of the monitor on one machine: the memmap of each node, the monitor of each VM.</summary>
public sealed class MonitorMemory
{
    // A page is read and written in a stream; a few lines are enough.
    private const int EngineLines = 16;

    private const int ServiceNode = 0;

    private readonly Fabric _fabric;
    private readonly MappingConfig _config;
    private readonly MachineMemory _memory;

    /// <summary>
    /// Makes the actors. Places them, and the page engines as cache agents from <see cref="MemMap.FirstAgent"/> on, in
    /// the fabric; the CPUs must be placed already.
    /// </summary>
    /// <param name="fabric">Of the machine, with at most 32 nodes.</param>
    /// <param name="memory">Of the machine.</param>
    /// <param name="lineBytes">Of coherence lines; 0 for the fast fidelity, which has none.</param>
    /// <param name="vms">The virtual machines.</param>
    /// <param name="machine">All CPUs.</param>
    /// <param name="config">Costs and bounds.</param>
    /// <param name="shootdown">How translations are removed.</param>
    /// <param name="placement">Moves hot pages; null to leave them.</param>
    /// <param name="merges">Virtual machines of one image; null for none.</param>
    public MonitorMemory(
        Fabric fabric, MachineMemory memory, int lineBytes, IReadOnlyList<VmMemoryPlan> vms, CpuSet machine,
        MappingConfig config, ShootdownConfig shootdown, IPagePlacement? placement = null,
        IReadOnlyList<MergePlan>? merges = null)
    {
        int nodes = fabric.Homes.Nodes;
        _fabric = fabric;
        _config = config;
        _memory = memory;
        Place(fabric, vms);
        MemMaps = [.. Enumerable.Range(0, nodes).Select(
            node => MakeMemMap(node, fabric, memory, config, lineBytes))];
        Vms = [.. vms.Select(vm => new VmMonitor(vm, fabric, config, shootdown, machine) { Placement = placement })];
        foreach (VmMemoryPlan vm in vms)
        {
            ReserveForMonitor(vm.Node, (long)vm.Pages * config.EntryBytes);
        }
        if (config.LowPermille > 0)
        {
            Reclaimer = new Reclaimer(ServiceNode, vms, nodes, fabric, config);
        }
        Merger = MakeMerger(merges ?? [], fabric, config);
    }

    /// <summary>One per node.</summary>
    public IReadOnlyList<MemMap> MemMaps { get; }

    /// <summary>Asks guests for memory when it is short; null when that is off.</summary>
    public Reclaimer? Reclaimer { get; }

    /// <summary>Merges equal pages; null when that is off, or no two virtual machines have one image.</summary>
    public Merger? Merger { get; }

    /// <summary>All of them.</summary>
    public IEnumerable<Actor> Actors => MemMaps.Concat<Actor?>(Vms).Append(Reclaimer).Append(Merger).OfType<Actor>();

    /// <summary>In the order of their plans.</summary>
    public IReadOnlyList<VmMonitor> Vms { get; }

    /// <summary>Places the actors without making them.</summary>
    internal static void Place(Fabric fabric, IReadOnlyList<VmMemoryPlan> vms)
    {
        int nodes = fabric.Homes.Nodes;
        Invariant.Holds(nodes <= Fabric.AgentsMax - MemMap.FirstAgent);
        for (int node = 0; node < nodes; node++)
        {
            fabric.PlaceAgent(MemMap.AgentOf(node), MemMap.AddressOf(node), node);
        }
        fabric.Place(Reclaimer.ReclaimerAddress, ServiceNode);
        fabric.Place(Merger.MergerAddress, ServiceNode);
        foreach (VmMemoryPlan vm in vms)
        {
            fabric.Place(VmMonitor.AddressOf(vm.Vm), vm.Node);
        }
    }

    /// <summary>The memmap that has a frame.</summary>
    public MemMap MemMapOf(Frame frame) => MemMaps[_fabric.Homes.HomeOf(frame.Address).Value];

    /// <summary>
    /// Gives a page a frame and its first contents before the run, on a node or, when that is full, on the next with
    /// free frames.
    /// </summary>
    /// <param name="vm">Of <see cref="Vms"/>.</param>
    /// <param name="page">Without a frame as yet.</param>
    /// <param name="contents">At most a page; the rest is zero.</param>
    /// <param name="pageClass">What the page is used for.</param>
    /// <param name="node">Where it should be.</param>
    /// <returns>False when the machine has no free frame.</returns>
    public bool TryPlace(
        VmMonitor vm, PhysicalPage page, ReadOnlySpan<byte> contents, PageClass pageClass, int node) =>
        TryPlace(vm, page, contents, pageClass, node, isShared: false, out _);

    /// <summary>
    /// The same for a page of an image that several virtual machines boot from: all use one frame, until one writes.
    /// [Disco 4.2.4, 5.3]
    /// </summary>
    /// <param name="vm">Of <see cref="Vms"/>.</param>
    /// <param name="page">Without a frame as yet.</param>
    /// <param name="contents">At most a page; the same for all.</param>
    /// <param name="node">Where the frame should be.</param>
    /// <param name="frame">The frame of those before, none for the first; then the frame.</param>
    public bool TryPlaceText(
        VmMonitor vm, PhysicalPage page, ReadOnlySpan<byte> contents, int node, ref Frame frame)
    {
        if (!frame.Exists)
        {
            return TryPlace(vm, page, contents, PageClass.Text, node, isShared: true, out frame);
        }
        Frame known = frame;
        MemMaps.First(memMap => memMap.HasFrame(known)).AddUser(known, new FrameUser((ushort)vm.Vm, page));
        vm.Place(page, known, PageClass.Text, isShared: true);
        return true;
    }

    internal static Merger? MakeMerger(IReadOnlyList<MergePlan> merges, Fabric fabric, MappingConfig config) =>
        config.MergeCycles > 0 && merges.Count > 0
            ? new Merger(ServiceNode, merges, config.MergeCycles, fabric)
            : null;

    internal static MemMap MakeMemMap(
        int node, Fabric fabric, MachineMemory? memory, MappingConfig config, int lineBytes)
    {
        PageEngine engine;
        if (lineBytes == 0)
        {
            engine = new FastPageEngine(memory!, config.FastPageCycles);
        }
        else
        {
            CacheConfig shape = new() { Second = new CacheShape(EngineLines * lineBytes, 4, lineBytes) };
            engine = new CoherentPageEngine(new CoherentCache(MemMap.AgentOf(node), shape, fabric));
        }
        MemMap memMap = new(node, fabric, config, engine);
        Reserve(memMap, config.CodeBytesPerNode + ((long)memMap.Frames * config.EntryBytes));
        return memMap;
    }

    private bool TryPlace(
        VmMonitor vm, PhysicalPage page, ReadOnlySpan<byte> contents, PageClass pageClass, int node, bool isShared,
        out Frame frame)
    {
        FrameUser user = new((ushort)vm.Vm, page);
        for (int i = 0; i < MemMaps.Count; i++)
        {
            int candidate = (node + i) % MemMaps.Count;
            frame = vm.Nodes.Contains(candidate) ? MemMaps[candidate].Reserve(user, pageClass) : Frame.None;
            if (frame.Exists)
            {
                vm.Place(page, frame, pageClass, isShared);
                _memory.Write(frame.Address, contents);
                return true;
            }
        }
        frame = Frame.None;
        return false;
    }

    private void ReserveForMonitor(int node, long bytes) => Reserve(MemMaps[node], bytes);

    /// <summary>The monitor's own frames, so that the account of memory has them.</summary>
    private static void Reserve(MemMap memMap, long bytes)
    {
        FrameUser monitor = new(FrameUser.Monitor, default);
        for (long left = bytes; left > 0; left -= Page.Bytes)
        {
            memMap.Reserve(monitor, PageClass.Monitor);
        }
    }
}
