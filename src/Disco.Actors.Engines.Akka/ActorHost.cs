using System.Runtime.CompilerServices;
using Akka.Actor;
using Disco.Actors.Core;
using Address = Disco.Actors.Core.Address;
using Envelope = Disco.Actors.Core.Envelope;

namespace Disco.Actors.Engines.Akka;

/// <summary>
/// One actor of the machine between Akka's mailbox and itself: what it has received and not handled, how far it has
/// come, and the context it sees. Entered by the Akka actor that has it, and by the engine while nothing is under way.
/// </summary>
/// <remarks>
/// An envelope is handled at its arrival, or when the actor is beyond that already, where the actor is: at the first
/// cycle and rank that is not before anything it has handled, and not before a cycle in which it has acted. So what one
/// actor handles is strictly in the total order, of later arrivals; and everything it does is a function of that order.
/// An actor that is told the same lateness of each envelope does the same on an exact engine. What an actor sends
/// itself is never late, because it arrives after everything that the actor has handled by then.
/// Telling is virtual, so that a model can decide who goes on between any two messages.
/// </remarks>
internal class ActorHost : Context
{
    // Who gets more than it sends, as a memory that is told of evictions, keeps no more than this.
    private const int SpareMax = 64;

    private readonly Actor _actor;
    private readonly int _number;
    private readonly HostedWorld _world;
    private readonly IActorRef[] _refs;
    private readonly Timing _timing;
    private readonly EnvelopeCodec? _codec;
    private readonly Dictionary<(int Target, Lane Lane), long> _lastArrivals = [];
    private readonly List<LateEnvelope> _late = [];
    private Arrivals _arrivals;
    private Carried? _spare;
    private Outgoing _outgoing;
    private Handled _last;
    private Carried? _handling;
    private long _ranTo;
    private bool _acting;
    private int _spares;

    // Of the next envelope.
    private long _sequence;

    /// <param name="number">Its actor's, in the table.</param>
    /// <param name="world">What all hosts of the process share.</param>
    public ActorHost(int number, HostedWorld world)
    {
        _number = number;
        _actor = world.Table.Actors[number];
        _world = world;
        _refs = world.Refs;
        _timing = world.Timing;
        _codec = world.Codec;
        Clear();
    }

    /// <summary>The Akka actor that has it; set before anybody sends to it.</summary>
    public IActorRef Ref
    {
        get => _refs[_number];
        set => _refs[_number] = value;
    }

    public Actor Actor => _actor;

    public Address Address => _actor.Address;

    public int Node => _actor.Node;

    public HandledCounts Counts { get; } = new();

    public WindowDelay Delay { get; set; }

    public Fault? Fault { get; private set; }

    public StopRequest StopRequest { get; set; } = StopRequest.None;

    public OutputBuffer Texts { get; } = new();

    public long LastDelivery => Math.Max(0, _last.Arrival);

    /// <summary>The first cycle in which it has something to do.</summary>
    public long NextEvent => Fault is null ? Next : Timing.Never;

    public ref long Sequence => ref _sequence;

    /// <summary>What happened, for observers; null when nobody watches.</summary>
    public EventLog? Log { get; set; }

    public IReadOnlyList<Carried> Unhandled => _arrivals.All;

    public void Watch(EventLog? log, bool isTracing)
    {
        Log = log;
        Tracing = isTracing;
    }

    /// <summary>Handles one message of Akka, which has a token.</summary>
    /// <param name="carried">The envelope it is; null for a grant or a continuation.</param>
    /// <param name="bytes">The envelope it is, as bytes.</param>
    public void Handle(Carried? carried, byte[]? bytes = null)
    {
        bool hasMore = false;
        try
        {
            if (Fault is null)
            {
                if (bytes is not null)
                {
                    carried = new Carried(_number) { CameAsBytes = true };
                    _codec!.Read(bytes, out carried.Envelope);
                }
                long limit = _world.Course.Limit;
                if (carried is not null)
                {
                    if (IsNext(carried, limit))
                    {
                        Deliver(carried);
                    }
                    else
                    {
                        Accept(carried);
                    }
                }
                hasMore = Next < limit && Advance(limit);
                if (_codec is not null)
                {
                    WriteOutgoing(_codec);
                }
            }
        }
        catch (Exception exception)
        {
            Fail(exception);
        }
        Settle(hasMore);
    }

    /// <summary>Takes an envelope into what is to be handled, and finds the cycle for it.</summary>
    public void Accept(Carried carried)
    {
        ref Envelope envelope = ref carried.Envelope;
        long arrival = envelope.Arrival.Value;
        long at = Math.Max(arrival, Math.Max(_ranTo, _last.Arrival));
        Place(ref envelope, at);
        if (at == _last.Arrival && _last.IsBehind(in envelope, _timing.Order))
        {
            Place(ref envelope, ++at);
        }
        if (at != arrival)
        {
            carried.LateCycles = at - arrival;
            _late.Add(new LateEnvelope(envelope.Source, envelope.Sequence, carried.LateCycles));
            Delay = Delay.Plus(carried.LateCycles);
        }
        _arrivals.Add(carried);
    }

