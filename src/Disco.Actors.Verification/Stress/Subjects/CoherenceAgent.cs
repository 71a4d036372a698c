using Disco.Actors.Core;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Verification.Stress.Subjects;

/// <summary>A shipping cache with a program of ops in place of a CPU. Between a grant and its use anything may happen.
/// </summary>
internal sealed unsafe class CoherenceAgent : Actor
{
    private const int AttemptsMax = 3;

    private static readonly Message StepMessage = new() { Kind = Subject.StepKind };

    private readonly CoherenceGhosts _ghosts;

    // State besides the cache's: 0, or 1 when an increment has loaded and is to store; attempts; the value loaded.
    private int _phase;
    private int _attempts;
    private ulong _linked;

    /// <summary>An access to give up waits for its grant.</summary>
    private bool _givesUp;

    public CoherenceAgent(int agent, int node, CacheConfig config, Fabric fabric, CoherenceGhosts ghosts, bool observes)
        : base(Address.Cpu(agent), node)
    {
        Cache = new CoherentCache(agent, config, fabric);
        _ghosts = ghosts;
        Observed = new Observations(observes);
    }

    public CoherentCache Cache { get; }

    public DriverOps Ops { get; } = new();

    /// <summary>The value of each load and store.</summary>
    public Observations Observed { get; }

    public bool IsFinished => Ops.IsDone && !Cache.Waiting;

    public override WaitsFor? Waiting => Cache.WaitingFor;

    public override void Receive(in Envelope envelope, Context context)
    {
        if (envelope.Message.Kind != Subject.StepKind)
        {
            if (Cache.Receive(envelope, context))
            {
                context.After(1, StepMessage);
            }
            return;
        }
        if (!Ops.IsDone && TryPerform(Ops.Current, context))
        {
            Ops.Next++;
            (_phase, _attempts, _givesUp) = (0, 0, false);
        }
        if (!Ops.IsDone && !Cache.Waiting)
        {
            context.After(1, StepMessage);
        }
    }

    public override void Save(StateWriter writer)
    {
        Cache.Save(writer);
        writer.Write("next", Ops.Next);
        writer.Write("phase", _phase);
        writer.Write("attempts", _attempts);
        writer.Write("linked", _linked);
        writer.Write("givesUp", _givesUp);
        Observed.Save(writer);
    }

    public override void Load(StateReader reader)
    {
        Cache.Load(reader);
        Ops.Next = reader.ReadInt32("next");
        _phase = reader.ReadInt32("phase");
        _attempts = reader.ReadInt32("attempts");
        _linked = reader.ReadUInt64("linked");
        _givesUp = reader.ReadBool("givesUp");
        Observed.Load(reader);
    }

    private bool TryPerform(in StressOp op, Context context)
    {
        MachineAddress word = _ghosts.AddressOf(op.A);
        switch (op.Kind)
        {
            case OpKind.Load:
                return TryLoad(op.A, word, context);
            case OpKind.Store:
                return TryStore(op.A, word, context);
            case OpKind.Increment:
                return TryIncrement(op.A, word, context);
            case OpKind.Evict:
                Cache.TryEvict(Cache.LineOf(word), context);
                return true;
            case OpKind.GiveUp:
                if (!_givesUp && Cache.Access(word, AccessKind.Store, context, out _) is null)
                {
                    _givesUp = true;
                    return false;
                }
                _ghosts.Owner.Happened(Sometimes.LinePassedOnUnused);
                Cache.AccessPerformed(context);
                return true;
            default:
                return Invariant.Unreachable<bool>($"a cache does no {op.Kind}");
        }
    }

    private bool TryLoad(int word, MachineAddress address, Context context)
    {
        byte* host = Cache.Access(address, AccessKind.Load, context, out _);
        if (host is null)
        {
            return false;
        }
        bool once = Cache.StateOf(Cache.LineOf(address)) == CacheState.Once;
        _ghosts.Loaded(Address, word, *(ulong*)host, once);
        Observed.Add(*(ulong*)host);
        Cache.AccessPerformed(context);
        return true;
    }

    private bool TryStore(int word, MachineAddress address, Context context)
    {
        byte* host = Cache.Access(address, AccessKind.Store, context, out _);
        if (host is null)
        {
            return false;
        }
        *(ulong*)host = _ghosts.NextValue(word);
        Observed.Add(*(ulong*)host);
        Cache.AccessPerformed(context);
        return true;
    }

    /// <summary>LL, and SC in a later step; tried again a few times when the link was lost.</summary>
    private bool TryIncrement(int word, MachineAddress address, Context context)
    {
        if (_phase == 0)
        {
            byte* linked = Cache.Access(address, AccessKind.Load, context, out _);
            if (linked is null)
            {
                return false;
            }
            _linked = *(ulong*)linked;
            bool once = Cache.StateOf(Cache.LineOf(address)) == CacheState.Once;
            _ghosts.Loaded(Address, word, _linked, once);
            Cache.SetLink(address);
            Cache.AccessPerformed(context);
            _phase = 1;
            return false;
        }
        if (!Cache.LinkValid)
        {
            _ghosts.Owner.Happened(Sometimes.ConditionalStoreFails);
            // A grant for the line must not stay unused.
            Cache.AccessPerformed(context);
            _phase = 0;
            return ++_attempts == AttemptsMax;
        }
        byte* host = Cache.Access(address, AccessKind.Store, context, out _);
        if (host is null)
        {
            return false;
        }
        _ghosts.Conditional(Address, word, _linked);
        _ghosts.Owner.Happened(Sometimes.ConditionalStoreSucceeds);
        *(ulong*)host = _ghosts.NextValue(word);
        Cache.ClearLink();
        Cache.AccessPerformed(context);
        return true;
    }
}
