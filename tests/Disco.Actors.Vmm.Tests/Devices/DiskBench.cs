using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Devices.Virtio;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;
using Disco.Actors.Vmm.Devices;

namespace Disco.Actors.Vmm.Tests.Devices;

/// <summary>
/// Disks, one driver CPU for each VM, and stand-ins for what holds the VMs' memory. Block k of a VM lies at
/// 0x1000 + k * 0x100; its pages from <see cref="DataPage"/> on are for data.
/// </summary>
internal sealed class DiskBench
{
    public const int VmPages = 160;
    public const int DataPage = 32;

    private const int LineBytes = 128;

    private readonly Dictionary<int, int> _blocks = [];
    private readonly InterconnectConfig _interconnect = new() { Topology = TopologyKind.Ring };

    /// <param name="setup">Disks and virtual machines.</param>
    /// <param name="config">Of the disks.</param>
    /// <param name="nodes">Nodes.</param>
    /// <param name="frames">Frames of all nodes.</param>
    /// <param name="more">Further actors, which are placed by it.</param>
    public DiskBench(
        DeviceSetup setup, DiskConfig? config = null, int nodes = 2, int frames = 2048,
        Func<Fabric, MachineMemory, Actor[]>? more = null)
    {
        Setup = setup;
        ulong nodeBytes = (ulong)(frames / nodes) * Page.Bytes;
        Fabric = new Fabric(_interconnect, new ContiguousPerNode(nodes, nodeBytes));
        MemoryNode[] memories = [.. Enumerable.Range(0, nodes).Select(node => new MemoryNode(node, Fabric, LineBytes))];
        Ledger = new FrameLedger(new MachineMemory(Fabric.Homes, memories), frames);
        TestMemMap[] memMaps = [.. Enumerable.Range(0, nodes).Select(node => new TestMemMap(node, Fabric, Ledger))];
        Array.ForEach(memMaps, memMap => Fabric.Place(memMap.Address, memMap.Node));
        Vms = [.. setup.Vms.Select(vm => new TestMonitor(vm.Vm, vm.Vm % nodes, VmPages, Fabric, Ledger))];
        Cpus = [.. setup.Vms.Select(vm => new CallerCpu(vm.Vm, vm.Vm % nodes, Fabric))];
        Array.ForEach(Cpus, cpu => Fabric.PlaceAgent(cpu.Address.Index, cpu.Address, cpu.Node));
        Disks = [.. Enumerable.Range(0, setup.Disks.Count).Select(disk => new CowDisk(
            disk, disk % nodes, setup, config ?? new DiskConfig(), Fabric, new FastDma(Ledger.Memory)))];
        Array.ForEach(Disks, disk => Fabric.Place(disk.Address, disk.Node));
        World = new World(
            [
                .. memories, .. memMaps, .. Vms, .. Cpus, .. Disks, .. more?.Invoke(Fabric, Ledger.Memory) ?? [],
                .. Enumerable.Range(0, nodes).Select(node => new NetworkActor(node, Fabric)),
            ],
            _interconnect.Lookahead, new MachineMessageNames());
    }

    public DeviceSetup Setup { get; }

    public Fabric Fabric { get; }

    public FrameLedger Ledger { get; }

    public TestMonitor[] Vms { get; }

    public CallerCpu[] Cpus { get; }

    public CowDisk[] Disks { get; }

    public World World { get; }

    /// <summary>A setup of VMs that share disk 0.</summary>
    public static DeviceSetup Sharing(int vms, byte[] image, bool bigEndian = false) => new(
        [new DiskSpec("root", image, Persistent: false)],
        [.. Enumerable.Range(0, vms).Select(vm => new VmAttachments(vm, $"vm{vm}")
        {
            Pages = VmPages,
            Disks = [0],
            BigEndian = bigEndian,
            Interrupts = new Address(Role.Vm, (ushort)vm),
        })]);

    /// <summary>Bytes that tell where they come from.</summary>
    public static byte[] Image(int sectors) =>
        [.. Enumerable.Range(0, sectors * DiskSpec.SectorBytes).Select(i => (byte)(i ^ (i >> 8) ^ (i >> 15)))];

    /// <summary>Plans a request; its block is put into the VM's memory at once.</summary>
    public ulong Request(int vm, bool write, long sector, long sectors, params ulong[] addresses) =>
        Block(vm, [0, write ? 1UL : 0, (ulong)sector, (ulong)sectors, (ulong)addresses.Length, .. addresses]);

    /// <summary>Plans a call with any block.</summary>
    public ulong Block(int vm, ulong[] words)
    {
        int number = _blocks.GetValueOrDefault(vm);
        _blocks[vm] = number + 1;
        ulong at = 0x1000 + ((ulong)number * 0x100);
        byte[] bytes = new byte[words.Length * sizeof(ulong)];
        for (int i = 0; i < words.Length; i++)
        {
            Guest.Write(bytes, i, words[i], Setup.Vms[vm].BigEndian);
        }
        Vms[vm].Write(at, bytes);
        Call(vm, at);
        return at;
    }

    public void Call(int vm, ulong block) =>
        Cpus[vm].Plan.Add(new PlannedCall(vm, DeviceKind.DiskCall, Setup.DiskCallsOf(vm)!.Value, block));

    public Engine Start(int threads = 1, ulong seed = 1)
    {
        EngineOptions options = new() { Seed = seed, Threads = threads };
        Engine engine = threads == 1 ? new DeterministicEngine(World, options) : new ParallelEngine(World, options);
        foreach (CallerCpu cpu in Cpus)
        {
            engine.Post(new Address(Role.Outside, 0), cpu.Address, default, new Cycle(1));
        }
        return engine;
    }

    public void Run() => Start().Run(new Cycle(1L << 40));

    /// <summary>The address of a data page.</summary>
    public static ulong Data(int page) => (ulong)(DataPage + page) * Page.Bytes;
}
