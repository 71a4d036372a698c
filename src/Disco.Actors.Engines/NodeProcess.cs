using System.Runtime.CompilerServices;
using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <summary>
/// The logical process of one node: its undelivered envelopes, its actors that act by themselves, and the context
/// all its actors see. One host thread at a time.
/// </summary>
/// <remarks>
/// <para>
/// Let e be the earliest envelope of the node and c the earliest clock of an actor that acts by itself. Envelopes are
/// delivered when e is not after c: whatever is sent from now on leaves at e or later and takes at least one cycle, so
/// cycle e is complete and is handled whole, in the total order. Otherwise the actor with clock c acts up to a horizon
/// that no message to it can undercut: (1) its own next arrival under way; (2) e + InboundCycles, because a handler of
/// any other envelope runs at e or later; (3) for each other actor of the node its clock + LocalReachCycles; (4) the
/// run limit of the window, which covers other nodes; (5) what the actor itself starts: each send lowers the horizon
/// to the arrival + InboundCycles, a message to itself to the arrival.
/// </para>
/// <para>
/// Deliveries end at the window's delivery limit, acting at its run limit: another node can reach a directory of this
/// one after CrossNodeCycles, but a CPU only through a longer chain. Both limits come from the other nodes' earliest
/// events (<see cref="Engines.Partition"/>); what this node itself starts elsewhere lowers them as it leaves, to the
/// earliest cycle of an answer.
/// </para>
/// </remarks>
internal sealed class NodeProcess : Context
{
    // An actor may leave this part of a usual stretch: for a CPU a block of instructions or two.
    private const int SlackPart = 5;

    private readonly ActorTable _table;
    private readonly Actor[] _actors;
    private readonly int[] _nodeOf;
    private readonly bool[] _atBorder;
    private readonly bool[] _isLost;
    private readonly Timing _timing;
    private readonly TotalOrder _order;
    private readonly EnvelopeCodec? _codec;
    private readonly long _slackMaxCycles;
    private readonly long[] _sequences;
    private readonly int[] _places;
    private readonly EventQueue _queue = new();
    private readonly SelfActing _self = new();
    private readonly Dictionary<(int Source, int Target, Lane Lane), long> _lastArrivals = [];
    private IObserver[] _observers = [];
    private Partition _partition = null!;
    private Loan? _loan;
    private long[] _byKind = null!;

    // The window under way; an actor has left the rest of its stretch.
    private Limits _limits;
    private bool _stoppedShort;

    // The call under way.
    private Payload _unsent;
    private int _current;
    private int _handling = -1;
    private bool _acting;

    public NodeProcess(int node, ActorTable table, Timing timing, EnvelopeCodec? codec)
    {
        Number = node;
        _table = table;
        _actors = table.Actors;
        _nodeOf = table.NodeOf;
        _atBorder = table.AtBorder;
        _isLost = table.IsLost;
        _timing = timing;
        _order = timing.Order;
        _codec = codec;
        _slackMaxCycles = timing.RemoteReachCycles / SlackPart;
        _sequences = new long[_actors.Length];
        SentTo = new long[table.Nodes];
        _places = new int[_actors.Length];
        Array.Fill(_places, -1);
        NoteAllSteps();
    }

    public int Number { get; }

    public EventQueue Queue => _queue;

    /// <summary>The earliest clock of an actor that acts by itself, as of the last window.</summary>
    public long NextStep { get; private set; } = Timing.Never;

    public long LastDelivery { get; private set; }

    /// <summary>What it leaves the other nodes, as of the last window and what was enqueued since.</summary>
    public Limits Leave => _timing.Leave(_queue.NextAtBorder, _queue.Next, NextStep);

    /// <summary>What windows longer than the lookahead added to the latencies of the messages it sent.</summary>
    public WindowDelay Delay { get; set; }

    /// <summary>An actor has thrown: the node does nothing any more.</summary>
    public bool HasFailed { get; set; }

    /// <summary>Host time measured in a sample of its windows, in ticks of the stopwatch; for sharing out nodes.
    /// </summary>
    public long SampledTicks { get; set; }

    /// <summary>Messages by node they were sent to; for sharing out nodes.</summary>
    public long[] SentTo { get; }

    public IObserver[] Observers
    {
        set
        {
            _observers = value;
            Tracing = value.Any(observer => observer.WantsTrace);
        }
    }

    /// <summary>
    /// Says who runs it from now on, on one thread, and on which loan unless that is its own partition. Before anything
    /// else is asked of it.
    /// </summary>
    public void AssignTo(Partition partition, Loan? loan = null)
    {
        _partition = partition;
        _byKind = partition.DeliveriesByKind;
        _loan = loan;
    }

