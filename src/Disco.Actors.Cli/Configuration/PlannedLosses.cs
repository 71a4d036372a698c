using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Hocon;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Cli.Configuration;

/// <summary>Nodes that are lost in a run on purpose, and when: a fault that can be repeated.</summary>
/// <param name="Losses">By time, each time once, counted from where the run begins.</param>
public sealed record PlannedLosses(IReadOnlyList<(long AfterCycles, NodeSet Nodes)> Losses)
{
    private const string Wanted = "like 2-3@1500000 or '2-3@2ms 5@3ms': nodes, and after how much time they are lost";

    /// <summary>Errors: <see cref="UserError"/>.</summary>
    public static PlannedLosses Of(Settings settings, BoardConfig board, EngineKind engine)
    {
        SortedDictionary<long, NodeSet> losses = [];
        foreach (string word in settings.Text("run.lose").Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = word.Split('@');
            if (parts.Length != 2 || !NodeSet.TryParse(parts[0], out NodeSet nodes)
                || CyclesOf(parts[1], board) is not { } cycles)
            {
                throw settings.Misfit("run.lose", Wanted);
            }
            if (nodes.Except(NodeSet.Below(board.Nodes)) is { IsEmpty: false } absent)
            {
                throw new UserError($"run.lose names node {absent.First}, but the board {board.Name} has nodes 0 to "
                    + $"{board.Nodes - 1}.");
            }
            losses[cycles] = losses.GetValueOrDefault(cycles) | nodes;
        }
        if (losses.Count > 0 && engine == EngineKind.Akka)
        {
            throw new UserError(
                "On the Akka engine nodes are lost with their process: end one, or use --engine parallel.");
        }
        if (losses.Count > 0 && (board.Fidelity == Fidelity.Fast || board.Topology == TopologyKind.Uma))
        {
            throw new UserError("Nodes are lost where they are apart: use run.lose with the coherent fidelity and a "
                + "topology other than uma.");
        }
        return new PlannedLosses([.. losses.Select(loss => (loss.Key, loss.Value))]);
    }

    /// <summary>Runs as <paramref name="run"/> does, and loses what is lost on the way.</summary>
    /// <param name="engine">At its beginning.</param>
    /// <param name="until">The end at the latest.</param>
    /// <param name="post">Of the engine or of the recorder.</param>
    /// <param name="run">Runs to a cycle; true when the run ends there at the latest.</param>
    public RunResult Run(Engine engine, Cycle until, TypedKeys.Poster post, Func<Cycle, bool, RunResult> run)
    {
        Cycle start = engine.Now;
        foreach ((long after, NodeSet nodes) in Losses.Where(loss => (start + loss.AfterCycles).Value < until.Value))
        {
            RunResult result = run(start + after, false);
            if (result.Outcome != Outcome.ReachedLimit)
            {
                return result;
            }
            post(NodeLoss.From, Address.Cpu(0), NodeLoss.Of(nodes), engine.Now);
        }
        return run(until, true);
    }

    private static long? CyclesOf(string text, BoardConfig board) =>
        long.TryParse(text, out long cycles) && cycles > 0 ? cycles
            : HoconUnits.Duration(text) is { } nanoseconds and > 0
                ? InterconnectConfig.FromNanoseconds((double)nanoseconds, board.ClockHz / 1e6)
                : null;
}
