using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Scheduling;

/// <summary>
/// How vCPUs share CPUs. The paper says that the scheduler is simple, shares time and keeps affinity, and gives no
/// numbers [Disco 4.2.1]; these are ours.
/// </summary>
public sealed record SchedulerConfig
{
    /// <summary>The weight that counts a cycle as a cycle.</summary>
    public const int DefaultWeight = 1024;

    /// <summary>How long a vCPU runs before it is somebody else's turn: 1 ms at 400 MHz.</summary>
    public long QuantumCycles { get; init; } = 400_000;

    /// <summary>
    /// How far a vCPU that the CPU holds may be ahead of the one whose turn it is and still be preferred. Bounds what
    /// affinity can take from fairness.
    /// </summary>
    public long AffinityCycles { get; init; } = 400_000;

    /// <summary>A vCPU that wakes may have this much in advance, and takes a CPU from one that is ahead of it by more.
    /// </summary>
    public long WakeCreditCycles { get; init; } = 100_000;

    /// <summary>From a message to the scheduler to its answer's leaving.</summary>
    public long DecisionCycles { get; init; } = 40;

    /// <summary>Idle nodes take from others.</summary>
    public bool Stealing { get; init; } = true;

    /// <summary>
    /// How often a node that is busy looks whether another has more to do; 0 for never. What the
    /// periodic balancer of Cellular Disco does. [Govil et al., SOSP'99]
    /// </summary>
    public long BalanceCycles { get; init; } = 4_000_000;

    /// <summary>
    /// VMs whose vCPUs run together. Time is dealt in slots of a quantum, a slot for each of these VMs in turn; as all
    /// nodes have the same time they need no messages to agree (Ousterhout's matrix, ICDCS'82). Empty for none.
    /// </summary>
    public IReadOnlyList<int> Gangs { get; init; } = [];

    /// <summary>Throws when the numbers contradict each other.</summary>
    public void Check()
    {
        Invariant.Holds(QuantumCycles >= 1);
        Invariant.Holds(AffinityCycles >= 0);
        Invariant.Holds(WakeCreditCycles >= 0);
        Invariant.Holds(DecisionCycles >= 0);
        Invariant.Holds(BalanceCycles >= 0);
    }
}
