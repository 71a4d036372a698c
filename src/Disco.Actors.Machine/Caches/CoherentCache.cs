using System.Runtime.CompilerServices;
using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Machine.Caches;

public enum AccessKind : byte
{
    Fetch,
    Load,
    Store,
}

/// <summary>
/// The cache of one agent: a CPU, a device that reads and writes memory by itself, or a test's driver. Owned by
/// that agent's actor, which calls <see cref="Access"/>, hands every message of the coherence family to
/// <see cref="Receive"/> and has at most one access waiting.
/// </summary>
/// <remarks>
/// How an owner performs an access: <see cref="Access"/> gives a pointer, or null, and then a request is under way.
/// Some later <see cref="Receive"/> answers true; the owner repeats <see cref="Access"/>, which now gives the pointer,
/// performs the access and calls <see cref="AccessPerformed"/> in the same cycle. An owner that changed its mind
/// (an interrupt came first) calls <see cref="AccessPerformed"/> all the same, after its first instruction.
/// Since one access is outstanding at a time and a store waits for ownership, the machine is sequentially consistent.
/// </remarks>
public sealed unsafe partial class CoherentCache : ICopyHolder
{
    // States as sets, one bit a state: those that a load or fetch may use, a store, and a store that finds the line
    // modified already.
    private const uint StoredWithoutChange = (1 << (int)CacheState.M) | (1 << (int)CacheState.MPending);
    private const uint Writable = StoredWithoutChange | (1 << (int)CacheState.E) | (1 << (int)CacheState.EPending);
    private const uint Readable = Writable
        | (1 << (int)CacheState.S) | (1 << (int)CacheState.SPending) | (1 << (int)CacheState.Once);

    // Set once at construction.
    private readonly Fabric _fabric;
    private readonly Address _owner;
    private readonly int _node;
    private readonly CacheConfig _config;
    private readonly ICopyListener _listener;
    private readonly ulong _lineMask;

    // The cache's state.
    private readonly CacheArray _array;
    private readonly WritebackBuffer _writebacks;
    private readonly L1Tags? _firstCode;
    private readonly L1Tags? _firstData;
    private Miss _miss;
    private LineAddress _linkLine;
    private bool _linkValid;
    private SeededRandom _random;

    /// <param name="agent">The agent's number in the sharer sets; the fabric knows its address.</param>
    /// <param name="config">Shapes; the line length must be the machine's.</param>
    /// <param name="fabric">Of the machine.</param>
    /// <param name="listener">Told when pointers become stale.</param>
    public CoherentCache(int agent, CacheConfig config, Fabric fabric, ICopyListener? listener = null)
    {
        config.Check();
        Invariant.Holds(agent is >= 0 and < Fabric.AgentsMax);
        Agent = (byte)agent;
        _fabric = fabric;
        _owner = fabric.AgentAt(agent);
        _node = fabric.NodeOf(_owner);
        _config = config;
        _listener = listener ?? NoListener.Instance;
        _lineMask = (ulong)(config.Second.LineBytes - 1);
        _array = new CacheArray(config.Second);
        _writebacks = new WritebackBuffer(config.WritebackLines, config.Second.LineBytes);
        _firstCode = config.FirstCode is { } code ? new L1Tags(code) : null;
        _firstData = config.FirstData is { } data ? new L1Tags(data) : null;
        _miss.Frame = CacheArray.None;
        _random = new SeededRandom(TotalOrder.Mix((ulong)agent));
        fabric.AddHolder(this);
    }

    public byte Agent { get; }

    public int LineBytes => _config.Second.LineBytes;

    public CacheStatistics Statistics { get; } = new();

    /// <summary>The frame of the first-level cache that serves the last access that got a pointer.</summary>
    public int FirstFrame { get; private set; }

    /// <summary>True from the Access that gave null to the Receive that gives true.</summary>
    public bool Waiting => _miss.Phase is MissPhase.Blocked or MissPhase.Requested;

    /// <summary>True from the Receive that gave true to <see cref="AccessPerformed"/>.</summary>
    public bool Granted => _miss.Phase == MissPhase.Granted;

    /// <summary>Whom the waiting access waits for, for the report of a run without progress; null when none.</summary>
    public WaitsFor? WaitingFor => Waiting
        ? new WaitsFor(
            HomeOf(_miss.Line), $"line {_miss.Line} in state {StateOf(_miss.Line)}, refused {_miss.Retries} times")
        : null;

    /// <summary>True while the line of the last LL was not lost since (MIPS64 manual, LL and SC).</summary>
    public bool LinkValid => _linkValid;

    public LineAddress LineOf(MachineAddress address) => new(address.Value & ~_lineMask);

