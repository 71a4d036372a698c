using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Shootdowns;

/// <summary>Shootdowns, one after the other or several at a time, on an otherwise idle machine.</summary>
public static class ShootdownMeasurement
{
    /// <param name="protocol">Which.</param>
    /// <param name="nodes">A power of two: the machine is a hypercube with the paper's latencies.</param>
    /// <param name="cpusPerNode">At least 1.</param>
    /// <param name="holders">CPUs 0 to this less 1 hold the page; the initiator lives on node 0.</param>
    /// <param name="shootdowns">How many.</param>
    /// <param name="seed">Decides the pauses between them.</param>
    /// <param name="open">How many at a time, without pauses when more than one.</param>
    /// <param name="topology">Of the machine; then the number of nodes has only to fit it.</param>
    public static ShootdownReport Run(
        ShootdownProtocol protocol, int nodes, int cpusPerNode, int holders, int shootdowns, ulong seed,
        int open = 1, TopologyKind topology = TopologyKind.Hypercube)
    {
        InterconnectConfig interconnect = new() { Topology = topology };
        ShootdownPlan plan = new()
        {
            Config = ShootdownConfig.For(protocol, interconnect),
            Interconnect = interconnect,
            Nodes = nodes,
            CpusPerNode = cpusPerNode,
            Shootdowns = shootdowns,
            OpenMax = open,
            PauseCyclesMax = open == 1 ? 10_000 : 1,
            UrgentOneIn = 0,
            Holders = CpuSet.Below(holders),
            Seed = seed,
        };
        ShootdownSystem system = new(plan);
        DeterministicEngine engine = new(system.World, new EngineOptions { Seed = seed });
        foreach ((Address target, Message message) in system.Starts())
        {
            engine.Post(default, target, message, new Cycle(1));
        }
        engine.Run(Cycle.Never);
        Invariant.Holds(system.IsFinished);
        return system.Report();
    }
}
