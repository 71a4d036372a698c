namespace Disco.Actors.Core;

/// <summary>
/// What an engine hands to an actor for the length of one call: the time, and the outbox for effects. Each engine
/// implements it; actors never keep it.
/// </summary>
public abstract class Context
{
    /// <summary>The present cycle: the arrival in <see cref="Actor.Receive"/>, its own clock in a run.</summary>
    public Cycle Now { get; protected set; }

    /// <summary>The first cycle in which a message could still reach the actor that runs.</summary>
    public Cycle Horizon { get; protected set; }

    /// <summary>
    /// How far before <see cref="Horizon"/> an actor that has acted may stop where it suits it, to go on from there in
    /// its next stretch. 0 when it must come up to the horizon.
    /// </summary>
    public long SlackCycles { get; protected set; }

    /// <summary>True when somebody reads <see cref="Trace"/>; lets an actor skip the work of describing.</summary>
    public bool Tracing { get; protected set; }

    /// <summary>Moves the running actor's clock forward; what it sends next leaves at that cycle.</summary>
    public void AdvanceTo(Cycle cycle)
    {
        Invariant.Holds(cycle >= Now);
        Now = cycle;
    }

    /// <summary>
    /// Sends a message that arrives <paramref name="latencyCycles"/> (at least 1) after <see cref="Now"/>.
    /// </summary>
    /// <returns>
    /// Where to write the line when <see cref="Message.PayloadBytes"/> is not 0; valid until the next send.
    /// </returns>
    public abstract ref Payload Send(Address target, long latencyCycles, in Message message);

    /// <summary>Sends a message to the actor itself.</summary>
    public abstract void After(long cycles, in Message message);

    /// <summary>Hands bytes to the world outside (a console's text). Kept in the source's order.</summary>
    public abstract void Output(ReadOnlySpan<byte> bytes);

    /// <summary>
    /// Asks for the end of the run (a power-off): it ends a fixed number of cycles later, the same on every engine.
    /// </summary>
    /// <param name="exitCode">0 for success.</param>
    /// <param name="reason">One short sentence for the report.</param>
    public abstract void Stop(int exitCode, string reason);

    /// <summary>Reports an event to observers. Never affects behaviour; call only when <see cref="Tracing"/>.</summary>
    public abstract void Trace(in TraceEvent traceEvent);
}

/// <summary>
/// An event inside an actor that observers care about: an access performed, a line installed. The meaning of
/// <see cref="Kind"/> and the words is the emitting room's.
/// </summary>
public readonly record struct TraceEvent(ushort Kind, ulong A, ulong B, ulong C);

/// <summary>Watches a run from outside. Sees, never touches.</summary>
public interface IObserver
{
    /// <summary>False for an observer of deliveries alone: actors then need not describe what they do.</summary>
    bool WantsTrace => true;

    /// <summary>After <paramref name="actor"/> has handled the envelope.</summary>
    void Delivered(in Envelope envelope, Actor actor);

    /// <summary>
    /// The same, with the sequence numbers of the actor's next envelope before and after: what lies between was
    /// caused by this one.
    /// </summary>
    void Delivered(in Envelope envelope, Actor actor, long firstSequence, long nextSequence) =>
        Delivered(in envelope, actor);

    /// <summary>As the actor reports it, at the actor's cycle.</summary>
    void Traced(Actor actor, Cycle cycle, in TraceEvent traceEvent);
}
