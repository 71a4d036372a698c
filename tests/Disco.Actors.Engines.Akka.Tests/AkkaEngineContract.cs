using Disco.Actors.Core;
using Disco.Actors.Engines.Tests;

namespace Disco.Actors.Engines.Akka.Tests;

/// <summary>
/// What every engine promises, with little pieces, so that actors take turns often. What demands the exact order is not
/// among it (ExactEngineContract).
/// </summary>
public sealed class AkkaEngineContract : EngineContract, IDisposable
{
    private readonly List<AkkaEngine> _engines = [];

    public void Dispose() => _engines.ForEach(engine => engine.Dispose());

    private protected override Engine Create(World world, EngineOptions options)
    {
        AkkaEngine engine = new(
            world, options with { Threads = 2 }, new AkkaOptions { WindowCycles = 300, SliceCycles = 40 });
        _engines.Add(engine);
        return engine;
    }
}
