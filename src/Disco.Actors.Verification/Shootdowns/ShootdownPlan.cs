using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Shootdowns;

/// <summary>What a system under test consists of, and what its drivers do.</summary>
public sealed record ShootdownPlan
{
    public ShootdownConfig Config { get; init; } = new();

    public InterconnectConfig Interconnect { get; init; } = new();

    public int Nodes { get; init; } = 1;

    public int CpusPerNode { get; init; } = 1;

    public int Vms { get; init; } = 1;

    /// <summary>Pages of each virtual machine.</summary>
    public int Pages { get; init; } = 1;

    /// <summary>Shootdowns of each virtual machine.</summary>
    public int Shootdowns { get; init; } = 1;

    /// <summary>How many of these may be open at a time.</summary>
    public int OpenMax { get; init; } = 1;

    /// <summary>The longest pause before a shootdown, and from a completion to the change of the mapping.</summary>
    public int PauseCyclesMax { get; init; } = 1;
    public int EndCyclesMax { get; init; }

    /// <summary>One shootdown in so many is urgent; 0 for none.</summary>
    public int UrgentOneIn { get; init; } = 4;

    /// <summary>Steps of each CPU: it uses pages, asks for them, idles.</summary>
    public int Steps { get; init; }

    /// <summary>The longest pause between a CPU's steps.</summary>
    public int StepCyclesMax { get; init; } = 1;

    /// <summary>Who is said to hold a page; none for those it was given to.</summary>
    public CpuSet Holders { get; init; }

    public ulong Seed { get; init; } = 1;

    public int Cpus => Nodes * CpusPerNode;
}
