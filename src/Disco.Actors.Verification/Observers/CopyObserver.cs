using Disco.Actors.Core;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Verification.Observers;

/// <summary>
/// Single writer or many readers: at no time may one cache write a line that another may read. Follows the states of
/// all caches from the trace alone.
/// </summary>
public sealed class CopyObserver : IObserver
{
    private readonly Dictionary<ulong, Rights> _byLine = [];

    /// <summary>State changes seen.</summary>
    public long Changes { get; private set; }

    public void Delivered(in Envelope envelope, Actor actor)
    {
    }

    public void Traced(Actor actor, Cycle cycle, in TraceEvent traceEvent)
    {
        if (traceEvent.Kind != CoherenceTrace.CacheState)
        {
            return;
        }
        Changes++;
        CacheState next = (CacheState)(byte)traceEvent.B;
        Rights rights = _byLine.GetValueOrDefault(traceEvent.A);
        UInt128 agent = UInt128.One << (int)traceEvent.C;
        rights.Readers = CopyRights.MayRead(next) ? rights.Readers | agent : rights.Readers & ~agent;
        rights.Writers = CopyRights.MayWrite(next) ? rights.Writers | agent : rights.Writers & ~agent;
        _byLine[traceEvent.A] = rights;
        bool coherent = rights.Writers == 0
            || (rights.Writers == rights.Readers && UInt128.PopCount(rights.Writers) == UInt128.One);
        if (!coherent)
        {
            Invariant.Broken(
                $"line 0x{traceEvent.A:x} has a writer and another copy at {cycle}: readers {rights.Readers:x}, "
                + $"writers {rights.Writers:x}, {actor.Address} enters {next}");
        }
    }

    private record struct Rights(UInt128 Readers, UInt128 Writers);
}
