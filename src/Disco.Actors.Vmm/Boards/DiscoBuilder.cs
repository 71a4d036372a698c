using Disco.Actors.Core;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Cpus;
using Disco.Actors.Machine.Directory;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;
using Disco.Actors.Machine.Mips;
using Disco.Actors.Vmm.Devices;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Scheduling;
using Disco.Actors.Vmm.Shootdown;
using Disco.Actors.Vmm.VirtualCpus;

namespace Disco.Actors.Vmm.Boards;

/// <summary>
/// Puts a machine with a monitor and its virtual machines together. No behaviour of its own.
/// </summary>
public sealed partial class DiscoBuilder : IMachineHost
{
    private const int KeeperNode = 0;

    private readonly DiscoConfig _config;
    private readonly BoardConfig _board;
    private readonly List<Actor> _actors = [];
    private readonly List<VirtualMachineSpec> _specs = [];
    private readonly List<GuestLayout> _layouts = [];
    private readonly List<VmProcessors> _processors = [];

    // The frames with code, by image and page.
    private readonly Dictionary<(ElfImage Image, PhysicalPage Page), Frame> _text = [];
    private readonly List<Scheduler> _schedulers = [];
    private readonly DiscoCpu[] _monitors;

    // For each virtual machine the CPUs on which its virtual CPUs start.
    private readonly int[][] _places;
    private MonitorMemory? _memory;
    private MonitorDevices? _devices;
    private readonly DeviceSetup _setup;
    private Fabric? _fabric;

    private DiscoBuilder(DiscoConfig config)
    {
        _config = config;
        _board = config.Board with { Placement = Machine.Boards.Placement.Contiguous };
        _monitors = new DiscoCpu[_board.Cpus];
        _places = Spread(config);
        _setup = config.ToDevices(vm => NodeOfVm(vm));
    }

    IEnumerable<Actor> IMachineHost.Actors => _actors;

    /// <summary>
    /// Builds and loads. Errors: <see cref="BoardException"/> with one sentence when the machine cannot be built or a
    /// guest does not fit it.
    /// </summary>
    public static DiscoMachine Build(DiscoConfig config)
    {
        if (config.Problems() is [string first, ..])
        {
            throw new BoardException(first);
        }
        DiscoBuilder builder = new(config);
        Multiprocessor hardware = MachineBuilder.BuildHosted(builder._board, builder);
        DiscoMachine machine = new(config with { Board = builder._board }, hardware)
        {
            Monitors = builder._monitors,
            Memory = builder._memory!,
            Schedulers = builder._schedulers,
            Devices = builder._devices!,
            Vms = [.. config.Vms.Select((vm, number) => new VirtualMachine(
                number, vm, builder._layouts[number].Report, builder._memory!.Vms[number],
                builder._processors[number], VmDevices.ConsoleOf(number)))],
        };
        machine.ContainLosses(builder._text.Values);
        return machine;
    }

    LoadReport IMachineHost.Install(Fabric fabric, MachineMemory memory, int lineBytes)
    {
        _fabric = fabric;
        PlaceActors(fabric);
        List<VmMemoryPlan> plans = [.. Enumerable.Range(0, _config.Vms.Count).Select(PlanOf)];
        _memory = new MonitorMemory(
            fabric, memory, lineBytes, plans, CpuSet.Below(_board.Cpus), _config.Mapping, _config.Monitor.Shootdown,
            _config.Placement.Create(), MergesOf(_config));
        for (int vm = 0; vm < _config.Vms.Count; vm++)
        {
            AddMachine(vm, fabric);
        }
        for (int node = 0; node < _board.Nodes; node++)
        {
            _schedulers.Add(MakeScheduler(node, fabric));
        }
        _devices = new MonitorDevices(fabric, memory, lineBytes, _setup, _config.DiskCosts, _config.Switch);
        _actors.AddRange([.. _memory.Actors, .. _schedulers, .. _devices.Actors]);
        _actors.Add(new Keeper(KeeperNode, _setup, fabric));
        return _layouts[0].Report;
    }

    HotPageConfig? IMachineHost.HotPagesOf(int node) => _config.Placement.HotPagesTo(MemMap.AddressOf(node));

    CoreConfig IMachineHost.ToCore(CoreConfig config) => config with
    {
        BigEndian = !_config.Vms[0].Image.IsLittleEndian,
        SupervisorMapsKernelSegments = true,
    };

