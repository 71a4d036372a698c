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
public sealed class DeterministicEngine(World world, EngineOptions options) : Engine(world, options, threads: 1)
{
    /// <summary>To be filled before a run; observers never affect its outcome.</summary>
    public List<IObserver> Observers { get; } = [];

    private protected override IObserver[] ObserversOf(int node) => [.. Observers, .. base.ObserversOf(node)];

    private protected override void RunWindows(long limit)
    {
        Partitions[0].Prepare(limit);
        Partitions[0].RunToEnd();
    }
}
