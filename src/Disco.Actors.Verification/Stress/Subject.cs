using Disco.Actors.Core;

namespace Disco.Actors.Verification.Stress;

/// <summary>
/// Shipping actors under stress, the drivers that use them, and the observers that watch. Everything that happens is
/// the delivery of a message; a driver's own step is a message to itself. A broken rule throws
/// <see cref="InvariantBroken"/>.
/// </summary>
public abstract class Subject
{
    /// <summary>The kind of a driver's message to itself: the next step of its program.</summary>
    public const ushort StepKind = 0x1003;

    private StressNetwork? _network;
    private byte[] _initial = [];

    public abstract Shape Shape { get; }

    public StressNetwork Network => _network!;

    /// <summary>All programs are done and nobody waits.</summary>
    public abstract bool IsFinished { get; }

    /// <summary>Sets the programs up and everything going, from the initial state.</summary>
    public void Start(ReadOnlySpan<StressOp> ops)
    {
        Network.Reset();
        LoadFrom(_initial);
        Begin(ops);
    }

    /// <summary>Told after each delivery.</summary>
    public abstract void Received(in Envelope envelope, int target);

    /// <summary>Told what an actor reports.</summary>
    public abstract void Reported(int actor, in TraceEvent traceEvent);

    /// <summary>What must hold when nothing is under way.</summary>
    public abstract void CheckRest();

    /// <summary>What the drivers' accesses saw, when the shape observes.</summary>
    public virtual string Outcome() => "";

    /// <summary>A message in words.</summary>
    public abstract string Describe(in Message message);

    /// <summary>May the network bring this message twice?</summary>
    public virtual bool MayDuplicate(in Message message) => false;

    /// <summary>May a home refuse this message?</summary>
    public virtual bool MayRefuse(in Message message) => false;

    /// <summary>Answers a refused message in its target's place.</summary>
    public virtual void Refuse(in Envelope envelope) => Invariant.Broken("nothing here is refused");

    /// <summary>How many things can happen that no driver asked for and that must do no harm.</summary>
    public virtual int Disturbances => 0;

    /// <summary>Lets one of them happen, 0 to <see cref="Disturbances"/> - 1.</summary>
    public virtual void Disturb(int which) => Invariant.Broken("nothing here is disturbed");

    /// <summary>Whether the order of two deliveries to different actors cannot matter to the observers.</summary>
    public abstract bool IsLocal(in Envelope envelope);

    /// <summary>One line for each actor that waits: for whom, and for what.</summary>
    public IEnumerable<string> Waits()
    {
        foreach (Actor actor in Network.Actors)
        {
            if (actor.Waiting is { } waits)
            {
                yield return $"{actor.Address} waits for {waits.Whom}: {waits.What}";
            }
        }
    }

    /// <summary>All actors, the network and what the observers remember.</summary>
    public void Save(StateWriter writer)
    {
        foreach (Actor actor in Network.Actors)
        {
            actor.Save(writer);
        }
        Network.Save(writer);
        SaveGhosts(writer);
    }

    public void Load(StateReader reader)
    {
        foreach (Actor actor in Network.Actors)
        {
            actor.Load(reader);
        }
        Network.Load(reader);
        LoadGhosts(reader);
    }

    /// <summary>Ends the construction.</summary>
    protected void Build(IEnumerable<Actor> actors)
    {
        _network = new StressNetwork([.. actors.OrderBy(actor => actor.Address)], this);
    }

    /// <summary>Remembers the present state as the one every run starts from.</summary>
    protected void KeepInitial()
    {
        Exploration.StatePacker packer = new();
        Save(packer);
        _initial = packer.Bytes.ToArray();
    }

    /// <summary>Hands out the programs and posts the first steps.</summary>
    protected abstract void Begin(ReadOnlySpan<StressOp> ops);

    protected abstract void SaveGhosts(StateWriter writer);

    protected abstract void LoadGhosts(StateReader reader);

    /// <summary>Counts an event of the catalogue.</summary>
    internal void Happened(Sometimes what) => Network.Coverage.Happened(what);

    protected void PostStep(Address driver) => Network.SendFor(driver, driver, new Message { Kind = StepKind });

    internal void LoadFrom(byte[] bytes)
    {
        Exploration.StateUnpacker unpacker = new();
        unpacker.Start(bytes);
        Load(unpacker);
    }

    internal static void Check(bool condition, string what)
    {
        if (!condition)
        {
            Invariant.Broken(what);
        }
    }
}

/// <summary>A driver's program: its ops in order, and how far it has come.</summary>
public sealed class DriverOps
{
    private StressOp[] _ops = new StressOp[16];

    public int Count { get; private set; }

    public int Next { get; set; }

    public bool IsDone => Next >= Count;

    public ref readonly StressOp Current => ref _ops[Next];

    /// <summary>Takes the ops of one actor out of all.</summary>
    public void Set(ReadOnlySpan<StressOp> ops, int actor, Func<OpKind, bool> mine)
    {
        (Count, Next) = (0, 0);
        foreach (StressOp op in ops)
        {
            if (op.Actor != actor || !mine(op.Kind))
            {
                continue;
            }
            if (Count == _ops.Length)
            {
                Array.Resize(ref _ops, Count * 2);
            }
            _ops[Count++] = op;
        }
    }
}
