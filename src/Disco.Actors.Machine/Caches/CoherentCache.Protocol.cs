using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Machine.Caches;

/// <content>Performs what <see cref="CacheProtocol"/> says.</content>
public sealed unsafe partial class CoherentCache
{
    private const CacheDo AnyPut = CacheDo.SendPutClean | CacheDo.SendPutDirty;
    private const CacheDo AnyRequest = CacheDo.SendGetS | CacheDo.SendGetX | CacheDo.SendUpgrade;
    private const CacheDo AnyData = CacheDo.SendDataShared | CacheDo.SendDataExclusive | CacheDo.SendDataModified;
    private const CacheDo AnyForwardEnd =
        CacheDo.SendSharingWriteback | CacheDo.SendSharingWritebackDirty | CacheDo.SendOwnershipTransfer;

    /// <summary>Handles a message of the coherence family.</summary>
    /// <returns>True when the access that waited may be performed now.</returns>
    public bool Receive(in Envelope envelope, Context context)
    {
        CoherenceMessage message = CoherenceMessage.From(envelope.Message);
        CacheEvent e = EventOf(message.Kind);
        Count(e);
        int slot = _writebacks.Find(message.Line);
        if (slot >= 0)
        {
            StepWriteback(slot, e, message, context);
            return false;
        }
        ReadOnlySpan<byte> line = ((ReadOnlySpan<byte>)envelope.Payload)[..envelope.Message.PayloadBytes];
        return Step(_array.Find(message.Line), e, message, line, context);
    }

    private static CacheEvent EventOf(CoherenceKind kind) => kind switch
    {
        CoherenceKind.DataShared => CacheEvent.DataShared,
        CoherenceKind.DataExclusive => CacheEvent.DataExclusive,
        CoherenceKind.DataModified => CacheEvent.DataModified,
        CoherenceKind.UpgradeAck => CacheEvent.UpgradeAck,
        CoherenceKind.Nack => CacheEvent.Nack,
        CoherenceKind.Retry => CacheEvent.Retry,
        CoherenceKind.Inval => CacheEvent.Inval,
        CoherenceKind.FwdGetS => CacheEvent.FwdGetS,
        CoherenceKind.FwdGetX => CacheEvent.FwdGetX,
        CoherenceKind.WbAck => CacheEvent.WbAck,
        _ => Invariant.Unreachable<CacheEvent>($"a cache received {kind}"),
    };

    private void Count(CacheEvent e)
    {
        if (e == CacheEvent.Nack)
        {
            Statistics.Nacks++;
        }
        else if (e == CacheEvent.Inval)
        {
            Statistics.InvalsReceived++;
        }
        else if (e is CacheEvent.FwdGetS or CacheEvent.FwdGetX)
        {
            Statistics.ForwardsReceived++;
        }
    }

    /// <summary>
    /// Makes room and sends the request, or leaves the miss blocked until a writeback is acknowledged.
    /// </summary>
    private void StartMiss(Context context)
    {
        _miss.Phase = MissPhase.Blocked;
        int slot = _writebacks.Find(_miss.Line);
        CacheEvent e = _miss.Store ? CacheEvent.Store : CacheEvent.Load;
        if (slot >= 0)
        {
            CacheStep wait = CacheProtocol.Next(_writebacks.StateOf(slot), e);
            TraceStep(_miss.Line, _writebacks.StateOf(slot), e, context);
            Invariant.Holds(wait.Do == CacheDo.WaitForWriteback);
            return;
        }
        int frame = _array.Find(_miss.Line);
        if (frame < 0)
        {
            frame = _array.VictimFor(_miss.Line);
            if (_array.StateOf(frame) != CacheState.I && !TryEvictFrame(frame, context))
            {
                return;
            }
            _array.Assign(frame, _miss.Line);
        }
        _miss.Phase = MissPhase.Requested;
        _miss.Frame = frame;
        CoherenceMessage own = new(CoherenceKind.None, _miss.Line, Agent, Agent, 0);
        Step(frame, e, own, default, context);
    }

