using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Placement;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Stress;

/// <summary>What is put under stress.</summary>
public enum SubjectKind : byte
{
    /// <summary>Caches, directories and memories.</summary>
    Coherence,

    /// <summary>Initiators and responders of shootdowns.</summary>
    Shootdown,

    /// <summary>Monitors of virtual machines and their memory: fills, moves, replicas, shares.</summary>
    Placement,

    /// <summary>Whole machines with real instructions; see <see cref="WholeMachines.MachineScenario"/>.</summary>
    Machine,
}

/// <summary>Kinds of subjects.</summary>
public static class SubjectKinds
{
    /// <summary>Those whose messages a strategy orders.</summary>
    public static readonly IReadOnlyList<SubjectKind> OfMessages =
        [SubjectKind.Coherence, SubjectKind.Shootdown, SubjectKind.Placement];
}

/// <summary>What a subject consists of. Tiny on purpose: everything happens in every line and page.</summary>
public sealed record Shape
{
    public SubjectKind Subject { get; init; }

    public int Nodes { get; init; } = 1;

    public int CpusPerNode { get; init; } = 2;

    /// <summary>Uma has no network actors between the nodes.</summary>
    public TopologyKind Topology { get; init; } = TopologyKind.Uma;

    /// <summary>Of the caches: lines in use, words used of each, lines a cache holds, of them in a set, and lines
    /// whose writeback may be under way.</summary>
    public int Lines { get; init; } = 1;
    public int WordsPerLine { get; init; } = 1;
    public int CacheLines { get; init; } = 1;
    public int Ways { get; init; } = 1;
    public int WritebackLines { get; init; } = 1;

    /// <summary>Refusals from which on a home promises the line.</summary>
    public int RetriesForPromise { get; init; } = 1;

    /// <summary>Of the caches, and of shootdowns.</summary>
    public CoherenceProtocol Coherence { get; init; }
    public ShootdownProtocol Protocol { get; init; }

    /// <summary>Virtual machines, and pages of each.</summary>
    public int Vms { get; init; } = 1;
    public int Pages { get; init; } = 1;

    /// <summary>Shootdowns of a virtual machine that may be open at a time.</summary>
    public int OpenMax { get; init; } = 1;

    /// <summary>See <see cref="ShootdownConfig"/>; small here, so that they are exceeded.</summary>
    public int FlushPages { get; init; } = 2;
    public int QueueActions { get; init; } = 1;
    public int LazyRecords { get; init; } = 1;

    /// <summary>Address spaces of a CPU before all its translations go and numbers are used again.</summary>
    public int Asids { get; init; } = 2;

    /// <summary>Memory of a node, in frames; few make it short.</summary>
    public int FramesPerNode { get; init; } = 4;

    /// <summary>Who decides about a hot page: a shipping policy; Off for the operation that reports it.</summary>
    public PlacementPolicy Placement { get; init; }

    /// <summary>Drivers remember what their accesses saw, for <see cref="Stress.Subject.Outcome"/>.</summary>
    public bool Observes { get; init; }

    public int Cpus => Nodes * CpusPerNode;
}

/// <summary>What an actor of the workload does.</summary>
public enum OpKind : byte
{
    /// <summary>Of a CPU, coherence: to a word. GiveUp asks for the word to store and then does not.</summary>
    Load,
    Store,
    Increment,
    Evict,
    GiveUp,

    /// <summary>Of a CPU, shootdown and placement: use a page, asking for it when it is not mapped.</summary>
    Read,
    Write,

    /// <summary>Of a CPU, shootdown: idle until the next step; another vCPU takes the CPU; an address space of a new
    /// number; away from all virtual machines until the next step.</summary>
    Idle,
    Switch,
    NewSpace,
    Part,

    /// <summary>Of a monitor, shootdown: A the first page, B the count of pages; the last one in no time.</summary>
    Invalidate,
    Downgrade,
    InvalidateAtOnce,

    /// <summary>Of a CPU, placement: give page A back; make it a share of page B; park the vCPU until the next step,
    /// which goes on with the vCPU parked last.</summary>
    Free,
    Remap,
    Leave,

    /// <summary>Of the placement driver: page A is hot on node B.</summary>
    Migrate,
    Replicate,

    /// <summary>Of a device, placement: pin page A of a virtual machine for writing, until the next step.</summary>
    Pin,

    /// <summary>Of the merger, placement: page A is to take on the frame of page B if they are the same.</summary>
    Merge,
}

/// <summary>One step of one actor's program.</summary>
/// <param name="Actor">The CPU or virtual machine.</param>
/// <param name="Kind">What.</param>
/// <param name="A">The word or page; of all virtual machines together where there are several.</param>
/// <param name="B">As the kind says.</param>
public readonly record struct StressOp(int Actor, OpKind Kind, int A = 0, int B = 0)
{
    public override string ToString() => $"{Actor} {Kind} {A} {B}";
}

/// <summary>Faults of network and CPUs, in thousandths of the steps of the safety phase; 0 for never.</summary>
public sealed record FaultRates
{
    public static readonly FaultRates None = new();

    /// <summary>A channel stands still for a while.</summary>
    public int Clog { get; init; }

    /// <summary>Nothing reaches a CPU for a while, and it does nothing.</summary>
    public int SlowCpu { get; init; }

    /// <summary>A CPU takes no message for a while, and goes on executing.</summary>
    public int Masked { get; init; }

    /// <summary>A home refuses a request for no reason.</summary>
    public int Refuse { get; init; }

    /// <summary>The network brings a message twice, of the kinds its protocol survives.</summary>
    public int Duplicate { get; init; }

    /// <summary>A line or page is given up or shot down for no reason.</summary>
    public int Spurious { get; init; }

    public bool Any => Clog + SlowCpu + Masked + Refuse + Duplicate + Spurious > 0;
}

/// <summary>A subject and what is done to it: all a run depends on besides the order of its messages.</summary>
/// <param name="Shape">The subject.</param>
/// <param name="Ops">Each actor performs its own in order.</param>
/// <param name="Faults">Of network and CPUs.</param>
public sealed record Scenario(Shape Shape, StressOp[] Ops, FaultRates Faults);
