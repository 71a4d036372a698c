using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Verification.Drivers;

namespace Disco.Actors.Cli.WhatIf;

/// <summary>What the memory system did for a stream of requests.</summary>
/// <param name="LocalMisses">Answered by the own node's memory.</param>
/// <param name="RemoteMisses">By another node's.</param>
/// <param name="Hits">Requests that found their line in the cache, because others' came in another order.</param>
/// <param name="MeanLatencyCycles">Of the misses.</param>
/// <param name="Messages">Of the coherence protocol.</param>
/// <param name="Cycles">Until the end of the run.</param>
internal sealed record WhatIfFigures(
    long LocalMisses, long RemoteMisses, long Hits, double MeanLatencyCycles, long Messages, long Cycles)
{
    public long Misses => LocalMisses + RemoteMisses;
}

/// <summary>Drives recorded requests into the memory system of a board.</summary>
internal static class WhatIfRun
{
    /// <summary>What the recorded run itself shows.</summary>
    public static WhatIfFigures Recorded(RecordedRequests requests, Cycle end)
    {
        long misses = requests.LocalMisses + requests.RemoteMisses;
        return new WhatIfFigures(
            requests.LocalMisses, requests.RemoteMisses, 0, misses == 0 ? 0 : requests.MissCycles / (double)misses,
            requests.Messages, end.Value);
    }

    /// <summary>
    /// The same requests on a board. The estimated end is that of the agent whose recorded requests ended last, with
    /// what it computed after them.
    /// </summary>
    /// <param name="requests">The recorded ones; there is at least one.</param>
    /// <param name="end">Of the recorded run.</param>
    /// <param name="board">Has as many CPUs as the recorded one, or more.</param>
    /// <param name="options">Of the engine.</param>
    /// <param name="cancelled">Asked now and then.</param>
    /// <returns>Null when cancelled.</returns>
    public static WhatIfFigures? On(
        RecordedRequests requests, Cycle end, BoardConfig board, EngineOptions options, Func<bool> cancelled)
    {
        List<RequestDriver> drivers = [];
        DrivenAgent[] agents =
        [
            .. requests.Agents.Select(agent => new DrivenAgent(
                agent.Number, agent.Address,
                agent.Address.Role == Role.Cpu ? board.NodeOf(agent.Number) : agent.Node % board.Nodes)),
        ];
        Dictionary<int, RequestStream> streams = requests.Agents.ToDictionary(
            agent => agent.Number, agent => agent.Stream);
        World world = MachineBuilder.BuildDriven(board, agents, (agent, caches, fabric) =>
        {
            RequestDriver driver = new(
                agent.Number, agent.Address, agent.Node, caches, fabric, streams[agent.Number]);
            drivers.Add(driver);
            return driver;
        });
        DeterministicEngine engine = new(world, options);
        RunResult result = engine.Run(Cycle.Never, cancelled);
        if (result.Outcome == Outcome.Cancelled)
        {
            return null;
        }
        Invariant.Holds(result.Outcome == Outcome.NoProgress && drivers.TrueForAll(driver => driver.IsFinished));

        long[] kinds = engine.DeliveriesByKind();
        long messages = kinds.AsSpan(CoherenceMessage.Family << 8, 256).ToArray().Sum();
        long misses = drivers.Sum(driver => driver.Cache.Statistics.Misses);
        RecordedRequests.Agent last = requests.Agents.MaxBy(agent => agent.Last)!;
        RequestDriver lastDriver = drivers.Find(driver => driver.Address == last.Address)!;
        return new WhatIfFigures(
            drivers.Sum(driver => driver.Cache.Statistics.LocalMisses),
            drivers.Sum(driver => driver.Cache.Statistics.RemoteMisses),
            drivers.Sum(driver => driver.Hits),
            misses == 0 ? 0 : drivers.Sum(driver => driver.Cache.Statistics.MissCycles) / (double)misses,
            messages,
            lastDriver.LastAnswer.Value + (end.Value - last.Last));
    }
}