    private bool TryEvictFrame(int frame, Context context)
    {
        CacheStep step = CacheProtocol.Next(_array.StateOf(frame), CacheEvent.Evict);
        TraceStep(_array.LineOf(frame), _array.StateOf(frame), CacheEvent.Evict, context);
        CacheMutants.Change(_array.StateOf(frame), CacheEvent.Evict, ref step);
        Invariant.Holds(step.Do != CacheDo.Impossible);
        LineAddress line = _array.LineOf(frame);
        byte* bytes = _array.BytesOf(frame);
        if ((step.Do & AnyPut) != 0)
        {
            int slot = _writebacks.FindFree();
            if (slot < 0)
            {
                return false;
            }
            _writebacks.Put(slot, line, step.Next, bytes);
            Trace(line, CacheState.I, step.Next, context);
            bool dirty = (step.Do & CacheDo.SendPutDirty) != 0;
            CoherenceKind kind = dirty ? CoherenceKind.PutDirty : CoherenceKind.PutClean;
            SendHome(kind, line, Agent, dirty ? bytes : null, context);
            Statistics.Writebacks++;
        }
        Enter(frame, CacheState.I, context);
        LoseLine(line, bytes);
        return true;
    }

    /// <summary>One step of the protocol for a line of the cache proper, or for one that is not here at all.</summary>
    private bool Step(
        int frame, CacheEvent e, in CoherenceMessage message, ReadOnlySpan<byte> line, Context context)
    {
        CacheState state = frame >= 0 ? _array.StateOf(frame) : CacheState.I;
        CacheStep step = CacheProtocol.Next(state, e);
        TraceStep(message.Line, state, e, context);
        CacheMutants.Change(state, e, ref step);
        if (step.Do == CacheDo.Impossible)
        {
            Invariant.Broken($"{_owner} cannot handle {message} in state {state} at {context.Now}");
        }
        byte* bytes = frame >= 0 ? _array.BytesOf(frame) : null;
        if ((step.Do & CacheDo.InstallLine) != 0)
        {
            Invariant.Holds(line.Length == LineBytes);
            line.CopyTo(new Span<byte>(bytes, LineBytes));
        }
        Send(step.Do, message, bytes, context);
        if (step.Next != state)
        {
            Invariant.Holds(frame >= 0);
            Enter(frame, step.Next, context);
        }
        Tell(step.Do, message.Line, bytes);
        if ((step.Do & (CacheDo.StartPause | CacheDo.DeferForward)) != 0)
        {
            Postpone(step.Do, message, context);
        }
        return step.Next != state && IsGranted(step.Next) && Grant(e, context);
    }

    private void StepWriteback(int slot, CacheEvent e, in CoherenceMessage message, Context context)
    {
        CacheState state = _writebacks.StateOf(slot);
        CacheStep step = CacheProtocol.Next(state, e);
        TraceStep(message.Line, state, e, context);
        CacheMutants.Change(state, e, ref step);
        if (step.Do == CacheDo.Impossible)
        {
            Invariant.Broken($"{_owner} cannot handle {message} in state {state} at {context.Now}");
        }
        Send(step.Do, message, _writebacks.BytesOf(slot), context);
        _writebacks.Set(slot, step.Next);
        Trace(message.Line, state, step.Next, context);
        if ((step.Do & CacheDo.FreeWriteback) != 0 && _miss.Phase == MissPhase.Blocked)
        {
            StartMiss(context);
        }
    }

    private static bool IsGranted(CacheState state) =>
        state is CacheState.SPending or CacheState.EPending or CacheState.MPending or CacheState.Once;

    /// <summary>The wait is over; false for steps between two granted states.</summary>
    private bool Grant(CacheEvent e, Context context)
    {
        if (_miss.Phase == MissPhase.Granted)
        {
            return false;
        }
        Invariant.Holds(_miss.Phase == MissPhase.Requested);
        _miss.Phase = MissPhase.Granted;
        if (e == CacheEvent.UpgradeAck)
        {
            Statistics.Upgrades++;
        }
        bool local = _fabric.Homes.HomeOf(new MachineAddress(_miss.Line.Value)).Value == _node;
        Statistics.CountMiss(local, context.Now.Value - _miss.Since);
        return true;
    }

