using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Shootdowns;

/// <summary>A mistake the model's CPUs can be told to make, to show that the model finds it.</summary>
public enum ModelFault : byte
{
    None,

    /// <summary>A fill under way survives an invalidation. (KVM's sequence number is against this)</summary>
    KeepOldFill,

    /// <summary>The removal is acknowledged and not done.</summary>
    ForgetRemoval,

    /// <summary>A stopped CPU goes on executing.</summary>
    IgnoreStop,

    /// <summary>An idle CPU goes on without doing what is queued.</summary>
    SkipDrain,
}

/// <summary>What a shootdown model consists of: one virtual machine, one page.</summary>
/// <param name="Protocol">Which.</param>
/// <param name="Cpus">2 or 3.</param>
/// <param name="Shootdowns">The kind of each, in the order they begin; they may overlap.</param>
public sealed record ShootdownShape(ShootdownProtocol Protocol, int Cpus, params InvalidationKind[] Shootdowns)
{
    /// <summary>Fills each CPU may begin.</summary>
    public int FillsMax { get; init; } = 1;

    /// <summary>CPUs may idle, and go on.</summary>
    public bool Idles { get; init; }

    /// <summary>How many acknowledgements the network may bring twice.</summary>
    public int Duplicates { get; init; }

    /// <summary>CPUs that live on a node of their own each; otherwise all live on one.</summary>
    public int Nodes { get; init; } = 1;

    public ModelFault Fault { get; init; }

    /// <summary>Shootdowns that are put off at a time in the lazy protocol.</summary>
    public int LazyRecords { get; init; } = 1;
}
