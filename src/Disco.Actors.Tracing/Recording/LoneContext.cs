using Disco.Actors.Core;

namespace Disco.Actors.Tracing.Recording;

/// <summary>
/// What an actor sees that is replayed alone: time, and an outbox that only counts. Nothing can reach it but the
/// recorded deliveries, so it acts up to the next of them.
/// </summary>
internal sealed class LoneContext : Context
{
    private readonly Payload[] _nowhere = new Payload[1];

    /// <summary>The actor's next sequence number.</summary>
    public long Sequence { get; set; }

    public void Deliver(Actor actor, in Envelope envelope)
    {
        Now = envelope.Arrival;
        Horizon = Now;
        actor.Receive(in envelope, this);
    }

    /// <summary>Lets the actor act in the cycles before one.</summary>
    public void RunTo(Actor actor, Cycle until)
    {
        while (actor.NextStep < until)
        {
            Now = actor.NextStep;
            Horizon = until;
            actor.Run(this);
        }
    }

    public override ref Payload Send(Address target, long latencyCycles, in Message message)
    {
        Invariant.Holds(latencyCycles >= 1);
        Sequence++;
        return ref _nowhere[0];
    }

    public override void After(long cycles, in Message message) => Sequence++;

    public override void Output(ReadOnlySpan<byte> bytes)
    {
    }

    public override void Stop(int exitCode, string reason)
    {
    }

    public override void Trace(in TraceEvent traceEvent)
    {
    }
}
