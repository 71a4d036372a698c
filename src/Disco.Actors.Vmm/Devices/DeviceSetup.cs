using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Devices;

/// <summary>A disk of the machine, from which virtual machines may have theirs.</summary>
/// <param name="Name">For messages to the user.</param>
/// <param name="Image">Its contents, never written.</param>
/// <param name="Persistent">
/// Its changes are to outlive the run: it belongs to one virtual machine. Otherwise any number share the image, and
/// each has changes of its own that nobody else sees. [Disco 4.2.5]
/// </param>
public sealed record DiskSpec(string Name, ReadOnlyMemory<byte> Image, bool Persistent)
{
    public const int SectorBytes = 512;

    /// <summary>A last, incomplete sector counts; its rest is zero.</summary>
    public long Sectors => (Image.Length + SectorBytes - 1) / SectorBytes;
}

/// <summary>What a virtual machine has of the machine's devices.</summary>
/// <param name="Vm">Its number.</param>
/// <param name="Name">For messages to the user.</param>
public sealed record VmAttachments(int Vm, string Name)
{
    /// <summary>Pages of its physical memory.</summary>
    public uint Pages { get; init; } = uint.MaxValue;

    /// <summary>The byte order of its request blocks.</summary>
    public bool BigEndian { get; init; }

    /// <summary>Its disks, by number of the machine's; the guest counts them from 0.</summary>
    public IReadOnlyList<int> Disks { get; init; } = [];

    /// <summary>It has virtio devices, which move bytes by way of the DMA engine of this node; null for none.</summary>
    public int? VirtioNode { get; init; }

    /// <summary>It has a virtio network interface.</summary>
    public bool HasInterface { get; init; }

    /// <summary>Where frames are taken for its sake; all ones for anywhere.</summary>
    public NodeSet Nodes { get; init; } = new(ulong.MaxValue);

    /// <summary>Whether it may use the frames of another one: it would be lost with a node that it is not to need.
    /// </summary>
    public bool MayUseFramesOf(VmAttachments other) => other.Nodes.Except(Nodes).IsEmpty;

    /// <summary>Its interrupt controller.</summary>
    public Address Interrupts { get; init; }

    /// <summary>The shared interrupt that tells of a completed request of its disk 0; of disk k, k more.</summary>
    public int DiskInterrupt { get; init; } = 24;

    /// <summary>The shared interrupt that tells of a received network message.</summary>
    public int NetInterrupt { get; init; } = 16;
}

/// <summary>The virtual devices of a machine, before it is built.</summary>
public sealed record DeviceSetup(IReadOnlyList<DiskSpec> Disks, IReadOnlyList<VmAttachments> Vms)
{
    private readonly Dictionary<int, VmAttachments> _byNumber = Vms.ToDictionary(vm => vm.Vm);

    /// <summary>The disk to which the calls of a virtual machine go; null when it has none.</summary>
    public Address? DiskCallsOf(int vm) =>
        FindVm(vm) is { Disks: [int first, ..] } ? CowDisk.AddressOf(first) : null;

    /// <summary>The switch, to which network calls go.</summary>
    public static Address NetCalls => VirtualSwitch.TheSwitch;

    /// <summary>Whom to tell, with Detach, that a virtual machine has ended; each answers with Detached.</summary>
    public IReadOnlyList<Address> DevicesOf(int vm) =>
    [
        VirtualSwitch.TheSwitch, ConsoleMultiplexer.TheKeyboard,
        .. (FindVm(vm)?.Disks ?? []).Distinct().Select(CowDisk.AddressOf),
        .. FindVm(vm)?.VirtioNode is { } node ? new[] { DmaEngine.AddressOf(node) } : [],
    ];

    /// <summary>
    /// Where a disk is attached: on the first node of the first of its virtual machines that stays on some nodes, else
    /// disks are dealt to the nodes in turn.
    /// </summary>
    /// <param name="disk">Its number.</param>
    /// <param name="nodes">Of the machine.</param>
    public int NodeOf(int disk, int nodes)
    {
        NodeSet all = NodeSet.Below(nodes);
        VmAttachments? stays = Vms.FirstOrDefault(vm => vm.Disks.Contains(disk) && (vm.Nodes & all) != all);
        return stays?.Nodes.First ?? disk % nodes;
    }

    public VmAttachments? FindVm(int vm) => _byNumber.GetValueOrDefault(vm);

    /// <summary>What is wrong, a sentence each; empty when the machine can be built.</summary>
    public IReadOnlyList<string> Problems()
    {
        List<string> problems = [];
        string?[] owners = new string?[Disks.Count];
        foreach (VmAttachments vm in Vms)
        {
            foreach (int disk in vm.Disks)
            {
                if (disk < 0 || disk >= Disks.Count)
                {
                    problems.Add($"VM '{vm.Name}' mounts disk {disk}, but the machine has {Disks.Count}.");
                    continue;
                }
                if (Disks[disk].Persistent && owners[disk] is { } owner)
                {
                    problems.Add(
                        $"Disk '{Disks[disk].Name}' is persistent and mounted by VM '{owner}' already; give VM "
                        + $"'{vm.Name}' a disk of its own, make the disk shared, or reach its files over the network.");
                }
                owners[disk] ??= vm.Name;
            }
        }
        return problems;
    }
}
