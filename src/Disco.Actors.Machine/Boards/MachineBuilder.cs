using Disco.Actors.Core;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Cpus;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Devices.Gic;
using Disco.Actors.Machine.Devices.Operator;
using Disco.Actors.Machine.Devices.Virtio;
using Disco.Actors.Machine.Directory;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;
using Disco.Actors.Machine.Mips;

namespace Disco.Actors.Machine.Boards;

/// <summary>
/// Puts a machine together from its description, and a guest into its memory. No behaviour of its own.
/// </summary>
public sealed partial class MachineBuilder
{
    // A message in the fast fidelity takes this long, and a CPU runs about so long at a stretch.
    private const long FastBusCycles = 1000;

    private const int DeviceNode = 0;

    private readonly BoardConfig _config;
    private readonly Fabric _fabric;
    private readonly List<Actor> _actors = [];
    private readonly List<DeviceRange> _ranges = [];

    // Virtio slots in use.
    private int _slots;

    private MachineBuilder(BoardConfig config)
    {
        _config = config;
        InterconnectConfig interconnect = config.Fidelity == Fidelity.Coherent
            ? config.ToInterconnect()
            : new InterconnectConfig { Topology = TopologyKind.Uma, BusCycles = FastBusCycles };
        _fabric = new Fabric(interconnect, config.ToHomes());
        for (int cpu = 0; cpu < config.Cpus; cpu++)
        {
            _fabric.PlaceAgent(cpu, Address.Cpu(cpu), config.NodeOf(cpu));
        }
    }

    private bool IsCoherent => _config.Fidelity == Fidelity.Coherent;

    /// <summary>
    /// Builds and loads. Errors: <see cref="BoardException"/> with one sentence when the board cannot be built or the
    /// guest does not fit it.
    /// </summary>
    /// <param name="config">The board.</param>
    /// <param name="image">The guest.</param>
    /// <param name="bootArguments">Its command line.</param>
    /// <param name="disk">The contents of a disk, never written; null for a machine without.</param>
    public static Multiprocessor Build(
        BoardConfig config, ElfImage image, string bootArguments = "", ReadOnlyMemory<byte>? disk = null) =>
        Build(config, new GuestSetup(image) { BootArguments = bootArguments, Disk = disk });

    /// <summary>The same for a guest that comes with more than an image.</summary>
    public static Multiprocessor Build(BoardConfig config, GuestSetup setup)
    {
        if (config.Problems() is [string first, ..])
        {
            throw new BoardException(first);
        }
        return new MachineBuilder(config).AssembleGuest(setup);
    }

    /// <summary>
    /// Builds a machine without devices of its own, which a monitor takes over. Errors: as
    /// <see cref="Build(BoardConfig, GuestSetup)"/>.
    /// </summary>
    /// <param name="config">The board.</param>
    /// <param name="host">The monitor.</param>
    public static Multiprocessor BuildHosted(BoardConfig config, IMachineHost host)
    {
        if (config.Problems() is [string first, ..])
        {
            throw new BoardException(first);
        }
        return new MachineBuilder(config).AssembleHosted(host);
    }

    private Multiprocessor AssembleHosted(IMachineHost host)
    {
        MemoryNode[] memories = MakeMemories();
        MachineMemory memory = new(_fabric.Homes, memories);
        LoadReport load = host.Install(_fabric, memory, IsCoherent ? _config.Second.LineBytes : 0);
        DeviceMap devices = new([]);
        Cpu[] cpus = MakeCpus(
            memory, devices, number => host.ToCore(ToCore(number)),
            (number, core, port) => new Cpu(
                number, _config.NodeOf(number), core, port, host.MonitorOf(number, _config.NodeOf(number))));
        _actors.AddRange(host.Actors);
        return Assemble(
            memories, memory, devices, cpus, load, host.NamesWith(new MachineMessageNames()), host.HotPagesOf);
    }

    private MemoryNode[] MakeMemories() =>
        PerNode(node => new MemoryNode(node, _fabric, _config.Second.LineBytes));

