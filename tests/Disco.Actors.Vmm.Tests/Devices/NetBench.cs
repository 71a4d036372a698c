using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Devices.Virtio;
using Disco.Actors.Machine.Directory;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;
using Disco.Actors.Vmm.Devices;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Vmm.Tests.Devices;

/// <summary>
/// A switch and a shared disk over the real monitors and memmaps; a driver CPU makes the calls of each VM. Coherent, or
/// with memory that tests can read at once. Block k of a VM lies at 0x1000 + k * 0x400.
/// </summary>
internal sealed class NetBench
{
    private const int LineBytes = 128;

    private readonly int[] _blocks;
    private readonly MachineMemory _memory;
    private readonly InterconnectConfig _interconnect = new() { Topology = TopologyKind.Ring };

    public NetBench(
        int vms, int pages, bool coherent = false, int nodes = 2, SwitchConfig? config = null, byte[]? image = null,
        Func<int, NodeSet>? nodesOf = null)
    {
        nodesOf ??= _ => NodeSet.Below(nodes);
        _blocks = new int[vms];
        ulong nodeBytes = (ulong)(((vms * pages) / nodes) + 512) * Page.Bytes;
        Fabric = new Fabric(_interconnect, new ContiguousPerNode(nodes, nodeBytes));
        MemoryNode[] memories = [.. Enumerable.Range(0, nodes).Select(node => new MemoryNode(node, Fabric, LineBytes))];
        _memory = new MachineMemory(Fabric.Homes, memories);
        Setup = new DeviceSetup(
            [new DiskSpec("root", image ?? [], Persistent: false)],
            [.. Enumerable.Range(0, vms).Select(vm => new VmAttachments(vm, $"vm{vm}")
            {
                Pages = (uint)pages,
                Disks = [0],
                Interrupts = new Address(Role.Driver, (ushort)vm),
                Nodes = nodesOf(vm),
            })]);
        Cpus = [.. Enumerable.Range(0, vms).Select(vm => new CallerCpu(vm, vm % nodes, Fabric))];
        Array.ForEach(Cpus, cpu => Fabric.PlaceAgent(cpu.Address.Index, cpu.Address, cpu.Node));
        Lines = [.. Enumerable.Range(0, vms).Select(vm => new LineSink(vm, Fabric))];
        Monitor = new MonitorMemory(
            Fabric, _memory, coherent ? LineBytes : 0,
            [.. Enumerable.Range(0, vms).Select(vm => new VmMemoryPlan(vm, vm % nodes, pages)
            {
                Nodes = nodesOf(vm),
            })],
            CpuSet.Below(vms), new MappingConfig { CodeBytesPerNode = 0 }, new ShootdownConfig());
        Switch = new VirtualSwitch(
            0, Setup, config ?? new SwitchConfig(), Fabric, Dma(64, VirtualSwitch.TheSwitch, 0, coherent));
        Disk = new CowDisk(
            0, nodes - 1, Setup, new DiskConfig(), Fabric, Dma(65, CowDisk.AddressOf(0), nodes - 1, coherent));
        DirectoryController[] directories = coherent
            ? [.. Enumerable.Range(0, nodes).Select(node => new DirectoryController(node, Fabric, LineBytes))]
            : [];
        World = new World(
            [
                .. memories, .. directories, .. Monitor.MemMaps, .. Monitor.Vms, .. Cpus, .. Lines, Switch, Disk,
                .. Enumerable.Range(0, nodes).Select(node => new NetworkActor(node, Fabric)),
            ],
            _interconnect.Lookahead, new MachineMessageNames());
    }

    public DeviceSetup Setup { get; }

    public Fabric Fabric { get; }

    public CallerCpu[] Cpus { get; }

    public LineSink[] Lines { get; }

    public MonitorMemory Monitor { get; }

    public VirtualSwitch Switch { get; }

    public CowDisk Disk { get; }

    public World World { get; }