    /// <summary>
    /// Asks to perform an access now. Gives the host pointer of the addressed byte, good up to the end of its line
    /// until the listener says otherwise; for stores only when the access asked for was a store.
    /// </summary>
    /// <param name="address">Of the first byte; the access must not cross its line.</param>
    /// <param name="kind">Stores get a pointer only to a line that is this cache's alone.</param>
    /// <param name="context">At the cycle of the access.</param>
    /// <param name="stallCycles">What the access costs beyond the instruction's own cycle.</param>
    /// <returns>Null when the line has to be fetched first.</returns>
    public byte* Access(MachineAddress address, AccessKind kind, Context context, out int stallCycles)
    {
        LineAddress line = LineOf(address);
        int frame = _array.Find(line);
        if (frame >= 0 && CanPerform(_array.StateOf(frame), kind))
        {
            Hit(frame, kind, context);
            stallCycles = TouchFirstLevel(address, frame, kind);
            return _array.BytesOf(frame) + (address.Value & _lineMask);
        }
        stallCycles = 0;
        // Another line is needed before the granted one was used: the grant has to be given up first, or two agents
        // could each keep what the other waits for.
        AccessPerformed(context);
        Invariant.Holds(_miss.Phase == MissPhase.None);
        _miss.Line = line;
        _miss.Store = kind == AccessKind.Store;
        _miss.Retries = 0;
        _miss.Since = context.Now.Value;
        if (context.Tracing)
        {
            context.Trace(new TraceEvent(CoherenceTrace.Miss, line.Value, 0, Agent));
        }
        StartMiss(context);
        return null;
    }

    /// <summary>
    /// <see cref="Access"/> as far as it changes no line's state and so needs no context: null when it would have to.
    /// </summary>
    public byte* TryHit(MachineAddress address, AccessKind kind, out int stallCycles)
    {
        int frame = _array.Find(LineOf(address));
        uint states = kind == AccessKind.Store ? StoredWithoutChange : Readable;
        if (frame < 0 || (states >> (int)_array.StateOf(frame) & 1) == 0)
        {
            stallCycles = 0;
            return null;
        }
        stallCycles = TouchFirstLevel(address, frame, kind);
        return _array.BytesOf(frame) + (address.Value & _lineMask);
    }

    /// <summary>
    /// The granted access has been performed or given up: forwarded requests that waited for it are served, a line
    /// granted for once is dropped. Does nothing when no access is granted.
    /// </summary>
    public void AccessPerformed(Context context)
    {
        if (_miss.Phase != MissPhase.Granted)
        {
            return;
        }
        int frame = _miss.Frame;
        Deferred deferred = _miss.Deferred;
        _miss.Phase = MissPhase.None;
        _miss.Frame = CacheArray.None;
        _miss.Deferred = default;
        CoherenceMessage none = new(CoherenceKind.None, _array.LineOf(frame), Agent, Agent, 0);
        Step(frame, CacheEvent.Performed, none, default, context);
        if (deferred.Kind != CoherenceKind.None)
        {
            CoherenceMessage forward = none with { Kind = deferred.Kind, Requester = deferred.Requester };
            Step(frame, EventOf(deferred.Kind), forward, default, context);
        }
    }

    /// <summary>Remembers the line of an LL. The line must be present.</summary>
    public void SetLink(MachineAddress address)
    {
        _linkLine = LineOf(address);
        _linkValid = true;
    }

    /// <summary>
    /// Whether an SC to an address may store: its line is the one linked. A page that has moved since the LL has other
    /// lines, and what others stored there would be lost.
    /// </summary>
    public bool LinkHolds(MachineAddress address)
    {
        bool holds = _linkValid && _linkLine == LineOf(address);
        Mutants.Set(Mutant.CacheLinksAnyLine, ref holds, _linkValid);
        return holds;
    }

    /// <summary>ERET and a completed SC clear the link.</summary>
    public void ClearLink()
    {
        _linkValid = false;
        _linkLine = default;
    }

    /// <summary>
    /// Gives up a line by hand (CACHE instruction). Does nothing for a line that is not here or under way.
    /// </summary>
    /// <returns>False when it has to be tried again later: too many writebacks are under way.</returns>
    public bool TryEvict(LineAddress line, Context context)
    {
        int frame = _array.Find(line);
        if (frame < 0 || _array.StateOf(frame) is not (CacheState.S or CacheState.E or CacheState.M))
        {
            return true;
        }
        return TryEvictFrame(frame, context);
    }

    /// <summary>The state of a line here, in the cache proper or in the writeback buffer. For observers.</summary>
    public CacheState StateOf(LineAddress line)
    {
        int slot = _writebacks.Find(line);
        if (slot >= 0)
        {
            return _writebacks.StateOf(slot);
        }
        int frame = _array.Find(line);
        return frame >= 0 ? _array.StateOf(frame) : CacheState.I;
    }

    /// <summary>The bytes of a line that is here and readable, else null. For observers and loaders.</summary>
    public byte* PointerTo(LineAddress line)
    {
        int frame = _array.Find(line);
        return frame >= 0 && CacheArray.HasBytes(_array.StateOf(frame)) ? _array.BytesOf(frame) : null;
    }