    /// <summary>Delivers and acts until nothing is left before the limits.</summary>
    public void RunWindow(Limits limits)
    {
        _limits = limits;
        _stoppedShort = false;
        while (true)
        {
            long envelope = _queue.Next;
            long step = _self.FindEarliest();
            bool leavesRest = _stoppedShort && step < envelope && _limits.Run - step <= _slackMaxCycles;
            if (leavesRest || !_limits.Allow(envelope, step))
            {
                NextStep = step;
                return;
            }
            if (envelope <= step)
            {
                DeliverCycle(envelope, _queue.Take());
            }
            else
            {
                Act(step, Math.Min(_limits.Run, Timing.Plus(envelope, _timing.InboundCycles)));
            }
        }
    }

    /// <summary>The node is lost: its actors never act again. Nothing is under way to them.</summary>
    public void Silence()
    {
        Invariant.Holds(_queue.Count == 0);
        for (int place = 0; place < _self.Count; place++)
        {
            _self.Clock(place) = Timing.Never;
        }
        NextStep = _self.FindEarliest();
    }

    /// <summary>Delivers the first envelope of its earliest cycle alone; no actor is behind that cycle.</summary>
    public void DeliverFirst()
    {
        _limits = Limits.None;
        DeliverCycle(_queue.Next, _queue.TakeFirst());
        NextStep = _self.FindEarliest();
    }

    /// <summary>How many envelopes an actor of this node has sent.</summary>
    public ref long Sequence(int actor) => ref _sequences[actor];

    /// <summary>Takes an envelope from another partition, the outside or a saved run.</summary>
    public void Fetch(in Envelope envelope, int target) =>
        Envelope.Copy(in envelope, ref _queue[Enqueue(envelope.Arrival.Value, target)]);

    /// <summary>Learns what an actor of this node had sent in a saved run, so that later messages stay behind it.
    /// </summary>
    public void Remember(int source, int target, in Envelope envelope)
    {
        (int, int, Lane) channel = (source, target, envelope.Message.Lane);
        if (_timing.JitterCycles != 0 && source != target)
        {
            _lastArrivals.TryGetValue(channel, out long last);
            _lastArrivals[channel] = Math.Max(last, envelope.Arrival.Value);
        }
    }

    public Fault FaultOf(Exception exception)
    {
        Envelope? handling = _handling >= 0 ? _queue[_handling] : null;
        return new Fault(_actors[_current].Address, Now.Value, handling, exception);
    }

    public override ref Payload Send(Address target, long latencyCycles, in Message message)
    {
        if (latencyCycles < 1)
        {
            _timing.Refuse(target, latencyCycles);
        }
        int to = _table.Find(target);
        if (_isLost[to])
        {
            _sequences[_current]++;
            return ref _unsent;
        }
        long now = Now.Value;
        long arrival = now + latencyCycles;
        bool here = _nodeOf[to] == Number;
        if (!here && latencyCycles < _timing.CrossNodeLatencyCycles)
        {
            _timing.Refuse(target, latencyCycles);
        }
        if (_timing.Adjusts && to != _current)
        {
            arrival = Adjust(to, message.Lane, arrival, here);
        }
        if (_acting)
        {
            LowerHorizon(to == _current ? arrival : arrival + _timing.InboundCycles);
        }
        Address source = _actors[_current].Address;
        if (!here)
        {
            SentTo[_nodeOf[to]]++;
            _limits = Limits.Min(_limits, _timing.Answer(arrival, _atBorder[to]));
        }
        ref Envelope envelope = ref here ? ref _queue[Enqueue(arrival, to)]
            : ref _loan is null ? ref _partition.Carry(to, arrival) : ref _loan.Sent.Add();
        envelope.Arrival = new Cycle(arrival);
        envelope.TieBreak = _order.TieBreak(new Cycle(arrival), source, target, message.Lane);
        envelope.Sequence = _sequences[_current]++;
        envelope.Source = source;
        envelope.Target = target;
        envelope.Message = message;
        return ref envelope.Payload;
    }

    public override void After(long cycles, in Message message)
    {
        Invariant.Holds(message.PayloadBytes == 0);
        Send(_actors[_current].Address, cycles, in message);
    }

    public override void Output(ReadOnlySpan<byte> bytes)
    {
        CheckActing();
        _partition.Output.Add(_actors[_current].Address, Now.Value, bytes);
    }

    public override void Stop(int exitCode, string reason)
    {
        long at = _timing.LateStopAt(Now.Value);
        _partition.Stop = StopRequest.First(
            _partition.Stop, new StopRequest(at, _actors[_current].Address, exitCode, reason));
        _limits = _limits.AtMost(at);
        if (_acting)
        {
            LowerHorizon(at);
        }
    }

    public override void Trace(in TraceEvent traceEvent)
    {
        foreach (IObserver observer in _observers)
        {
            observer.Traced(_actors[_current], Now, in traceEvent);
        }
    }

    /// <summary>Makes room for an envelope that arrives at an actor of this node.</summary>
    public int Enqueue(long arrival, int target)
    {
        int place = _places[target];
        if (place >= 0)
        {
            if (arrival < _self.RanTo(place))
            {
                Invariant.Broken($"a message reaches {_actors[target].Address} at c{arrival}, "
                    + $"but it was let run to c{_self.RanTo(place)}: a latency undercuts the lookahead");
            }
            _self.Expect(place, arrival);
        }
        return _queue.Add(arrival, target, _atBorder[target]);
    }

