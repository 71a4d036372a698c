using Disco.Actors.Core;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Verification.Drivers;

/// <summary>
/// A cache that asks for what a recorded one asked for, with the recorded time between an answer and the next request.
/// A request that came of waiting for another agent's store (a lock, a barrier) waits for that store again.
/// </summary>
public sealed unsafe class RequestDriver : Actor
{
    // To another driver. A: the number of the dependency that is over.
    private const ushort Notice = 0x1101;

    private readonly Fabric _fabric;
    private readonly RequestStream _stream;

    // State: the request under way or next, its phase, the next notice, and which dependencies are over.
    private readonly bool[] _met;
    private int _at;
    private int _notices;
    private Phase _phase;

    /// <param name="agent">Its number in the sharer sets.</param>
    /// <param name="address">The fabric knows it by this.</param>
    /// <param name="node">Where it lives.</param>
    /// <param name="config">Of its cache.</param>
    /// <param name="fabric">Of the machine.</param>
    /// <param name="stream">What it asks for.</param>
    public RequestDriver(
        int agent, Address address, int node, CacheConfig config, Fabric fabric, RequestStream stream)
        : base(address, node)
    {
        Cache = new CoherentCache(agent, config, fabric);
        _fabric = fabric;
        _stream = stream;
        _met = new bool[stream.Dependencies];
        Begin(Cycle.Zero);
    }

    private enum Phase : byte
    {
        /// <summary>Until the next request is due.</summary>
        Thinking,

        /// <summary>Until another agent has stored.</summary>
        Depending,

        /// <summary>Until the line comes.</summary>
        Asking,
        Finished,
    }

    public CoherentCache Cache { get; }

    /// <summary>Requests so far that found their line here: the recorded order of events has changed.</summary>
    public long Hits { get; private set; }

    /// <summary>When the last request was answered.</summary>
    public Cycle LastAnswer { get; private set; }

    public bool IsFinished => _phase == Phase.Finished;

    public override WaitsFor? Waiting => Cache.WaitingFor;

    private RecordedRequest Request => _stream.Requests[_at];

    public override void Receive(in Envelope envelope, Context context)
    {
        if (envelope.Message.Kind == Notice)
        {
            int dependency = (int)envelope.Message.A;
            _met[dependency] = true;
            if (_phase == Phase.Depending && Request.Dependency == dependency)
            {
                Think(context.Now);
            }
            return;
        }
        bool watches = _phase == Phase.Depending && Cache.PointerTo(Request.Line) != null;
        if (Cache.Receive(envelope, context))
        {
            NextStep = context.Now;
        }
        else if (watches && Cache.PointerTo(Request.Line) == null)
        {
            Think(context.Now);
        }
    }

    public override void Run(Context context)
    {
        while (NextStep < context.Horizon)
        {
            context.AdvanceTo(NextStep);
            if (!TryPerform(context))
            {
                _phase = Phase.Asking;
                NextStep = Cycle.Never;
                return;
            }
            LastAnswer = context.Now;
            TellOthers(context);
            _at++;
            Begin(context.Now);
        }
    }

    public override void Save(StateWriter writer)
    {
        SaveStep(writer);
        Cache.Save(writer);
        writer.Write("at", _at);
        writer.Write("notices", _notices);
        writer.Write("phase", (ulong)_phase);
        writer.Write("hits", Hits);
        writer.Write("lastAnswer", LastAnswer.Value);
        foreach (bool met in _met)
        {
            writer.Write("met", met);
        }
    }

    public override void Load(StateReader reader)
    {
        LoadStep(reader);
        Cache.Load(reader);
        _at = reader.ReadInt32("at");
        _notices = reader.ReadInt32("notices");
        _phase = (Phase)reader.ReadUInt64("phase");
        Hits = reader.ReadInt64("hits");
        LastAnswer = new Cycle(reader.ReadInt64("lastAnswer"));
        for (int i = 0; i < _met.Length; i++)
        {
            _met[i] = reader.ReadBool("met");
        }
    }

    private void Begin(Cycle now)
    {
        if (_at == _stream.Requests.Count)
        {
            _phase = Phase.Finished;
            NextStep = Cycle.Never;
        }
        else if (Request.Dependency >= 0 && !_met[Request.Dependency])
        {
            _phase = Phase.Depending;
            NextStep = Cycle.Never;
        }
        else
        {
            Think(now);
        }
    }

    private void Think(Cycle now)
    {
        _phase = Phase.Thinking;
        NextStep = now + Request.ThinkCycles;
    }

    /// <summary>False when the line has to come first.</summary>
    private bool TryPerform(Context context)
    {
        RecordedRequest request = Request;
        if (request.Kind == RequestKind.Evict)
        {
            Cache.TryEvict(request.Line, context);
            return true;
        }
        bool isNew = _phase == Phase.Thinking;
        if (isNew && request.IsDropped && Cache.StateOf(request.Line) == CacheState.S)
        {
            Cache.TryEvict(request.Line, context);
        }
        AccessKind kind = request.Kind == RequestKind.Write ? AccessKind.Store : AccessKind.Load;
        if (Cache.Access(new MachineAddress(request.Line.Value), kind, context, out _) == null)
        {
            return false;
        }
        Hits += isNew ? 1 : 0;
        Cache.AccessPerformed(context);
        return true;
    }

    /// <summary>A notice takes as long as the shortest way of a message from one CPU to another.</summary>
    private void TellOthers(Context context)
    {
        for (; _notices < _stream.Notices.Count && _stream.Notices[_notices].After == _at; _notices++)
        {
            RequestNotice notice = _stream.Notices[_notices];
            Address target = _fabric.AgentAt(notice.Agent);
            int node = _fabric.NodeOf(target);
            long bus = _fabric.Config.BusCycles;
            bool isNear = node == Node || _fabric.Topology.Kind == TopologyKind.Uma;
            long cycles = bus + (isNear ? bus : _fabric.TransitCycles(Node, target));
            context.Send(target, cycles, new Message { Kind = Notice, A = (ulong)notice.Dependency });
        }
    }
}