    public CopyWorth CopyOf(LineAddress line, out byte* bytes)
    {
        int slot = _writebacks.Find(line);
        if (slot >= 0 && _writebacks.StateOf(slot) is CacheState.MI or CacheState.EI)
        {
            bytes = _writebacks.BytesOf(slot);
            return CopyWorth.Leaving;
        }
        bytes = PointerTo(line);
        CacheState state = StateOf(line);
        if (bytes is null || state == CacheState.Once)
        {
            bytes = null;
            return CopyWorth.None;
        }
        return (Writable >> (int)state & 1) != 0 ? CopyWorth.Owned : CopyWorth.Shared;
    }

    /// <summary>Lines present in a stable readable state, in order of frame. For observers.</summary>
    public IEnumerable<(LineAddress Line, CacheState State)> Lines()
    {
        for (int frame = 0; frame < _array.Frames; frame++)
        {
            if (_array.StateOf(frame) != CacheState.I)
            {
                yield return (_array.LineOf(frame), _array.StateOf(frame));
            }
        }
    }

    public void Save(StateWriter writer)
    {
        _array.Save(writer);
        _writebacks.Save(writer);
        _firstCode?.Save(writer);
        _firstData?.Save(writer);
        _miss.Save(writer);
        writer.Write("linkLine", _linkLine.Value);
        writer.Write("linkValid", _linkValid);
        writer.Write("random", _random.State);
        Statistics.Save(writer);
    }

    /// <summary>Reads the state back. The owner clears its own pointers first; the listener is not told.</summary>
    public void Load(StateReader reader)
    {
        _array.Load(reader);
        _writebacks.Load(reader);
        _firstCode?.Load(reader);
        _firstData?.Load(reader);
        _miss.Load(reader);
        _linkLine = new LineAddress(reader.ReadUInt64("linkLine"));
        _linkValid = reader.ReadBool("linkValid");
        _random.State = reader.ReadUInt64("random");
        Statistics.Load(reader);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool CanPerform(CacheState state, AccessKind kind) =>
        ((kind == AccessKind.Store ? Writable : Readable) >> (int)state & 1) != 0;

    private void Hit(int frame, AccessKind kind, Context context)
    {
        CacheState state = _array.StateOf(frame);
        TraceStep(_array.LineOf(frame), state, kind == AccessKind.Store ? CacheEvent.Store : CacheEvent.Load, context);
        if (kind != AccessKind.Store)
        {
            return;
        }
        CacheStep step = CacheProtocol.Next(state, CacheEvent.Store);
        Invariant.Holds(step.Do == CacheDo.Hit);
        if (step.Next != state)
        {
            Enter(frame, step.Next, context);
        }
    }

    /// <summary>Accounts for the first level. A line just fetched enters it on its way, without a stall.</summary>
    private int TouchFirstLevel(MachineAddress address, int frame, AccessKind kind)
    {
        L1Tags? first = kind == AccessKind.Fetch ? _firstCode : _firstData;
        if (first is null)
        {
            _array.Touch(frame);
            return 0;
        }
        FirstFrame = first.Find(address.Value);
        if (FirstFrame >= 0)
        {
            return 0;
        }
        _array.Touch(frame);
        FirstFrame = first.Fill(address.Value, out ulong dropped, out bool wasFree);
        if (!wasFree)
        {
            TellDropped(first, dropped, FirstFrame);
        }
        if (_miss.Phase == MissPhase.Granted && _miss.Frame == frame)
        {
            return 0;
        }
        Statistics.FirstLevelMisses++;
        return _config.SecondLevelCycles;
    }

    private void TellDropped(L1Tags first, ulong address, int frame)
    {
        if (ReferenceEquals(first, _firstData))
        {
            _listener.DataLineDropped(new MachineAddress(address), frame);
        }
        else
        {
            _listener.CodeLineDropped(new MachineAddress(address), first.LineBytes);
        }
    }

    /// <summary>Inclusion: what leaves the second level leaves the first.</summary>
    private void DropFirstLevel(L1Tags? first, LineAddress line)
    {
        for (uint at = 0; first is not null && at < LineBytes; at += (uint)first.LineBytes)
        {
            int frame = first.Find(line.Value + at);
            if (frame >= 0)
            {
                first.Drop(frame);
                TellDropped(first, line.Value + at, frame);
            }
        }
    }

    private void DowngradeFirstLevel(LineAddress line)
    {
        for (uint at = 0; _firstData is not null && at < LineBytes; at += (uint)_firstData.LineBytes)
        {
            int frame = _firstData.Find(line.Value + at);
            if (frame >= 0)
            {
                _listener.DataLineDowngraded(new MachineAddress(line.Value + at), frame);
            }
        }
    }

    private Address HomeOf(LineAddress line) =>
        Address.Directory(_fabric.Homes.HomeOf(new MachineAddress(line.Value)).Value);
}
