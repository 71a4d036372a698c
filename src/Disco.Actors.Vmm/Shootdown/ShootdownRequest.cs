namespace Disco.Actors.Vmm.Shootdown;

/// <summary>What a virtual machine's monitor wants done before it changes a mapping.</summary>
/// <param name="What">The translations that have to go.</param>
/// <param name="Transaction">The caller's name for it; unique among those not ended.</param>
/// <param name="Holders">
/// CPUs that may hold such a translation: a vCPU of the virtual machine is entered there, and the page was given to it
/// (or the answer is under way) since the last shootdown of the page that is complete.
/// </param>
/// <param name="Running">All CPUs where a vCPU of the virtual machine is entered. Includes the holders.</param>
public readonly record struct ShootdownRequest(Invalidation What, ulong Transaction, CpuSet Holders, CpuSet Running)
{
    /// <summary>Somebody waits for the end (a write that faulted): the lazy protocol does not put it off.</summary>
    public bool Urgent { get; init; }
}
