using Disco.Actors.Core;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Directory;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Machine.Boards;

/// <summary>An agent that is not the board's own.</summary>
/// <param name="Number">In the sharer sets.</param>
/// <param name="Address">Of its actor.</param>
/// <param name="Node">Where it lives.</param>
public sealed record DrivenAgent(int Number, Address Address, int Node);

/// <content>A board's memory system without its CPUs and devices.</content>
public sealed partial class MachineBuilder
{
    /// <summary>
    /// Builds directories, memories and networks of a board, and around them the given agents in place of its CPUs and
    /// devices. Errors: <see cref="BoardException"/> when the board cannot be built.
    /// </summary>
    /// <param name="config">Of the coherent fidelity.</param>
    /// <param name="agents">Those that have caches.</param>
    /// <param name="make">Makes an agent's actor; its cache is the board's second level, without a first.</param>
    public static World BuildDriven(
        BoardConfig config, IReadOnlyList<DrivenAgent> agents, Func<DrivenAgent, CacheConfig, Fabric, Actor> make)
    {
        if (config.Problems() is [string first, ..])
        {
            throw new BoardException(first);
        }
        MachineBuilder builder = new(config);
        Invariant.Holds(builder.IsCoherent);
        Fabric fabric = builder._fabric;
        foreach (DrivenAgent agent in agents)
        {
            fabric.PlaceAgent(agent.Number, agent.Address, agent.Node);
        }
        CacheConfig caches = config.ToCaches() with { FirstCode = null, FirstData = null };
        int lineBytes = config.Second.LineBytes;
        return new World(
            [
                .. builder.MakeMemories(),
                .. builder.PerNode(node => new DirectoryController(node, fabric, lineBytes)),
                .. builder.PerNode(node => new NetworkActor(node, fabric)),
                .. agents.Select(agent => make(agent, caches, fabric)),
            ],
            fabric.Config.Lookahead,
            new MachineMessageNames());
    }
}