    /// <summary>Frames nobody uses, on all nodes.</summary>
    public int FreeFrames => Monitor.MemMaps.Sum(memMap => memMap.FreeFrames);

    /// <summary>Has a VM's devices let go of it at a cycle, and then its memory given back.</summary>
    public static void End(Engine engine, int vm, Cycle at) =>
        engine.Post(new Address(Role.Outside, 0), new Address(Role.Driver, (ushort)vm), default, at);

    /// <summary>What left by the gateway, in order.</summary>
    public List<byte> Outside { get; } = [];

    /// <summary>Fills memory of a VM before the run.</summary>
    public void Write(int vm, ulong physical, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            PhysicalPage page = PhysicalPage.Of(physical);
            int within = (int)(physical % Page.Bytes);
            int length = Math.Min(bytes.Length, Page.Bytes - within);
            VmMonitor monitor = Monitor.Vms[vm];
            if (!monitor.ViewOf(page).Frame.Exists)
            {
                Invariant.Holds(Monitor.TryPlace(monitor, page, [], PageClass.Data, monitor.Node));
            }
            ulong at = monitor.ViewOf(page).Frame.Address.Value + (ulong)within;
            _memory.Write(new MachineAddress(at), bytes[..length]);
            physical += (ulong)length;
            bytes = bytes[length..];
        }
    }

    /// <summary>What the guest would read; not on a coherent bench, where caches may hold newer bytes.</summary>
    public byte[] Read(int vm, ulong physical, int bytes)
    {
        byte[] read = new byte[bytes];
        for (int done = 0; done < bytes;)
        {
            int within = (int)((physical + (ulong)done) % Page.Bytes);
            int length = Math.Min(bytes - done, Page.Bytes - within);
            Frame frame = Monitor.Vms[vm].ViewOf(PhysicalPage.Of(physical + (ulong)done)).Frame;
            if (frame.Exists)
            {
                _memory.Read(new MachineAddress(frame.Address.Value + (ulong)within), read.AsSpan(done, length));
            }
            done += length;
        }
        return read;
    }

    /// <summary>Where the frame of a guest's page is.</summary>
    public int NodeOf(int vm, ulong physical) =>
        Fabric.Homes.HomeOf(Monitor.Vms[vm].ViewOf(PhysicalPage.Of(physical)).Frame.Address).Value;

    /// <summary>A doubleword of guest memory.</summary>
    public ulong Word(int vm, ulong physical) => Guest.Read(Read(vm, physical, sizeof(ulong)), 0, false);

    public ulong Send(int vm, ulong destination, params (ulong Address, ulong Bytes)[] fragments) =>
        Block(vm, DeviceKind.NetSend, 0,
            [destination, (ulong)fragments.Length, .. fragments.SelectMany(f => (ulong[])[f.Address, f.Bytes])]);

    /// <summary>Posts a buffer of one stretch of pages.</summary>
    public ulong Post(int vm, ulong address, ulong pages, ulong fragmentsMax = 8) =>
        Block(vm, DeviceKind.NetReceive, (int)fragmentsMax * 2, [1, fragmentsMax, 0, 0, 0, 0, address, pages]);

    /// <summary>Plans a call with a block, which is put into memory at once.</summary>
    public ulong Block(int vm, DeviceKind kind, int room, ulong[] words)
    {
        ulong at = 0x1000 + ((ulong)_blocks[vm]++ * 0x400);
        byte[] bytes = new byte[(words.Length + room) * sizeof(ulong)];
        for (int i = 0; i < words.Length; i++)
        {
            Guest.Write(bytes, i, words[i], false);
        }
        Write(vm, at, bytes);
        Call(vm, kind, at);
        return at;
    }

    public void Call(int vm, DeviceKind kind, ulong block) => Cpus[vm].Plan.Add(new PlannedCall(
        vm, kind, kind == DeviceKind.DiskCall ? Setup.DiskCallsOf(vm)!.Value : VirtualSwitch.TheSwitch, block));

    /// <summary>An engine with the first call of each VM under way, a VM after the other.</summary>
    public Engine Start(int threads = 1, ulong seed = 1)
    {
        EngineOptions options = new() { Seed = seed, Threads = threads };
        Engine engine = threads == 1 ? new DeterministicEngine(World, options) : new ParallelEngine(World, options);
        engine.OnOutput = (_, _, bytes) => Outside.AddRange(bytes);
        Go(engine);
        return engine;
    }

    /// <summary>
    /// Lets the CPUs make the calls that are planned, VM 0 last: what receives is posted before what is sent.
    /// </summary>
    public void Go(Engine engine)
    {
        for (int vm = 0; vm < Cpus.Length; vm++)
        {
            long at = engine.Now.Value + 1 + ((Cpus.Length - 1 - vm) * 100_000);
            engine.Post(new Address(Role.Outside, 0), Cpus[vm].Address, default, new Cycle(at));
        }
    }

    public Engine Run()
    {
        Engine engine = Start();
        engine.Run(new Cycle(1L << 40));
        return engine;
    }

    private DmaPort Dma(int agent, Address address, int node, bool coherent)
    {
        Fabric.PlaceAgent(agent, address, node);
        return coherent
            ? new CoherentDma(new CoherentCache(agent, CoherentDma.CacheOf(LineBytes), Fabric), Fabric)
            : new FastDma(_memory);
    }
}

