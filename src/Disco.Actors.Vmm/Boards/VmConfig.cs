using Disco.Actors.Core;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Devices.Operator;
using Disco.Actors.Vmm.Scheduling;

namespace Disco.Actors.Vmm.Boards;

/// <summary>A virtual machine as a user describes it.</summary>
public sealed record VmConfig
{
    public const int VcpusMax = 64;

    public required string Name { get; init; }

    /// <summary>Its guest.</summary>
    public required ElfImage Image { get; init; }

    public int Vcpus { get; init; } = 1;

    /// <summary>Of physical memory, as the guest sees it; a multiple of the page size.</summary>
    public ulong MemoryBytes { get; init; } = 16 << 20;

    /// <summary>The guest's command line.</summary>
    public string BootArguments { get; init; } = "";

    /// <summary>An initial RAM disk; empty for none.</summary>
    public ReadOnlyMemory<byte> Initrd { get; init; }

    /// <summary>
    /// It is an operating system with drivers: its board has virtio devices, behind which are the monitor's.
    /// </summary>
    public bool HasDrivers => !Initrd.IsEmpty;

    /// <summary>What somebody types at its console and expects to read there; null for nobody.</summary>
    public OperatorScript? Script { get; init; }

    /// <summary>Its disks, as numbers of the machine's; the guest counts them from 0.</summary>
    public IReadOnlyList<int> Disks { get; init; } = [];

    /// <summary>It has a plug in the subnet.</summary>
    public bool HasNetwork { get; init; } = true;

    /// <summary>Its share of time against others.</summary>
    public int Weight { get; init; } = SchedulerConfig.DefaultWeight;

    /// <summary>Its virtual CPUs run and its frames are taken on these nodes only; none in it for all nodes.</summary>
    public NodeSet Nodes { get; init; }

    /// <summary>Machine memory it may have at a time; null for as much as it has pages.</summary>
    public ulong? FrameBytesMax { get; init; }
}
