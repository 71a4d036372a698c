using Disco.Actors.Core;
using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Verification.Observers;

/// <summary>
/// Pages come to rest: none moves more often than its placement policy allows, until it is given back. Further replicas
/// of a page that has some are the same move. [Bolosky et al. 1989: a page is pinned after a number of moves]
/// </summary>
/// <param name="movesMax">From so many moves on a page stays.</param>
public sealed class MoveObserver(int movesMax) : IObserver
{
    private readonly SortedDictionary<ulong, int> _moves = [];

    public void Delivered(in Envelope envelope, Actor actor)
    {
    }

    public void Traced(Actor actor, Cycle cycle, in TraceEvent traceEvent) => See(traceEvent);

    public void See(in TraceEvent traceEvent)
    {
        if (traceEvent.Kind != MappingTrace.PageState)
        {
            return;
        }
        PageState old = (PageState)(byte)(traceEvent.B >> 8);
        PageState next = (PageState)(byte)traceEvent.B;
        if (next == PageState.Empty)
        {
            _moves.Remove(traceEvent.A);
        }
        bool begins = next == PageState.MigrateInvalidating
            || (next == PageState.ReplicateDowngrading && old != PageState.Replicated);
        if (!begins)
        {
            return;
        }
        int moves = _moves.GetValueOrDefault(traceEvent.A) + 1;
        _moves[traceEvent.A] = moves;
        if (moves > movesMax)
        {
            Invariant.Broken(
                $"page {(uint)traceEvent.A} of vm {traceEvent.A >> 32} moves to and fro: {moves} times, "
                + $"at most {movesMax}");
        }
    }

    public void Save(StateWriter writer)
    {
        writer.Write("moved", _moves.Count);
        foreach ((ulong page, int moves) in _moves)
        {
            writer.Write("page", page);
            writer.Write("moves", moves);
        }
    }

    public void Load(StateReader reader)
    {
        _moves.Clear();
        int count = reader.ReadInt32("moved");
        for (int i = 0; i < count; i++)
        {
            ulong page = reader.ReadUInt64("page");
            _moves.Add(page, reader.ReadInt32("moves"));
        }
    }
}
