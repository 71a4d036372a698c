using Disco.Actors.Core;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Devices.Virtio;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;
using Disco.Actors.Vmm.Devices.Forwarding;

namespace Disco.Actors.Vmm.Devices;

/// <summary>The virtual devices of one machine: its disks, the subnet, the keyboard.</summary>
public sealed class MonitorDevices
{
    /// <summary>The cache agents from this number on belong to the switch and the disks.</summary>
    public const int FirstAgent = 80;

    private readonly List<CoherentCache> _caches = [];
    private readonly List<Actor> _virtio = [];
    private readonly Fabric _fabric;
    private readonly MachineMemory _memory;
    private readonly int _lineBytes;

    /// <summary>
    /// Makes the actors and places them in the fabric, disks as
    /// <see cref="DeviceSetup.NodeOf"/> says. The CPUs must be placed already.
    /// </summary>
    /// <param name="fabric">Of the machine.</param>
    /// <param name="memory">Of the machine.</param>
    /// <param name="lineBytes">Of coherence lines; 0 for the fast fidelity, which has none.</param>
    /// <param name="setup">Without problems, with at least one VM and at most 15 disks.</param>
    /// <param name="disks">Costs and bounds of disks.</param>
    /// <param name="network">Costs and bounds of the subnet.</param>
    public MonitorDevices(
        Fabric fabric, MachineMemory memory, int lineBytes, DeviceSetup setup, DiskConfig disks, SwitchConfig network)
    {
        Invariant.Holds(setup.Problems().Count == 0);
        Invariant.Holds(setup.Disks.Count < Memory.MemMap.FirstAgent - FirstAgent);
        _fabric = fabric;
        _memory = memory;
        _lineBytes = lineBytes;
        Setup = setup;
        Place(fabric, setup, lineBytes);
        Switch = new VirtualSwitch(0, setup, network, fabric, Dma(0));
        int nodes = fabric.Homes.Nodes;
        Disks = [.. Enumerable.Range(0, setup.Disks.Count).Select(disk => new CowDisk(
            disk, setup.NodeOf(disk, nodes), setup, disks, fabric, Dma(1 + disk)))];
        Keyboard = new ConsoleMultiplexer(0, setup, fabric);
        foreach (int node in EngineNodes(setup))
        {
            _virtio.Add(new DmaEngine(node, node, fabric, DmaOf(EngineAgent(node))));
        }
        if (Interfaces(setup) is { Count: > 0 } vms)
        {
            Frames = new FrameSwitch(0, [.. vms, FrameGateway.Plug], fabric);
            _virtio.Add(Frames);
            _virtio.Add(new FrameGateway(0, fabric));
        }
    }

    public DeviceSetup Setup { get; }

    public VirtualSwitch Switch { get; }

    /// <summary>In the order of the setup.</summary>
    public IReadOnlyList<CowDisk> Disks { get; }

    public ConsoleMultiplexer Keyboard { get; }

    /// <summary>The devices' own caches, for observers; none in the fast fidelity.</summary>
    public IReadOnlyList<CoherentCache> Caches => _caches;

    public IEnumerable<Actor> Actors => [Switch, .. Disks, Keyboard, .. _virtio];

    /// <summary>Ethernet frames that virtual machines sent each other, and bytes of them.</summary>
    public (long Frames, long Bytes) Ethernet => (Frames?.Frames ?? 0, Frames?.Bytes ?? 0);

    /// <summary>Null on a machine without virtio network interfaces.</summary>
    internal FrameSwitch? Frames { get; }