    private Multiprocessor AssembleGuest(GuestSetup setup)
    {
        MemoryNode[] memories = MakeMemories();
        MachineMemory memory = new(_fabric.Homes, memories);
        AddDevices(setup, memory);
        DeviceMap devices = new(_ranges);
        GuestLayout layout = new GuestLoader(_config, memory, _slots).Load(setup);
        // CPU 0 starts as the boot convention says; the others are held in reset until CPU 0 starts them.
        Cpu[] cpus = MakeCpus(
            memory, devices, number => ToGuestCore(number, setup.Image),
            (number, core, port) => new Cpu(number, _config.NodeOf(number), core, port, held: number != 0));
        GuestLoader.Enter(cpus[0].Core, layout);
        return Assemble(memories, memory, devices, cpus, layout.Report, new MachineMessageNames());
    }

    private Multiprocessor Assemble(
        MemoryNode[] memories, MachineMemory memory, DeviceMap devices, Cpu[] cpus, LoadReport load,
        IMessageNames names, Func<int, HotPageConfig?>? hotPagesOf = null)
    {
        DirectoryController[] directories = [];
        NetworkActor[] networks = [];
        if (IsCoherent)
        {
            directories = PerNode(node => new DirectoryController(
                node, _fabric, _config.Second.LineBytes, hotPagesOf?.Invoke(node)));
            networks = PerNode(node => new NetworkActor(node, _fabric));
        }
        else
        {
            // CPUs write memory through pointers.
            Array.ForEach(memories, node => node.WrittenAnywhere());
        }
        _actors.AddRange([.. memories, .. directories, .. networks, .. cpus]);
        return new Multiprocessor(_config, new World(_actors, Lookahead(), names), cpus, load)
        {
            Directories = directories,
            Memories = memories,
            Networks = networks,
            Fabric = _fabric,
            Devices = devices,
            Memory = memory,
        };
    }

    private Lookahead Lookahead() => IsCoherent
        ? _fabric.Config.Lookahead
        : new Lookahead(FastBusCycles, 2 * FastBusCycles, 2 * FastBusCycles, FastBusCycles);

    private void AddDevices(GuestSetup setup, MachineMemory? memory)
    {
        // A machine with a shell has somebody there in any case, so that a script may go on from its checkpoint.
        OperatorScript? script = setup.Script ?? (setup.HasDrivers ? OperatorScript.Idle : null);
        bool attended = script is not null;
        Add("gcr", BoardAddresses.CoherenceManager, CoherenceManager.SizeBytes, BoardAddresses.CoherenceManagerActor,
            -1, (address, wiring) => new CoherenceManager(address, DeviceNode, wiring));
        Add("gic", BoardAddresses.InterruptController, GicActor.SizeBytes, BoardAddresses.InterruptControllerActor,
            -1, (address, wiring) => new GicActor(
                address, DeviceNode, wiring, _config.Interrupts, _config.TimerHz, _config.ClockHz));
        Add("console", BoardAddresses.Console, BoardAddresses.SlotBytes, BoardAddresses.ConsoleActor,
            BoardAddresses.ConsoleInterrupt, (address, wiring) => new Uart(address, DeviceNode, wiring)
            {
                Reader = attended ? BoardAddresses.OperatorActor : null,
            });
        Add("power", BoardAddresses.Power, BoardAddresses.SlotBytes, BoardAddresses.PowerActor,
            -1, (address, wiring) => new PowerController(address, DeviceNode, wiring));
        Add("clock", BoardAddresses.Clock, BoardAddresses.SlotBytes, BoardAddresses.ClockActor,
            -1, (address, wiring) => new RealTimeClock(
                address, DeviceNode, wiring, _config.ClockHz, _config.PowerOnNanoseconds));
        if (script is not null)
        {
            AddOperator(script);
        }
        AddVirtio(setup, memory);
    }

