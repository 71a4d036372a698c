namespace Disco.Actors.Core;

/// <summary>
/// A deterministic state machine. It owns its fields, is entered by one engine at a time, and affects others only
/// through the <see cref="Context"/> it is handed. No clock, thread, randomness, file, lock or <c>await</c>.
/// </summary>
/// <remarks>
/// Most actors only react: <see cref="Receive"/>. An actor that also acts by itself (a CPU executing instructions)
/// says from which cycle on in <see cref="NextStep"/> and is then given stretches of time by <see cref="Run"/>.
/// Engines choose the stretches; an actor's behaviour must not depend on how its time was cut.
/// </remarks>
public abstract class Actor(Address address, int node)
{
    public Address Address { get; } = address;

    /// <summary>The NUMA node the actor lives on, from 0.</summary>
    public int Node { get; } = node;

    /// <summary>
    /// False for an actor whose effects on other nodes all pass through others of its own node first, so that
    /// nothing it causes is sent to another node sooner than <see cref="Lookahead.OutboundCycles"/> after it handled
    /// a message or acted. True is always safe.
    /// </summary>
    public virtual bool IsAtBorder => true;

    /// <summary>
    /// The next cycle in which the actor acts by itself, <see cref="Cycle.Never"/> while it waits for a message.
    /// Read by the engine after each <see cref="Receive"/> and <see cref="Run"/>.
    /// </summary>
    public Cycle NextStep { get; protected set; } = Cycle.Never;

    /// <summary>
    /// Handles one message at cycle <c>context.Now</c> (its arrival). Every message that arrives at or before a cycle
    /// is received before the actor acts in that cycle.
    /// </summary>
    public abstract void Receive(in Envelope envelope, Context context);

    /// <summary>
    /// Acts by itself in the cycles from <see cref="NextStep"/> up to, not including, <c>context.Horizon</c>,
    /// calling <see cref="Context.AdvanceTo"/> before it sends. Must set <see cref="NextStep"/> to the horizon or
    /// later, to at most <c>context.SlackCycles</c> before it, or to <see cref="Cycle.Never"/>.
    /// </summary>
    public virtual void Run(Context context) => Invariant.Broken($"{Address} does not act by itself");

    /// <summary>Writes the whole state, in a fixed order: snapshot, state hash and field-level comparison.</summary>
    public abstract void Save(StateWriter writer);

    /// <summary>Reads what <see cref="Save"/> wrote. The actor then behaves as the saved one would.</summary>
    public abstract void Load(StateReader reader);

    /// <summary>What the actor waits for, to report a run that can make no progress; null when nothing.</summary>
    public virtual WaitsFor? Waiting => null;

    protected void SaveStep(StateWriter writer) => writer.Write("nextStep", NextStep.Value);

    protected void LoadStep(StateReader reader) => NextStep = new Cycle(reader.ReadInt64("nextStep"));
}

/// <summary>An edge of the wait-for graph: whom the actor waits for and for what.</summary>
public sealed record WaitsFor(Address Whom, string What);
