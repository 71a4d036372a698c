using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Shootdown;

/// <summary>What a shootdown does to the CPU it reaches. The CPU's monitor implements it.</summary>
public interface IResponderCpu
{
    /// <summary>
    /// True when the CPU executes nothing and will call <see cref="ShootdownResponder.Drain"/> before it does again.
    /// </summary>
    bool IsIdle { get; }

    /// <summary>
    /// Removes translations at once, of all vCPUs of the virtual machine that the CPU holds: TLB, L2TLB, pmap copies.
    /// A fill under way for such a page whose answer will be older than the generation is to be asked for again.
    /// </summary>
    void Remove(in Invalidation what);

    /// <summary>Charges the CPU with monitor work, behind what it is busy with already.</summary>
    /// <param name="cycles">Of work, 0 or more.</param>
    /// <param name="now">The present cycle.</param>
    /// <returns>Cycles from now until the work is done.</returns>
    long Occupy(long cycles, Cycle now);

    /// <summary>The CPU executes no guest instruction until <see cref="Resume"/>; it still handles messages.</summary>
    void Stop();

    /// <summary>The CPU may execute again when its work is done.</summary>
    void Resume(Cycle now);
}