    CpuMonitor IMachineHost.MonitorOf(int cpu, int node)
    {
        DiscoCpu monitor = new(cpu, node, _fabric!, _specs, _config.Monitor);
        for (int vm = 0; vm < _specs.Count; vm++)
        {
            if (_places[vm][0] == cpu && _layouts.Count > 0)
            {
                monitor.Hold(BootCpu(vm));
            }
        }
        return _monitors[cpu] = monitor;
    }

    IMessageNames IMachineHost.NamesWith(IMessageNames machine) => new DiscoMessageNames(machine);

    // Neighbouring virtual CPUs start on neighbouring CPUs of their nodes, machine after machine.
    private static int[][] Spread(DiscoConfig config)
    {
        Dictionary<NodeSet, int> next = [];
        int[][] places = new int[config.Vms.Count][];
        for (int vm = 0; vm < places.Length; vm++)
        {
            NodeSet nodes = config.NodesOf(vm);
            int[] cpus = [.. Enumerable.Range(0, config.Board.Cpus)
                .Where(cpu => nodes.Contains(config.Board.NodeOf(cpu)))];
            places[vm] = new int[config.Vms[vm].Vcpus];
            for (int vcpu = 0; vcpu < places[vm].Length; vcpu++)
            {
                int place = next.GetValueOrDefault(nodes);
                next[nodes] = place + 1;
                places[vm][vcpu] = cpus[place % cpus.Length];
            }
        }
        return places;
    }

    // With the first virtual machine of the same image that stays on the same nodes: what one loses, the other does.
    private static MergePlan[] MergesOf(DiscoConfig config)
    {
        Dictionary<(ElfImage Image, NodeSet Nodes), (int Vm, PhysicalPage[] Pages)> first = [];
        List<MergePlan> plans = [];
        for (int vm = 0; vm < config.Vms.Count; vm++)
        {
            ElfImage image = config.Vms[vm].Image;
            NodeSet nodes = config.NodesOf(vm);
            if (first.TryGetValue((image, nodes), out (int Vm, PhysicalPage[] Pages) source))
            {
                plans.Add(new MergePlan(vm, source.Vm, source.Pages));
            }
            else
            {
                first.Add((image, nodes), (vm, PagesOfCode(image)));
            }
        }
        return [.. plans];
    }

    private static PhysicalPage[] PagesOfCode(ElfImage image) =>
    [
        .. image.Segments.Where(segment => segment.IsExecutable)
            .SelectMany(segment => PagesBetween(
                segment.PhysicalAddress, segment.PhysicalAddress + (ulong)segment.Bytes.Length))
            .Distinct(),
    ];

    private static IEnumerable<PhysicalPage> PagesBetween(ulong start, ulong end)
    {
        for (ulong at = start; at < end; at = PhysicalPage.Of(at).Address + Page.Bytes)
        {
            yield return PhysicalPage.Of(at);
        }
    }

    private VmMemoryPlan PlanOf(int vm) =>
        new(vm, NodeOfVm(vm), (int)(_config.Vms[vm].MemoryBytes >> Page.Shift))
        {
            Weight = _config.Vms[vm].Weight,
            Nodes = _config.NodesOf(vm),
            Interrupts = VmDevices.InterruptControllerOf(vm),
            Balloon = _config.Vms[vm].HasDrivers ? VmDevices.BalloonOf(vm) : null,
            FramesMax = _config.Vms[vm].FrameBytesMax is { } bytes ? (int)(bytes >> Page.Shift) : int.MaxValue,
        };

    private int NodeOfVm(int vm) => _board.NodeOf(_places[vm][0]);

    private void PlaceActors(Fabric fabric)
    {
        fabric.Place(Keeper.KeeperAddress, KeeperNode);
        for (int node = 0; node < _board.Nodes; node++)
        {
            fabric.Place(SchedulingMessage.SchedulerOf(node), node);
        }
    }

    private VmDevices AddSpec(int vm, Fabric fabric, Address? only = null)
    {
        VmConfig config = _config.Vms[vm];
        int node = NodeOfVm(vm);
        int before = _config.Vms.Take(vm).Where(other => other.HasDrivers).Sum(other => other.Disks.Count);
        VmDevices devices = new(
            vm, node, config, _board, fabric, (_setup.Disks, before), _places[vm][0], only);
        _specs.Add(new VirtualMachineSpec
        {
            Id = vm,
            Vcpus = config.Vcpus,
            Pages = (int)(config.MemoryBytes >> Page.Shift),
            Processor = new CoreConfig
            {
                BigEndian = !config.Image.IsLittleEndian,
                CoherenceManagerBase = BoardAddresses.CoherenceManager >> 4,
                RandomSeed = TotalOrder.Mix(_board.Seed + (ulong)vm),
            },
            Devices = devices.Map,
            Weight = config.Weight,
            Disks = _setup.DiskCallsOf(vm),
            Network = config.HasNetwork ? DeviceSetup.NetCalls : null,
            ClockHz = _board.ClockHz,
            SecondLevelEntries = _config.SecondLevelTlbEntries,
        });
        return devices;
    }

