using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Vmm.VirtualCpus;

/// <summary>What is the same on all CPUs of a machine with monitor.</summary>
public sealed record MonitorConfig
{
    public MonitorCosts Costs { get; init; } = new();

    public ShootdownConfig Shootdown { get; init; } = new();
}
