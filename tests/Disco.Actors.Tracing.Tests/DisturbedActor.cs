using Disco.Actors.Core;

namespace Disco.Actors.Tracing.Tests;

/// <summary>What nondeterminism an actor gets.</summary>
internal enum Disturbance
{
    /// <summary>One envelope leaves a cycle later, as if a host clock had been asked.</summary>
    Delay,

    /// <summary>Two envelopes of one handling leave in the other order, as if a hash table had been walked.</summary>
    Swap,

    /// <summary>A byte of a payload is another, as if memory had been shared.</summary>
    Payload,
}

/// <summary>
/// An actor that only reacts, with nondeterminism planted in it: it does as the real one does but for one of its
/// envelopes, the first that the disturbance fits from a number on.
/// </summary>
internal sealed class DisturbedActor(Actor inner, Disturbance disturbance, long from)
    : Actor(inner.Address, inner.Node)
{
    private readonly Outbox _outbox = new();
    private long _sent;

    /// <summary>The number of the envelope that was disturbed; -1 while none was.</summary>
    public long Disturbed { get; private set; } = -1;

    public override bool IsAtBorder => inner.IsAtBorder;

    public override WaitsFor? Waiting => inner.Waiting;

    public override void Receive(in Envelope envelope, Context context)
    {
        _outbox.Begin(context);
        inner.Receive(envelope, _outbox);
        List<Outbox.Sent> sent = _outbox.All;
        if (Disturbed < 0 && sent.Count > 0 && _sent + sent.Count > from)
        {
            Disturb(sent, (int)Math.Max(0, from - _sent));
        }
        foreach (Outbox.Sent one in sent)
        {
            ref Payload payload = ref context.Send(one.Target, one.Latency, one.Message);
            if (one.Message.PayloadBytes > 0)
            {
                payload = one.Payload;
            }
            _sent++;
        }
    }

    public override void Save(StateWriter writer) => inner.Save(writer);

    public override void Load(StateReader reader) => inner.Load(reader);

    private void Disturb(List<Outbox.Sent> sent, int at)
    {
        Outbox.Sent one = sent[at];
        switch (disturbance)
        {
            case Disturbance.Delay:
                one.Latency++;
                break;
            case Disturbance.Swap when at + 1 < sent.Count:
                (sent[at], sent[at + 1]) = (sent[at + 1], sent[at]);
                break;
            case Disturbance.Payload when one.Message.PayloadBytes > 0:
                ((Span<byte>)one.Payload)[one.Message.PayloadBytes / 2] ^= 0x20;
                break;
            default:
                return;
        }
        Disturbed = _sent + at;
    }

    /// <summary>Keeps what an actor sends until it has handled its message.</summary>
    private sealed class Outbox : Context
    {
        private Context _context = null!;

        public List<Sent> All { get; } = [];

        public void Begin(Context context)
        {
            _context = context;
            Now = context.Now;
            Horizon = context.Horizon;
            Tracing = context.Tracing;
            All.Clear();
        }

        public override ref Payload Send(Address target, long latencyCycles, in Message message)
        {
            Sent sent = new() { Target = target, Latency = latencyCycles, Message = message };
            All.Add(sent);
            return ref sent.Payload;
        }

        public override void After(long cycles, in Message message) =>
            throw new InvalidOperationException("a disturbed actor has no timers");

        public override void Output(ReadOnlySpan<byte> bytes) => _context.Output(bytes);

        public override void Stop(int exitCode, string reason) => _context.Stop(exitCode, reason);

        public override void Trace(in TraceEvent traceEvent) => _context.Trace(traceEvent);

        public sealed class Sent
        {
            public Payload Payload;

            public required Address Target { get; init; }

            public required long Latency { get; set; }

            public required Message Message { get; init; }
        }
    }
}