    private void Send(CacheDo actions, in CoherenceMessage message, byte* bytes, Context context)
    {
        LineAddress line = message.Line;
        if ((actions & AnyRequest) != 0)
        {
            CoherenceKind kind = (actions & CacheDo.SendGetS) != 0 ? CoherenceKind.GetS
                : (actions & CacheDo.SendGetX) != 0 ? CoherenceKind.GetX
                : CoherenceKind.Upgrade;
            SendHome(kind, line, Agent, null, context);
        }
        if ((actions & CacheDo.SendInvalAck) != 0)
        {
            SendHome(CoherenceKind.InvalAck, line, message.Requester, null, context);
        }
        if ((actions & AnyData) != 0)
        {
            CoherenceKind kind = (actions & CacheDo.SendDataShared) != 0 ? CoherenceKind.DataShared
                : (actions & CacheDo.SendDataExclusive) != 0 ? CoherenceKind.DataExclusive
                : CoherenceKind.DataModified;
            CoherenceMessage data = new(kind, line, message.Requester, Agent, 0);
            ReadOnlySpan<byte> payload = new(bytes, LineBytes);
            _fabric.Send(context, _owner, _fabric.AgentAt(message.Requester), 0, data.Pack(), payload);
        }
        if ((actions & AnyForwardEnd) != 0)
        {
            bool dirty = (actions & CacheDo.SendSharingWritebackDirty) != 0;
            CoherenceKind kind = dirty ? CoherenceKind.SharingWritebackDirty
                : (actions & CacheDo.SendSharingWriteback) != 0 ? CoherenceKind.SharingWriteback
                : CoherenceKind.OwnershipTransfer;
            SendHome(kind, line, message.Requester, dirty ? bytes : null, context);
        }
    }

    private void SendHome(CoherenceKind kind, LineAddress line, byte requester, byte* bytes, Context context)
    {
        // Only a request says how often it was refused.
        int retries = kind is CoherenceKind.GetS or CoherenceKind.GetX or CoherenceKind.Upgrade ? _miss.Retries : 0;
        CoherenceMessage message = new(kind, line, requester, Agent, (byte)retries);
        ReadOnlySpan<byte> payload = bytes is null ? default : new(bytes, LineBytes);
        _fabric.Send(context, _owner, HomeOf(line), 0, message.Pack(), payload);
    }

    private void Tell(CacheDo actions, LineAddress line, byte* bytes)
    {
        if ((actions & CacheDo.LineLost) != 0)
        {
            LoseLine(line, bytes);
        }
        if ((actions & CacheDo.LineDowngraded) != 0)
        {
            DowngradeFirstLevel(line);
            _listener.LineDowngraded(line, bytes);
        }
    }

    private void LoseLine(LineAddress line, byte* bytes)
    {
        bool linked = _linkValid && _linkLine == line;
        Mutants.Set(Mutant.CacheKeepsLink, ref linked, false);
        if (linked)
        {
            ClearLink();
        }
        DropFirstLevel(_firstCode, line);
        DropFirstLevel(_firstData, line);
        _listener.LineLost(line, bytes);
    }

    private void Postpone(CacheDo actions, in CoherenceMessage message, Context context)
    {
        if ((actions & CacheDo.DeferForward) != 0)
        {
            Invariant.Holds(_miss.Deferred.Kind == CoherenceKind.None);
            Invariant.Holds(_miss.Line == message.Line);
            _miss.Deferred = new Deferred(message.Kind, message.Requester);
            return;
        }
        InterconnectConfig config = _fabric.Config;
        long pause = message.IsPromise
            ? config.BackoffCycles
            : Math.Min(config.BackoffCycles << Math.Min(_miss.Retries, 16), config.BackoffCyclesMax);
        if (config.BackoffRandom)
        {
            pause += _random.Below((int)pause);
        }
        _miss.Retries = Math.Min(_miss.Retries + 1, config.RetriesMax);
        CoherenceMessage retry = new(CoherenceKind.Retry, message.Line, Agent, Agent, 0);
        context.After(pause, retry.Pack());
    }

    /// <summary>The one place where a line of the cache proper changes its state.</summary>
    private void Enter(int frame, CacheState next, Context context)
    {
        Trace(_array.LineOf(frame), _array.StateOf(frame), next, context);
        _array.Set(frame, next);
    }

    private void Trace(LineAddress line, CacheState old, CacheState next, Context context)
    {
        if (context.Tracing)
        {
            ulong states = ((ulong)old << 8) | (ulong)next;
            context.Trace(new TraceEvent(CoherenceTrace.CacheState, line.Value, states, Agent));
        }
    }

    private static void TraceStep(LineAddress line, CacheState state, CacheEvent e, Context context)
    {
        if (context.Tracing)
        {
            context.Trace(new TraceEvent(CoherenceTrace.CacheStep, line.Value, (ulong)state, (ulong)e));
        }
    }
}
