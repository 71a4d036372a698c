using Disco.Actors.Core;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Devices.Gic;
using Disco.Actors.Machine.Devices.Operator;
using Disco.Actors.Machine.Devices.Virtio;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Devices;
using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Vmm.Boards;

/// <summary>
/// The devices of one virtual machine: the board's own kinds, at the board's addresses, but each VM has its instances;
/// so a guest made for the bare board finds what it knows.
/// </summary>
internal sealed class VmDevices
{
    private readonly BoardConfig _board;
    private readonly VmConfig _config;
    private readonly Fabric _fabric;
    private readonly int _vm;
    private readonly int _node;
    private readonly int _cpu;
    private readonly Address? _only;
    private readonly List<DeviceRange> _ranges = [];
    private readonly List<Actor> _actors = [];

    /// <param name="vm">The virtual machine's number.</param>
    /// <param name="node">Where its devices live.</param>
    /// <param name="config">The virtual machine.</param>
    /// <param name="board">The hardware.</param>
    /// <param name="fabric">Where they are placed.</param>
    /// <param name="disks">The machine's disks, and how many block devices there are before this machine's.</param>
    /// <param name="cpu">Where its first virtual CPU starts.</param>
    /// <param name="only">The one to be made; null for all. All are placed.</param>
    public VmDevices(
        int vm, int node, VmConfig config, BoardConfig board, Fabric fabric,
        (IReadOnlyList<DiskSpec> Specs, int Before) disks, int cpu, Address? only = null)
    {
        _only = only;
        _cpu = cpu;
        _board = board;
        _config = config;
        _fabric = fabric;
        _vm = vm;
        _node = node;
        Add("gcr", BoardAddresses.CoherenceManager, CoherenceManager.SizeBytes, CoherenceManagerOf(vm), -1,
            (address, wiring) => new CoherenceManager(address, node, wiring));
        Add("gic", BoardAddresses.InterruptController, GicActor.SizeBytes, InterruptControllerOf(vm), -1,
            (address, wiring) => new GicActor(
                address, node, wiring, GicActor.InterruptsFor(config.Vcpus), board.TimerHz, board.ClockHz));
        Add("console", BoardAddresses.Console, BoardAddresses.SlotBytes, ConsoleOf(vm),
            BoardAddresses.ConsoleInterrupt, (address, wiring) => new Uart(address, node, wiring)
            {
                Reader = ScriptOf(config) is null ? null : OperatorOf(vm),
            });
        Add("power", BoardAddresses.Power, BoardAddresses.SlotBytes, PowerOf(vm), -1,
            (address, wiring) => new PowerController(address, node, wiring));
        Add("clock", BoardAddresses.Clock, BoardAddresses.SlotBytes, ClockOf(vm), -1,
            (address, wiring) => new RealTimeClock(
                address, node, wiring, board.ClockHz, board.PowerOnNanoseconds));
        AddOperator();
        if (config.HasDrivers)
        {
            AddVirtio(disks.Specs, disks.Before);
        }
    }

    /// <summary>Virtio slots in use.</summary>
    public int Slots { get; private set; }

    public DeviceMap Map => new(_ranges);

    public IReadOnlyList<Actor> Actors => _actors;

    public static Address ConsoleOf(int vm) => new(Role.Console, (ushort)(vm + 1));

    public static Address InterruptControllerOf(int vm) => new(Role.Interrupts, (ushort)(vm + 1));

    public static Address PowerOf(int vm) => new(Role.Power, (ushort)(2 + (2 * vm)));

    public static Address CoherenceManagerOf(int vm) => new(Role.Power, (ushort)(3 + (2 * vm)));

    public static Address ClockOf(int vm) => new(Role.Clock, (ushort)(vm + 1));

    /// <summary>The second one, behind a virtio device.</summary>
    public static Address SecondConsoleOf(int vm) => new(Role.Console, (ushort)(1 + DiscoConfig.VmsMax + vm));

    public static Address OperatorOf(int vm) => new(Role.Operator, (ushort)vm);

    public static Address BalloonOf(int vm) => new(Role.Device, (ushort)((2 * vm) + 1));

    private static Address EntropyOf(int vm) => new(Role.Device, (ushort)(2 * vm));

    // A guest with a shell has somebody at the console in any case, as on the bare board.
    private static OperatorScript? ScriptOf(VmConfig config) =>
        config.Script ?? (config.HasDrivers ? OperatorScript.Idle : null);

    private void AddOperator()
    {
        if (ScriptOf(_config) is not { } script)
        {
            return;
        }
        Address address = OperatorOf(_vm);
        _fabric.Place(address, _node);
        if (_only is null || _only == address)
        {
            _actors.Add(new ConsoleOperator(address, _node, script, ConsoleOf(_vm), _fabric, _board.ClockHz)
            {
                VirtualMachine = VmMonitor.AddressOf(_vm),
            });
        }
    }

    // In the order of the bare board's slots, in which guests number them.
    private void AddVirtio(IReadOnlyList<DiskSpec> specs, int before)
    {
        for (int number = 0; number < _config.Disks.Count; number++)
        {
            int disk = _config.Disks[number];
            AddSlot($"disk{number}", new Address(Role.Disk, (ushort)(before + number)), (address, wiring, dma) =>
                new GuestDisk(address, _node, wiring, dma, specs[disk], disk, _vm, _cpu));
        }
        AddSlot("entropy", EntropyOf(_vm), (address, wiring, dma) =>
            new EntropyDevice(address, _node, wiring, dma, _board.Seed + (ulong)_vm));
        AddSlot("console1", SecondConsoleOf(_vm), (address, wiring, dma) =>
            new ConsoleDevice(address, _node, wiring, dma));
        AddSlot("balloon", BalloonOf(_vm), (address, wiring, dma) =>
            new GuestBalloon(address, _node, wiring, dma, (uint)(_config.MemoryBytes >> Page.Shift)));
        if (_config.HasNetwork)
        {
            AddSlot("nic", FrameSwitch.NicOf(_vm), (address, wiring, dma) =>
                new NetworkDevice(address, _node, wiring, dma, FrameSwitch.TheSwitch));
        }
    }

    private void AddSlot(string name, Address address, Func<Address, DeviceWiring, DmaPort, DeviceActor> make)
    {
        int slot = Slots++;
        GuestDma dma = new(address, _vm, _config.MemoryBytes, DmaEngine.AddressOf(_node), _fabric);
        Add(name, BoardAddresses.Virtio + ((ulong)slot * BoardAddresses.SlotBytes), BoardAddresses.SlotBytes, address,
            BoardAddresses.VirtioInterrupt + slot, (at, wiring) => make(at, wiring, dma));
    }

    private void Add(
        string name, ulong baseAddress, ulong sizeBytes, Address address, int interrupt,
        Func<Address, DeviceWiring, DeviceActor> make)
    {
        _fabric.Place(address, _node);
        _ranges.Add(new DeviceRange(name, baseAddress, sizeBytes, address, _node));
        if (_only is { } only && only != address)
        {
            return;
        }
        _actors.Add(make(address, new DeviceWiring(_fabric, baseAddress, _config.Vcpus)
        {
            Interrupt = interrupt,
            Interrupts = InterruptControllerOf(_vm),
            VirtualMachine = VmMonitor.AddressOf(_vm),
            AnswersByMachine = address.Role == Role.Interrupts,
        }));
    }
}
