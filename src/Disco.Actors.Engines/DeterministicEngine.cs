using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <summary>
/// Everything on the caller's thread. The engine for tests, for replay and for small machines, and the only one on
/// which one observer can watch all nodes.
/// </summary>
/// <remarks>
/// Observers see each actor's events in its order and every effect after its cause, but nodes one after the other
/// within a window: the cycles they are told need not rise from call to call.
/// </remarks>
public sealed class DeterministicEngine(World world, EngineOptions options) : ExactEngine(world, options, threads: 1)
{
    /// <summary>To be filled before a run; observers never affect its outcome.</summary>
    public List<IObserver> Observers { get; } = [];

    /// <summary>
    /// Delivers one envelope of the cycle <see cref="Engine.Now"/>, the first in the total order. What is left of the
    /// cycle happens in the next call of this or of <see cref="Engine.Run"/>; in between the run can be saved.
    /// </summary>
    /// <returns>False when no envelope of this cycle is left, or the run has ended.</returns>
    public bool DeliverNext() => DeliverFirst();

    private protected override IObserver[] ObserversOf(int node) => [.. Observers, .. base.ObserversOf(node)];

    private protected override void RunWindows(long limit)
    {
        Partitions[0].Prepare(limit);
        Partitions[0].RunToEnd();
    }
}
