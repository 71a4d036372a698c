using Disco.Actors.Core;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Devices;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Placement;
using Disco.Actors.Vmm.Scheduling;
using Disco.Actors.Vmm.VirtualCpus;

namespace Disco.Actors.Vmm.Boards;

/// <summary>A machine with a monitor and its virtual machines, as a user describes it.</summary>
public sealed record DiscoConfig
{
    public const int VmsMax = 256;
    public const int NodesMax = 32;
    public const int DisksMax = 15;

    // A slot each, and interrupts for eight slots.
    private const int VirtioDisksMax = 4;

    /// <summary>The hardware. Its memory is placed node by node, whatever it says.</summary>
    public BoardConfig Board { get; init; } = new();

    /// <summary>At least one.</summary>
    public IReadOnlyList<VmConfig> Vms { get; init; } = [];

    public MonitorConfig Monitor { get; init; } = new();

    public MappingConfig Mapping { get; init; } = new();

    public SchedulerConfig Scheduler { get; init; } = new();

    /// <summary>The machine's disks, of which virtual machines have some.</summary>
    public IReadOnlyList<DiskSpec> Disks { get; init; } = [];

    public DiskConfig DiskCosts { get; init; } = new();

    public SwitchConfig Switch { get; init; } = new();

    /// <summary>Which hot pages move; by default none.</summary>
    public PlacementConfig Placement { get; init; } = new();

    /// <summary>Entries of a virtual CPU's second-level TLB, a power of two from 4; 0 for none.</summary>
    public int SecondLevelTlbEntries { get; init; } = 4096;

    private NodeSet AllNodes => NodeSet.Below(Board.Nodes);

    /// <summary>The nodes a virtual machine stays on.</summary>
    public NodeSet NodesOf(int vm) => Vms[vm].Nodes.IsEmpty ? AllNodes : Vms[vm].Nodes;

    /// <summary>What is wrong with it, one sentence each; empty for a machine that can be built.</summary>
    public IReadOnlyList<string> Problems()
    {
        List<string> problems = [.. Board.Problems()];
        if (Vms.Count is < 1 or > VmsMax)
        {
            problems.Add($"{Vms.Count} virtual machines; there can be 1 to {VmsMax}");
        }
        if (Board.Nodes > NodesMax)
        {
            problems.Add($"the board {Board.Name} has {Board.Nodes} nodes; under the monitor it can have {NodesMax}");
        }
        if (SecondLevelTlbEntries != 0
            && (SecondLevelTlbEntries is < SecondLevelTlb.Ways or > 1 << 18
                || !System.Numerics.BitOperations.IsPow2(SecondLevelTlbEntries)))
        {
            problems.Add($"a second-level TLB of {SecondLevelTlbEntries} entries; make it a power of two from "
                + $"{SecondLevelTlb.Ways} to {1 << 18}, or 0 for none");
        }
        foreach (VmConfig vm in Vms)
        {
            AddProblems(problems, vm);
            if (vm.Nodes.Except(AllNodes) is { IsEmpty: false } absent)
            {
                problems.Add($"{vm.Name} is to stay on nodes {vm.Nodes}, but the board {Board.Name} has no node "
                    + $"{absent.First}; its nodes are 0 to {Board.Nodes - 1}");
            }
        }
        if (Vms.Count > 0 && Vms.Any(vm => vm.Image.IsLittleEndian != Vms[0].Image.IsLittleEndian))
        {
            VmConfig other = Vms.First(vm => vm.Image.IsLittleEndian != Vms[0].Image.IsLittleEndian);
            problems.Add($"the guests of {Vms[0].Name} and {other.Name} differ in byte order; "
                + "the processors of one machine have one");
        }
        problems.AddRange(Placement.Problems());
        problems.AddRange(Monitor.Shootdown.Problems());
        problems.AddRange(ToDevices(_ => 0).Problems());
        if (Disks.Count > DisksMax)
        {
            problems.Add($"{Disks.Count} disks; a machine can have {DisksMax}");
        }
        return problems;
    }

    /// <summary>Who has what of the virtual devices.</summary>
    /// <param name="nodeOf">The node of a virtual machine.</param>
    internal DeviceSetup ToDevices(Func<int, int> nodeOf) =>
        new(Disks, [.. Vms.Select((vm, number) => AttachmentsOf(vm, number, nodeOf(number)) with
        {
            Nodes = NodesOf(number),
        })]);

    private static VmAttachments AttachmentsOf(VmConfig vm, int number, int node) => new(number, vm.Name)
    {
        VirtioNode = vm.HasDrivers ? node : null,
        HasInterface = vm is { HasDrivers: true, HasNetwork: true },
        Pages = (uint)(vm.MemoryBytes >> Page.Shift),
        BigEndian = !vm.Image.IsLittleEndian,
        Disks = vm.Disks,
        Interrupts = VmDevices.InterruptControllerOf(number),
    };

    private static void AddProblems(List<string> problems, VmConfig vm)
    {
        if (vm.Vcpus is < 1 or > VmConfig.VcpusMax)
        {
            problems.Add($"{vm.Name} has {vm.Vcpus} virtual CPUs; it can have 1 to {VmConfig.VcpusMax}");
        }
        if (vm.MemoryBytes < 1 << 16 || vm.MemoryBytes % Page.Bytes != 0 || vm.MemoryBytes > BoardAddresses.MemoryEnd)
        {
            problems.Add($"{vm.Name} has {vm.MemoryBytes} bytes of memory; make it a multiple of {Page.Bytes} from "
                + $"64 KiB to {BoardAddresses.MemoryEnd >> 20} MiB");
        }
        if (vm.HasDrivers && vm.Disks.Count > VirtioDisksMax)
        {
            problems.Add($"{vm.Name} has {vm.Disks.Count} disks; a guest with virtio drivers can have "
                + $"{VirtioDisksMax}");
        }
        if (vm.Weight is < 1 or > 1 << 20)
        {
            problems.Add($"{vm.Name} has the weight {vm.Weight}; it can have 1 to {1 << 20}");
        }
    }
}
