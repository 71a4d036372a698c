using Disco.Actors.Vmm;

namespace Disco.Actors.Verification.Mappings;

public enum DisturbanceKind : byte
{
    /// <summary>The directories report that a node misses on a page, and the policy answers with this.</summary>
    Migrate,
    Replicate,

    /// <summary>A CPU gives its page back, makes it a share of another, or parks its virtual CPU.</summary>
    Free,
    Remap,
    Leave,

    /// <summary>A device pins a page for writing, later lets go.</summary>
    Pin,
    Unpin,

    /// <summary>The virtual machine ends.</summary>
    Teardown,

    /// <summary>The merger has a page take on the frame of another, if both are the same.</summary>
    Merge,
}

/// <summary>Something that happens once, at any time after the one before it.</summary>
/// <param name="Kind">What.</param>
/// <param name="Who">The hot node; else the CPU that does it; of device, end and merger, the virtual machine.</param>
/// <param name="Page">Of the CPU's virtual machine; of virtual machine 0 for a hot page.</param>
/// <param name="SourceVm">Of a remap or merge.</param>
/// <param name="SourcePage">Of a remap or merge.</param>
public readonly record struct Disturbance(
    DisturbanceKind Kind, int Who, PhysicalPage Page = default, int SourceVm = 0, PhysicalPage SourcePage = default);

/// <summary>A fault to be found.</summary>
public enum MappingFault : byte
{
    None,

    /// <summary>A CPU uses an answer that is older than an invalidation it has seen.</summary>
    KeepOldFill,

    /// <summary>A CPU acknowledges and keeps the translation.</summary>
    ForgetRemoval,

    /// <summary>A CPU does not drop what it missed while its virtual CPU was parked.</summary>
    SkipRepair,
}

/// <summary>What a model consists of.</summary>
/// <param name="Cpus">CPU i lives on node i modulo the nodes and runs virtual CPU i of its virtual machine.</param>
/// <param name="Pages">Of each virtual machine.</param>
/// <param name="FramesPerNode">Few enough make memory short.</param>
/// <param name="Disturbances">In their order.</param>
public sealed record MappingShape(
    int Cpus, int Pages, int FramesPerNode, params Disturbance[] Disturbances)
{
    public int Nodes { get; init; } = 2;

    /// <summary>CPUs are dealt to them in equal stretches.</summary>
    public int Vms { get; init; } = 1;

    /// <summary>CPUs from this number on only read.</summary>
    public int Writers { get; init; } = int.MaxValue;

    /// <summary>Pages that are hot are so on all nodes.</summary>
    public bool IsHotOnAll { get; init; }

    public MappingFault Fault { get; init; }
}