    /// <summary>Learns what the actor had sent in a saved run, so that later messages stay behind it.</summary>
    public void Remember(int target, in Envelope envelope)
    {
        if (_timing.JitterCycles != 0 && target != _number)
        {
            _lastArrivals.TryGetValue((target, envelope.Message.Lane), out long last);
            _lastArrivals[(target, envelope.Message.Lane)] = Math.Max(last, envelope.Arrival.Value);
        }
    }

    public void MoveLateTo(List<LateEnvelope> list)
    {
        list.AddRange(_late);
        _late.Clear();
    }

    /// <summary>What is under way to it from now on, instead of what was; its state may be another one too.</summary>
    public void Replace(IEnumerable<Envelope> envelopes)
    {
        _arrivals.Clear();
        foreach (Envelope envelope in envelopes)
        {
            Accept(new Carried(_number) { Envelope = envelope });
        }
    }

    /// <summary>Forgets everything but the actor's state.</summary>
    public void Clear()
    {
        _arrivals.Clear();
        _outgoing.Take();
        _lastArrivals.Clear();
        _late.Clear();
        _last = new Handled { Arrival = -1 };
        _ranTo = 0;
        _sequence = 0;
        Counts.Clear();
        Delay = default;
        Fault = null;
        StopRequest = StopRequest.None;
    }

    public override ref Payload Send(Address target, long latencyCycles, in Message message)
    {
        if (latencyCycles < 1)
        {
            _timing.Refuse(target, latencyCycles);
        }
        int to = _world.Table.Find(target);
        if (latencyCycles < _timing.CrossNodeLatencyCycles && _world.Table.NodeOf[to] != _actor.Node)
        {
            _timing.Refuse(target, latencyCycles);
        }
        long arrival = Now.Value + latencyCycles;
        if (_timing.JitterCycles != 0 && to != _number)
        {
            arrival = Jitter(to, message.Lane, arrival);
        }
        Carried carried = Spare(to);
        ref Envelope envelope = ref carried.Envelope;
        envelope.Arrival = new Cycle(arrival);
        envelope.Sequence = _sequence++;
        envelope.Source = _actor.Address;
        envelope.Target = target;
        envelope.Message = message;
        if (to != _number)
        {
            _outgoing.Add(carried);
        }
        else
        {
            Place(ref envelope, arrival);
            _arrivals.Add(carried);
            LowerHorizon(arrival);
        }
        return ref envelope.Payload;
    }

    public override void After(long cycles, in Message message)
    {
        Invariant.Holds(message.PayloadBytes == 0);
        Send(_actor.Address, cycles, in message);
    }

    public override void Output(ReadOnlySpan<byte> bytes) => Texts.Add(_actor.Address, Now.Value, bytes);

    /// <summary>Others may have come to the limit already, so it ends there at the earliest.</summary>
    public override void Stop(int exitCode, string reason)
    {
        long at = Math.Max(_timing.StopAt(Now.Value), _world.Course.Limit);
        StopRequest = StopRequest.First(StopRequest, new StopRequest(at, _actor.Address, exitCode, reason));
    }

    public override void Trace(in TraceEvent traceEvent) => Log?.Add(Now.Value, _handling, in traceEvent);

    /// <summary>To its own Akka actor: what lets it do something.</summary>
    public void Wake(object message) => Tell(_number, message);

    /// <summary>To the Akka actor of an actor of the machine. Without a sender, Akka would look for one each time.
    /// </summary>
    /// <param name="target">The number of the actor.</param>
    /// <param name="message">An envelope, or what has a token too.</param>
    internal virtual void Tell(int target, object message) => _refs[target].Tell(message, _refs[_number]);

    /// <summary>To the pacer.</summary>
    internal virtual void TellQuiet() => _world.Course.Pacer.Tell(Quiet.Instance, ActorRefs.NoSender);

    /// <summary>The first cycle in which something has arrived or the actor acts.</summary>
    private long Next => Math.Min(_arrivals.Next, _actor.NextStep.Value);

    /// <summary>
    /// True for an envelope that needs no place among others: it is on time, everything before it has been done, and
    /// nobody looks at its rank.
    /// </summary>
    private bool IsNext(Carried carried, long limit)
    {
        long arrival = carried.Envelope.Arrival.Value;
        return arrival < limit && arrival < _arrivals.Next && arrival <= _actor.NextStep.Value
            && arrival > _last.Arrival && arrival >= _ranTo && Log is null && _codec is null;
    }

