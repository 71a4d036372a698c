using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Machine.Caches;

/// <content>
/// After nodes are lost all caches begin anew, as in the recovery of FLASH: what they alone had is back in memory, and
/// no message of the protocol is under way. [Teodosiu et al., ISCA'97]
/// </content>
public sealed unsafe partial class CoherentCache
{
    /// <summary>The lines here that are worth something, the bytes that are newer than memory last.</summary>
    internal IEnumerable<(LineAddress Line, CopyWorth Worth)> Copies()
    {
        for (int slot = 0; slot < _writebacks.Slots; slot++)
        {
            if (_writebacks.StateOf(slot) is CacheState.MI or CacheState.EI)
            {
                yield return (_writebacks.LineOf(slot), CopyWorth.Leaving);
            }
        }
        for (int frame = 0; frame < _array.Frames; frame++)
        {
            CacheState state = _array.StateOf(frame);
            if (CacheArray.HasBytes(state) && state != CacheState.Once)
            {
                bool owned = (Writable >> (int)state & 1) != 0;
                yield return (_array.LineOf(frame), owned ? CopyWorth.Owned : CopyWorth.Shared);
            }
        }
    }

    /// <summary>Gives up every line without telling anybody but the listener.</summary>
    /// <param name="forgets">The access under way is not wanted any more; else it is asked for anew.</param>
    /// <returns>The message to itself on which it asks anew; null when it has nothing to ask.</returns>
    public Message? Empty(bool forgets)
    {
        for (int frame = 0; frame < _array.Frames; frame++)
        {
            if (_array.StateOf(frame) != CacheState.I)
            {
                LineAddress line = _array.LineOf(frame);
                byte* bytes = _array.BytesOf(frame);
                _array.Set(frame, CacheState.I);
                LoseLine(line, bytes);
            }
        }
        for (int slot = 0; slot < _writebacks.Slots; slot++)
        {
            _writebacks.Set(slot, CacheState.I);
        }
        ClearLink();
        Miss miss = _miss;
        _miss = new Miss { Frame = CacheArray.None };
        if (forgets || miss.Phase == MissPhase.None)
        {
            return null;
        }
        // As if refused: the pause is over when the message comes.
        int free = _array.VictimFor(miss.Line);
        _array.Assign(free, miss.Line);
        _array.Set(free, miss.Store ? CacheState.IMPause : CacheState.ISPause);
        _miss = miss with
        {
            Phase = MissPhase.Requested, Frame = free, Retries = 0, Deferred = default,
        };
        return new CoherenceMessage(CoherenceKind.Retry, miss.Line, Agent, Agent, 0).Pack();
    }
}