/// <summary>
/// Stands for a VM's interrupt controller, and for who ends it: on a message without kind it has the devices forget the
/// VM, and then its memory given back.
/// </summary>
internal sealed class LineSink : Actor
{
    private readonly int _vm;
    private readonly Fabric _fabric;

    public LineSink(int vm, Fabric fabric)
        : base(new Address(Role.Driver, (ushort)vm), 0)
    {
        _vm = vm;
        _fabric = fabric;
        fabric.Place(Address, Node);
    }

    /// <summary>All memory of the VM has been given back.</summary>
    public bool TornDown { get; private set; }

    /// <summary>Levels of the lines, as told last.</summary>
    public SortedDictionary<ulong, bool> Levels { get; } = [];

    public int Detached { get; private set; }

    public override void Receive(in Envelope envelope, Context context)
    {
        if (envelope.Message.Kind == (ushort)InterruptKind.LineLevel)
        {
            Levels[envelope.Message.A] = envelope.Message.B != 0;
        }
        else if (envelope.Message.Kind == 0)
        {
            Message detach = new() { Kind = (ushort)DeviceKind.Detach, A = (ulong)_vm };
            _fabric.Send(context, Address, VirtualSwitch.TheSwitch, 0, detach);
            _fabric.Send(context, Address, CowDisk.AddressOf(0), 0, detach);
        }
        else if (envelope.Message.Kind == (ushort)DeviceKind.Detached)
        {
            Detached++;
            if (Detached == 2)
            {
                _fabric.Send(
                    context, Address, VmMonitor.AddressOf(_vm), 0,
                    new TeardownMessage(MappingKind.Teardown, _vm).Pack());
            }
        }
        else
        {
            Invariant.Holds(envelope.Message.Kind == (ushort)MappingKind.TornDown);
            TornDown = true;
        }
    }

    public override void Save(StateWriter writer)
    {
        writer.Write("levels", Levels.Count);
        foreach ((ulong line, bool level) in Levels)
        {
            writer.Write("line", line);
            writer.Write("level", level);
        }
        writer.Write("detached", Detached);
        writer.Write("tornDown", TornDown);
    }

    public override void Load(StateReader reader)
    {
        Levels.Clear();
        for (int left = reader.ReadInt32("levels"); left > 0; left--)
        {
            ulong line = reader.ReadUInt64("line");
            Levels.Add(line, reader.ReadBool("level"));
        }
        Detached = reader.ReadInt32("detached");
        TornDown = reader.ReadBool("tornDown");
    }
}