    /// <summary>Handles envelopes and acts, in the order of cycles, as long as both are before the limit.</summary>
    /// <returns>True when there is more, but the mailbox is to be looked into first.</returns>
    private bool Advance(long limit)
    {
        while (true)
        {
            long envelope = _arrivals.Next;
            long step = _actor.NextStep.Value;
            if (Math.Min(envelope, step) >= limit)
            {
                return false;
            }
            if (envelope <= step)
            {
                Deliver(_arrivals.Take());
                continue;
            }
            long slice = Timing.Plus(step, _world.SliceCycles);
            Act(step, Math.Min(Math.Min(limit, envelope), slice));
            if (slice < limit && _actor.NextStep.Value < limit)
            {
                return true;
            }
        }
    }

    private void Deliver(Carried carried)
    {
        ref Envelope envelope = ref carried.Envelope;
        _handling = carried;
        if (!carried.CameAsBytes)
        {
            // From the actor itself, or from outside.
            _codec?.PassThroughBytes(ref envelope);
        }
        Now = envelope.Arrival;
        Horizon = Now;
        long firstSequence = _sequence;
        _actor.Receive(in envelope, this);
        Invariant.Holds(_actor.NextStep >= envelope.Arrival);
        _last = new Handled
        {
            Arrival = envelope.Arrival.Value,
            Sequence = envelope.Sequence,
            Source = envelope.Source,
            Lane = envelope.Message.Lane,
        };
        _handling = null;
        Counts.Add(envelope.Message.Kind);
        Log?.Add(in envelope, firstSequence, _sequence);
        Keep(carried);
    }

    /// <summary>One that has been handled, or a new one. Only the header of its envelope is to be written: how far the
    /// payload is valid is said there.</summary>
    private Carried Spare(int target)
    {
        if (_spare is not { } carried)
        {
            return new Carried(target);
        }
        _spare = carried.Next;
        _spares--;
        carried.Target = target;
        return carried;
    }

    private void Keep(Carried carried)
    {
        if (_spares < SpareMax && !carried.CameAsBytes)
        {
            carried.LateCycles = 0;
            carried.Next = _spare;
            _spare = carried;
            _spares++;
        }
    }

    /// <summary>What was sent is whole now; it has not left yet.</summary>
    private void WriteOutgoing(EnvelopeCodec codec)
    {
        Span<byte> bytes = stackalloc byte[EnvelopeCodec.BytesMax];
        for (Carried? carried = _outgoing.First; carried is not null; carried = carried.Next)
        {
            int length = codec.Write(in carried.Envelope, bytes);
            carried.Bytes = new CarriedBytes(bytes[..length].ToArray(), carried.Target);
        }
    }

    private void Act(long step, long horizon)
    {
        Now = new Cycle(step);
        Horizon = new Cycle(horizon);
        _acting = true;
        _actor.Run(this);
        _acting = false;
        long next = _actor.NextStep.Value;
        if (next < Horizon.Value)
        {
            Invariant.Broken($"{_actor.Address} stopped at c{next}, before its horizon {Horizon}");
        }
        // An actor that fell asleep has acted up to the cycle it last named.
        _ranTo = next == Timing.Never ? Math.Min(Now.Value + 1, Horizon.Value) : Horizon.Value;
    }

    /// <summary>Gives the token on, or back, and tells what was sent.</summary>
    private void Settle(bool hasMore)
    {
        bool wasLast = _world.Course.PassOn(_outgoing.Count + (hasMore ? 1 : 0));
        Carried? next = _outgoing.Take();
        while (next is { } carried)
        {
            // The receiver's, once it is told.
            next = carried.Next;
            Tell(carried.Target, (object?)carried.Bytes ?? carried);
        }
        if (hasMore)
        {
            Wake(Continue.Instance);
        }
        if (wasLast)
        {
            TellQuiet();
        }
    }

    /// <summary>Gives an envelope the cycle at which it is handled, and its rank among those of that cycle. Only here:
    /// most envelopes are alone in theirs.</summary>
    private void Place(ref Envelope envelope, long arrival)
    {
        envelope.Arrival = new Cycle(arrival);
        envelope.TieBreak = _timing.Order.TieBreak(
            envelope.Arrival, envelope.Source, envelope.Target, envelope.Message.Lane);
    }

    /// <summary>Not inlined: for the envelope in the fault, every call of the caller would clear room.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Fail(Exception exception) =>
        Fault = new Fault(_actor.Address, Now.Value, _handling?.Envelope, exception);

    private long Jitter(int target, Lane lane, long arrival)
    {
        arrival += _timing.Order.Jitter(_actor.Address, _sequence, _timing.JitterCycles);
        _lastArrivals.TryGetValue((target, lane), out long last);
        return _lastArrivals[(target, lane)] = Math.Max(arrival, last);
    }

    private void LowerHorizon(long cycle)
    {
        if (_acting && cycle < Horizon.Value)
        {
            Invariant.Holds(Now < Horizon);
            Horizon = new Cycle(cycle);
        }
    }
}