    private void AddMachine(int vm, Fabric fabric)
    {
        VmConfig config = _config.Vms[vm];
        VmDevices devices = AddSpec(vm, fabric);
        _actors.AddRange(devices.Actors);
        VmProcessors processors = new(fabric, _places[vm], Keeper.KeeperAddress);
        _memory!.Vms[vm].Part = processors;
        _processors.Add(processors);
        GuestLayout layout = GuestLayout.Of(
            config.Image,
            new GuestMachine(
                config.Vcpus, config.MemoryBytes, _board.ClockHz, _board.TimerHz, devices.Slots, HasMonitor: true)
            {
                Initrd = config.Initrd,
                Seed = _board.Seed + (ulong)vm,
            },
            config.BootArguments);
        _layouts.Add(layout);
        LoadPages(vm, layout);
    }

    private Scheduler MakeScheduler(int node, Fabric fabric) => new(
        node, Enumerable.Range(node * _board.CpusPerNode, _board.CpusPerNode), _config.Scheduler, fabric)
    {
        NodesOf = [.. Enumerable.Range(0, _config.Vms.Count).Select(_config.NodesOf)],
    };

    private VirtualCpu BootCpu(int vm)
    {
        VirtualCpu vcpu = new(_specs[vm], 0);
        vcpu.Registers.Pc = _layouts[vm].Report.Entry;
        vcpu.Registers.General[GuestLayout.A0] = GuestLayout.DeviceTreeFollows;
        vcpu.Registers.General[GuestLayout.A1] = _layouts[vm].DeviceTreeAddress;
        return vcpu;
    }

    private bool TryPlace(int vm, PhysicalPage page, ImagePage contents)
    {
        VmMonitor monitor = _memory!.Vms[vm];
        int node = _config.Mapping.FirstNodeOf(vm, page, NodeOfVm(vm), _board.Nodes);
        if (!contents.IsText)
        {
            return _memory.TryPlace(monitor, page, contents.Contents, PageClass.Data, node);
        }
        (ElfImage, PhysicalPage) origin = (_config.Vms[vm].Image, page);
        Frame frame = _text.GetValueOrDefault(origin, Frame.None);
        bool placed = _memory.TryPlaceText(monitor, page, contents.Contents, node, ref frame);
        _text[origin] = frame;
        return placed;
    }

    /// <summary>Gives the pages of the guest's image frames and their contents.</summary>
    private void LoadPages(int vm, GuestLayout layout)
    {
        SortedDictionary<uint, ImagePage> pages = [];
        foreach (GuestPiece piece in layout.Pieces)
        {
            for (int at = 0; at < piece.Bytes.Length;)
            {
                ulong physical = piece.Physical + (ulong)at;
                int offset = (int)(physical & (Page.Bytes - 1));
                int length = Math.Min(Page.Bytes - offset, piece.Bytes.Length - at);
                uint number = PhysicalPage.Of(physical).Number;
                if (!pages.TryGetValue(number, out ImagePage? page))
                {
                    pages.Add(number, page = new ImagePage());
                }
                piece.Bytes.Span.Slice(at, length).CopyTo(page.Contents.AsSpan(offset));
                page.IsText &= piece.IsText;
                at += length;
            }
        }
        foreach ((uint number, ImagePage page) in pages)
        {
            if (!TryPlace(vm, new PhysicalPage(number), page))
            {
                throw new BoardException(
                    $"the machine's memory of {_board.MemoryBytes >> 20} MiB is full before "
                    + $"{_config.Vms[vm].Name} is loaded; give the machine more, or fewer virtual machines");
            }
        }
    }

    /// <summary>A page of a guest's image.</summary>
    private sealed class ImagePage
    {
        public byte[] Contents { get; } = new byte[Page.Bytes];

        /// <summary>All of it is code, which virtual machines of one image share.</summary>
        public bool IsText { get; set; } = true;
    }
}
