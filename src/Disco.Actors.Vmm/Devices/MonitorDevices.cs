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
        Switch = new VirtualSwitch(0, setup, network, fabric, Dma(0, VirtualSwitch.TheSwitch, 0));
        int nodes = fabric.Homes.Nodes;
        Disks = [.. Enumerable.Range(0, setup.Disks.Count).Select(disk => new CowDisk(
            disk, disk % nodes, setup, disks, fabric, Dma(1 + disk, CowDisk.AddressOf(disk), disk % nodes)))];
        Keyboard = new ConsoleMultiplexer(0, setup, fabric);
        fabric.Place(Keyboard.Address, Keyboard.Node);
    }

    public DeviceSetup Setup { get; }

    public VirtualSwitch Switch { get; }

    /// <summary>In the order of the setup.</summary>
    public IReadOnlyList<CowDisk> Disks { get; }

    public ConsoleMultiplexer Keyboard { get; }

    /// <summary>The devices' own caches, for observers; none in the fast fidelity.</summary>
    public IReadOnlyList<CoherentCache> Caches => _caches;

    public IEnumerable<Actor> Actors => [Switch, .. Disks, Keyboard];

    private DmaPort Dma(int agent, Address address, int node)
    {
        if (_lineBytes == 0)
        {
            _fabric.Place(address, node);
            return new FastDma(_memory);
        }
        _fabric.PlaceAgent(FirstAgent + agent, address, node);
        CoherentCache cache = new(FirstAgent + agent, CoherentDma.CacheOf(_lineBytes), _fabric);
        _caches.Add(cache);
        return new CoherentDma(cache, _fabric);
    }
}
