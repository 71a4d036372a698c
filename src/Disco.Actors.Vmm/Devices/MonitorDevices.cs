using Disco.Actors.Core;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Devices.Virtio;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;

namespace Disco.Actors.Vmm.Devices;

/// <summary>The virtual devices of one machine: its disks, the subnet, the keyboard.</summary>
public sealed class MonitorDevices
{
    /// <summary>The cache agents from this number on belong to the switch and the disks.</summary>
    public const int FirstAgent = 80;

    private readonly List<CoherentCache> _caches = [];
    private readonly Fabric _fabric;
    private readonly MachineMemory _memory;
    private readonly int _lineBytes;

    /// <summary>
    /// Makes the actors and places them in the fabric, disks in turn on all nodes. The CPUs must be placed already.
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
        Place(fabric, setup.Disks.Count, lineBytes);
        Switch = new VirtualSwitch(0, setup, network, fabric, Dma(0));
        int nodes = fabric.Homes.Nodes;
        Disks = [.. Enumerable.Range(0, setup.Disks.Count).Select(disk => new CowDisk(
            disk, disk % nodes, setup, disks, fabric, Dma(1 + disk)))];
        Keyboard = new ConsoleMultiplexer(0, setup, fabric);
    }

    public DeviceSetup Setup { get; }

    public VirtualSwitch Switch { get; }

    /// <summary>In the order of the setup.</summary>
    public IReadOnlyList<CowDisk> Disks { get; }

    public ConsoleMultiplexer Keyboard { get; }

    /// <summary>The devices' own caches, for observers; none in the fast fidelity.</summary>
    public IReadOnlyList<CoherentCache> Caches => _caches;

    public IEnumerable<Actor> Actors => [Switch, .. Disks, Keyboard];

    /// <summary>Places all and makes one; null when it is none of them.</summary>
    internal static Actor? MakeAlone(
        Fabric fabric, int lineBytes, DeviceSetup setup, DiskConfig disks, SwitchConfig network, Address actor)
    {
        Place(fabric, setup.Disks.Count, lineBytes);
        int disk = actor.Index;
        if (actor == VirtualSwitch.TheSwitch)
        {
            return new VirtualSwitch(0, setup, network, fabric, CoherentDma(fabric, lineBytes, 0));
        }
        if (actor == ConsoleMultiplexer.TheKeyboard)
        {
            return new ConsoleMultiplexer(0, setup, fabric);
        }
        return disk < setup.Disks.Count && actor == CowDisk.AddressOf(disk)
            ? new CowDisk(
                disk, disk % fabric.Homes.Nodes, setup, disks, fabric, CoherentDma(fabric, lineBytes, 1 + disk))
            : null;
    }

    private static void Place(Fabric fabric, int disks, int lineBytes)
    {
        PlaceOne(fabric, lineBytes, 0, VirtualSwitch.TheSwitch, 0);
        for (int disk = 0; disk < disks; disk++)
        {
            PlaceOne(fabric, lineBytes, 1 + disk, CowDisk.AddressOf(disk), disk % fabric.Homes.Nodes);
        }
        fabric.Place(ConsoleMultiplexer.TheKeyboard, 0);
    }

    private static void PlaceOne(Fabric fabric, int lineBytes, int agent, Address address, int node)
    {
        if (lineBytes == 0)
        {
            fabric.Place(address, node);
        }
        else
        {
            fabric.PlaceAgent(FirstAgent + agent, address, node);
        }
    }

    private static CoherentDma CoherentDma(Fabric fabric, int lineBytes, int agent) =>
        new(Cache(fabric, lineBytes, agent), fabric);

    private static CoherentCache Cache(Fabric fabric, int lineBytes, int agent) =>
        new(FirstAgent + agent, Machine.Devices.Virtio.CoherentDma.CacheOf(lineBytes), fabric);

    private DmaPort Dma(int agent)
    {
        if (_lineBytes == 0)
        {
            return new FastDma(_memory);
        }
        _caches.Add(Cache(_fabric, _lineBytes, agent));
        return new CoherentDma(_caches[^1], _fabric);
    }
}