    /// <summary>Places all and makes one; null when it is none of them.</summary>
    internal static Actor? MakeAlone(
        Fabric fabric, int lineBytes, DeviceSetup setup, DiskConfig disks, SwitchConfig network, Address actor)
    {
        Place(fabric, setup, lineBytes);
        int disk = actor.Index;
        if (actor == VirtualSwitch.TheSwitch)
        {
            return new VirtualSwitch(0, setup, network, fabric, CoherentDma(fabric, lineBytes, 0));
        }
        if (actor == ConsoleMultiplexer.TheKeyboard)
        {
            return new ConsoleMultiplexer(0, setup, fabric);
        }
        if (actor == FrameSwitch.TheSwitch && Interfaces(setup) is { Count: > 0 } vms)
        {
            return new FrameSwitch(0, [.. vms, FrameGateway.Plug], fabric);
        }
        if (actor == FrameGateway.TheGateway && Interfaces(setup).Count > 0)
        {
            return new FrameGateway(0, fabric);
        }
        foreach (int node in EngineNodes(setup).Where(node => actor == DmaEngine.AddressOf(node)))
        {
            return new DmaEngine(node, node, fabric, PortOf(fabric, lineBytes, EngineAgent(node)));
        }
        return disk < setup.Disks.Count && actor == CowDisk.AddressOf(disk)
            ? new CowDisk(
                disk, setup.NodeOf(disk, fabric.Homes.Nodes), setup, disks, fabric,
                CoherentDma(fabric, lineBytes, 1 + disk))
            : null;
    }

    private static void Place(Fabric fabric, DeviceSetup setup, int lineBytes)
    {
        PlaceOne(fabric, lineBytes, FirstAgent, VirtualSwitch.TheSwitch, 0);
        for (int disk = 0; disk < setup.Disks.Count; disk++)
        {
            PlaceOne(
                fabric, lineBytes, FirstAgent + 1 + disk, CowDisk.AddressOf(disk),
                setup.NodeOf(disk, fabric.Homes.Nodes));
        }
        fabric.Place(ConsoleMultiplexer.TheKeyboard, 0);
        foreach (int node in EngineNodes(setup))
        {
            PlaceOne(fabric, lineBytes, EngineAgent(node), DmaEngine.AddressOf(node), node);
        }
        if (Interfaces(setup).Count > 0)
        {
            fabric.Place(FrameSwitch.TheSwitch, 0);
            fabric.Place(FrameGateway.TheGateway, 0);
        }
    }

    // Nodes that have a DMA engine: one whose number is that of an engine, for each node with virtio devices.
    private static int[] EngineNodes(DeviceSetup setup) =>
    [
        .. setup.Vms.Where(vm => vm.VirtioNode is not null).Select(vm => vm.VirtioNode!.Value % DmaEngine.EnginesMax)
            .Distinct().Order(),
    ];

    private static List<int> Interfaces(DeviceSetup setup) =>
        [.. setup.Vms.Where(vm => vm.HasInterface).Select(vm => vm.Vm)];

    // Devices of a real board, whose agents these are, are not there under a monitor.
    private static int EngineAgent(int node) => BoardAddresses.FirstDeviceAgent + node;

    private static void PlaceOne(Fabric fabric, int lineBytes, int agent, Address address, int node)
    {
        if (lineBytes == 0)
        {
            fabric.Place(address, node);
        }
        else
        {
            fabric.PlaceAgent(agent, address, node);
        }
    }

    private static CoherentDma CoherentDma(Fabric fabric, int lineBytes, int number) =>
        PortOf(fabric, lineBytes, FirstAgent + number);

    private static CoherentDma PortOf(Fabric fabric, int lineBytes, int agent) =>
        new(Cache(fabric, lineBytes, agent), fabric);

    private static CoherentCache Cache(Fabric fabric, int lineBytes, int agent) =>
        new(agent, Machine.Devices.Virtio.CoherentDma.CacheOf(lineBytes), fabric);

    private DmaPort Dma(int number) => DmaOf(FirstAgent + number);

    private DmaPort DmaOf(int agent)
    {
        if (_lineBytes == 0)
        {
            return new FastDma(_memory);
        }
        _caches.Add(Cache(_fabric, _lineBytes, agent));
        return new CoherentDma(_caches[^1], _fabric);
    }
}
