using Disco.Actors.Core;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Verification.Drivers;

/// <summary>
/// A cache with a program in place of a CPU. It acts by itself as a CPU does, ahead of the messages that cannot reach
/// it yet, and reports every access it performs.
/// </summary>
public sealed unsafe class CacheDriver : Actor
{
    private readonly DriverProgram _program;

    // State: the step under way, if any.
    private DriverStep _step;
    private bool _hasStep;

    /// <param name="agent">Its number; the driver's address has the same index.</param>
    /// <param name="node">Where it lives.</param>
    /// <param name="config">Of its cache.</param>
    /// <param name="fabric">Knows the agent already.</param>
    /// <param name="program">Its own.</param>
    public CacheDriver(int agent, int node, CacheConfig config, Fabric fabric, DriverProgram program)
        : base(AddressOf(agent), node)
    {
        Cache = new CoherentCache(agent, config, fabric);
        _program = program;
        NextStep = Cycle.Zero;
    }

    public CoherentCache Cache { get; }

    public DriverProgram Program => _program;

    /// <summary>The cycle in which the last step was performed.</summary>
    public Cycle LastPerformed { get; private set; }

    public bool IsFinished { get; private set; }

    public override WaitsFor? Waiting => Cache.WaitingFor;

    public static Address AddressOf(int agent) => new(Role.Driver, (ushort)agent);

    public override void Receive(in Envelope envelope, Context context)
    {
        if (Cache.Receive(envelope, context))
        {
            NextStep = context.Now;
        }
    }

    public override void Run(Context context)
    {
        while (NextStep < context.Horizon)
        {
            context.AdvanceTo(NextStep);
            if (!_hasStep && !TryBegin())
            {
                NextStep = Cycle.Never;
                return;
            }
            if (NextStep > context.Now)
            {
                continue;
            }
            if (!TryPerform(context, out int stallCycles))
            {
                NextStep = Cycle.Never;
                return;
            }
            _hasStep = false;
            LastPerformed = context.Now;
            NextStep = context.Now + 1 + stallCycles;
        }
    }

    public override void Save(StateWriter writer)
    {
        SaveStep(writer);
        Cache.Save(writer);
        _program.Save(writer);
        writer.Write("action", (ulong)_step.Action);
        writer.Write("address", _step.Address.Value);
        writer.Write("value", _step.Value);
        writer.Write("hasStep", _hasStep);
        writer.Write("finished", IsFinished);
        writer.Write("lastPerformed", LastPerformed.Value);
    }

    public override void Load(StateReader reader)
    {
        LoadStep(reader);
        Cache.Load(reader);
        _program.Load(reader);
        DriverAction action = (DriverAction)reader.ReadUInt64("action");
        MachineAddress address = new(reader.ReadUInt64("address"));
        _step = new DriverStep(action, address, reader.ReadUInt64("value"), 0);
        _hasStep = reader.ReadBool("hasStep");
        IsFinished = reader.ReadBool("finished");
        LastPerformed = new Cycle(reader.ReadInt64("lastPerformed"));
    }

    private bool TryBegin()
    {
        if (!_program.TryNext(out _step))
        {
            _step = default;
            IsFinished = true;
            return false;
        }
        _hasStep = true;
        NextStep += _step.DelayCycles;
        return true;
    }

    private bool TryPerform(Context context, out int stallCycles)
    {
        stallCycles = 0;
        if (_step.Action == DriverAction.Evict)
        {
            Cache.TryEvict(Cache.LineOf(_step.Address), context);
            _program.Performed(_step, 0, true);
            return true;
        }
        if (_step.Action == DriverAction.StoreConditional && !Cache.LinkValid)
        {
            // The link went while the line was on its way; a grant for it must not stay unused.
            Cache.AccessPerformed(context);
            _program.Performed(_step, 0, false);
            return true;
        }
        bool isStore = _step.Action is DriverAction.Store or DriverAction.StoreConditional;
        AccessKind kind = isStore ? AccessKind.Store : AccessKind.Load;
        byte* host = Cache.Access(_step.Address, kind, context, out stallCycles);
        if (host is null)
        {
            return false;
        }
        ulong value = Perform((ulong*)host, isStore, context);
        Cache.AccessPerformed(context);
        _program.Performed(_step, value, true);
        return true;
    }

    private ulong Perform(ulong* word, bool isStore, Context context)
    {
        if (isStore)
        {
            *word = _step.Value;
        }
        if (_step.Action == DriverAction.StoreConditional)
        {
            Cache.ClearLink();
        }
        else if (_step.Action == DriverAction.LoadLinked)
        {
            Cache.SetLink(_step.Address);
        }
        if (context.Tracing)
        {
            bool once = Cache.StateOf(Cache.LineOf(_step.Address)) == CacheState.Once;
            ulong agent = Cache.Agent | (once ? CoherenceTrace.OnceBit : 0);
            ushort kind = isStore ? CoherenceTrace.Store : CoherenceTrace.Load;
            context.Trace(new TraceEvent(kind, _step.Address.Value, *word, agent));
        }
        return *word;
    }
}