    private void DeliverCycle(long cycle, int count)
    {
        EventQueue queue = _queue;
        Now = new Cycle(cycle);
        Horizon = Now;
        LastDelivery = cycle;
        for (int i = 0; i < count; i++)
        {
            int slot = queue.Taken(i);
            int target = queue.TargetOf(slot);
            ref Envelope envelope = ref queue[slot];
            _current = target;
            _handling = slot;
            int place = _places[target];
            if (place >= 0 && _self.NextArrival(place) == cycle)
            {
                _self.Arrived(place);
            }
            Actor actor = _actors[target];
            _codec?.PassThroughBytes(ref envelope);
            long firstSequence = _sequences[target];
            actor.Receive(in envelope, this);
            _byKind[envelope.Message.Kind]++;
            if (_observers.Length != 0)
            {
                Report(in envelope, actor, firstSequence);
            }
            _handling = -1;
            queue.Free(slot);
            long step = actor.NextStep.Value;
            if (place >= 0 || step != Timing.Never)
            {
                Invariant.Holds(step >= cycle);
                NoteStep(target, step);
            }
            if (Now.Value != cycle)
            {
                Now = new Cycle(cycle);
            }
        }
        _partition.Deliveries += count;
    }

    /// <summary>Reads the next steps of all actors of the node.</summary>
    private void NoteAllSteps()
    {
        for (int actor = 0; actor < _actors.Length; actor++)
        {
            if (_nodeOf[actor] == Number)
            {
                NoteStep(actor, _actors[actor].NextStep.Value);
            }
        }
        NextStep = _self.FindEarliest();
    }

    private void Act(long step, long limit)
    {
        int place = _self.Earliest;
        long horizon = Math.Min(limit, Timing.Plus(_self.Second, _timing.LocalReachCycles));
        long arrival = _self.NextArrival(place);
        // What would be left before an arrival would have to be acted next, in a stretch of its own.
        SlackCycles = arrival > horizon && horizon - step > 2 * _slackMaxCycles ? _slackMaxCycles : 0;
        horizon = Math.Min(horizon, arrival);
        _current = _self.ActorAt(place);
        Actor actor = _actors[_current];
        Now = new Cycle(step);
        Horizon = new Cycle(horizon);
        _acting = true;
        actor.Run(this);
        _acting = false;
        long next = actor.NextStep.Value;
        if (next < Horizon.Value - SlackCycles)
        {
            Invariant.Broken($"{actor.Address} stopped at c{next}, before its horizon {Horizon}");
        }
        _stoppedShort |= next < Horizon.Value;
        _self.Clock(place) = next;
        // An actor that fell asleep has acted up to the cycle it last named.
        _self.RanTo(place) = Math.Min(next == Timing.Never ? Now.Value + 1 : next, Horizon.Value);
    }

    private void NoteStep(int actor, long step)
    {
        int place = _places[actor];
        if (place >= 0)
        {
            _self.Clock(place) = step;
        }
        else if (step != Timing.Never)
        {
            _places[actor] = place = _self.Enter(actor, step);
            foreach (int slot in _queue.Slots())
            {
                if (_queue.TargetOf(slot) == actor)
                {
                    _self.Expect(place, _queue[slot].Arrival.Value);
                }
            }
        }
    }

    /// <summary>The window between nodes, jitter, the order of the (source, target, lane), lateness.</summary>
    private long Adjust(int target, Lane lane, long arrival, bool here)
    {
        if (!here)
        {
            long crossed = _timing.Crossed(Now.Value, arrival);
            if (crossed != arrival)
            {
                Delay = Delay.Plus(crossed - arrival);
                arrival = crossed;
            }
        }
        if (_timing.JitterCycles != 0)
        {
            arrival += _order.Jitter(_actors[_current].Address, _sequences[_current], _timing.JitterCycles);
            _lastArrivals.TryGetValue((_current, target, lane), out long last);
            arrival = Math.Max(arrival, last);
            _lastArrivals[(_current, target, lane)] = arrival;
        }
        if (_timing.Lateness is { } lateness)
        {
            arrival += lateness.Of(_actors[_current].Address, _sequences[_current]);
        }
        return arrival;
    }

    private void LowerHorizon(long cycle)
    {
        CheckActing();
        if (cycle < Horizon.Value)
        {
            Horizon = new Cycle(cycle);
        }
    }

    private void CheckActing()
    {
        if (_acting && Now >= Horizon)
        {
            Invariant.Broken($"{_actors[_current].Address} acts at {Now}, at or beyond its horizon {Horizon}");
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Report(in Envelope envelope, Actor actor, long firstSequence)
    {
        foreach (IObserver observer in _observers)
        {
            observer.Delivered(in envelope, actor, firstSequence, _sequences[_current]);
        }
    }
}