    // In the order of their slots, in which guests number them.
    private void AddVirtio(GuestSetup setup, MachineMemory? memory)
    {
        if (setup.Disk is { } contents)
        {
            AddSlot("disk", BoardAddresses.DiskActor, memory, (address, wiring, dma) => new BlockDevice(
                address, DeviceNode, wiring, new DiskImage(contents), dma, _config.DiskServiceCycles));
        }
        if (setup.HasDrivers)
        {
            AddSlot("entropy", BoardAddresses.EntropyActor, memory, (address, wiring, dma) =>
                new EntropyDevice(address, DeviceNode, wiring, dma, _config.Seed));
            AddSlot("console1", BoardAddresses.SecondConsoleActor, memory, (address, wiring, dma) =>
                new ConsoleDevice(address, DeviceNode, wiring, dma));
            AddSlot("balloon", BoardAddresses.BalloonActor, memory, (address, wiring, dma) =>
                new BalloonDevice(address, DeviceNode, wiring, dma));
            for (int end = 0; end < 2; end++)
            {
                Address peer = BoardAddresses.NicActor(1 - end);
                AddSlot($"nic{end}", BoardAddresses.NicActor(end), memory, (address, wiring, dma) =>
                    new NetworkDevice(address, DeviceNode, wiring, dma, peer));
            }
        }
    }

    private void AddOperator(OperatorScript script)
    {
        Address address = BoardAddresses.OperatorActor;
        _fabric.Place(address, DeviceNode);
        if (_only is null || _only == address)
        {
            _actors.Add(new ConsoleOperator(
                address, DeviceNode, script, BoardAddresses.ConsoleActor, _fabric, _config.ClockHz));
        }
    }

    private void AddSlot(
        string name, Address address, MachineMemory? memory, Func<Address, DeviceWiring, DmaPort, DeviceActor> make)
    {
        int slot = _slots++;
        DmaPort dma;
        if (IsCoherent)
        {
            int agent = BoardAddresses.FirstDeviceAgent + slot;
            _fabric.PlaceAgent(agent, address, DeviceNode);
            CacheConfig shape = CoherentDma.CacheOf(_config.Second.LineBytes);
            dma = new CoherentDma(new CoherentCache(agent, shape, _fabric), _fabric);
        }
        else
        {
            dma = new FastDma(memory!);
        }
        Add(name, BoardAddresses.Virtio + ((ulong)slot * BoardAddresses.SlotBytes), BoardAddresses.SlotBytes, address,
            BoardAddresses.VirtioInterrupt + slot, (at, wiring) => make(at, wiring, dma));
    }

    private void Add(
        string name, ulong baseAddress, ulong sizeBytes, Address address, int interrupt,
        Func<Address, DeviceWiring, DeviceActor> make)
    {
        _fabric.Place(address, DeviceNode);
        _ranges.Add(new DeviceRange(name, baseAddress, sizeBytes, address, DeviceNode));
        if (_only is { } only && only != address)
        {
            return;
        }
        _actors.Add(make(address, new DeviceWiring(_fabric, baseAddress, _config.Cpus) { Interrupt = interrupt }));
    }

    private Cpu[] MakeCpus(
        MachineMemory memory, DeviceMap devices, Func<int, CoreConfig> toCore, Func<int, MipsCore, CpuPort, Cpu> make)
    {
        CacheConfig caches = _config.ToCaches();
        SharedCode code = new(_config.MemoryBytes);
        memory.Code = IsCoherent ? null : code;
        Cpu[] cpus = new Cpu[_config.Cpus];
        for (int number = 0; number < cpus.Length; number++)
        {
            CpuPort port = IsCoherent
                ? new CoherentPort(number, caches, _fabric, devices)
                : new FastPort(number, memory, code, _fabric, devices);
            MipsCore core = new(toCore(number), port);
            code.Connect(number, core);
            cpus[number] = make(number, core, port);
        }
        return cpus;
    }

    private CoreConfig ToCore(int number) => new()
    {
        CpuNumber = number,
        CoherenceManagerBase = BoardAddresses.CoherenceManager >> 4,
        TranslateAfter = _config.TranslateAfter,
        RandomSeed = TotalOrder.Mix(_config.Seed) + (ulong)number,
    };

    private CoreConfig ToGuestCore(int number, ElfImage image) =>
        ToCore(number) with { BigEndian = !image.IsLittleEndian };

    private T[] PerNode<T>(Func<int, T> make) => [.. Enumerable.Range(0, _config.Nodes).Select(make)];
}
