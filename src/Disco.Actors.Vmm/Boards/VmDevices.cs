using Disco.Actors.Core;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Devices.Gic;
using Disco.Actors.Machine.Interconnect;
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
    private readonly Address? _only;
    private readonly List<DeviceRange> _ranges = [];
    private readonly List<Actor> _actors = [];

    /// <param name="vm">The virtual machine's number.</param>
    /// <param name="node">Where its devices live.</param>
    /// <param name="config">The virtual machine.</param>
    /// <param name="board">The hardware.</param>
    /// <param name="fabric">Where they are placed.</param>
    /// <param name="only">The one to be made; null for all. All are placed.</param>
    public VmDevices(
        int vm, int node, VmConfig config, BoardConfig board, Fabric fabric, Address? only = null)
    {
        _only = only;
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
            BoardAddresses.ConsoleInterrupt, (address, wiring) => new Uart(address, node, wiring));
        Add("power", BoardAddresses.Power, BoardAddresses.SlotBytes, PowerOf(vm), -1,
            (address, wiring) => new PowerController(address, node, wiring));
        Add("clock", BoardAddresses.Clock, BoardAddresses.SlotBytes, ClockOf(vm), -1,
            (address, wiring) => new RealTimeClock(
                address, node, wiring, board.ClockHz, board.PowerOnNanoseconds));
    }

    public DeviceMap Map => new(_ranges);

    public IReadOnlyList<Actor> Actors => _actors;

    public static Address ConsoleOf(int vm) => new(Role.Console, (ushort)(vm + 1));

    public static Address InterruptControllerOf(int vm) => new(Role.Interrupts, (ushort)(vm + 1));

    public static Address PowerOf(int vm) => new(Role.Power, (ushort)(2 + (2 * vm)));

    public static Address CoherenceManagerOf(int vm) => new(Role.Power, (ushort)(3 + (2 * vm)));

    public static Address ClockOf(int vm) => new(Role.Clock, (ushort)(vm + 1));

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
