using System.Runtime.CompilerServices;
using Disco.Actors.Core;

namespace Disco.Actors.Verification.Stress;

/// <summary>
/// Messages under way without time: one queue, a channel, for each (source, target, lane), any of whose heads may come
/// next. That is every order the machine guarantees nothing against. Allocates nothing once it has grown.
/// </summary>
public sealed class StressNetwork : Context
{
    private const int IndicesMax = 64;
    private const int None = -1;

    private readonly Actor[] _actors;
    private readonly sbyte[] _numberOf = new sbyte[16 * IndicesMax];

    // By channel: first and last flight, and the place in the list of those that are not empty.
    private readonly int[] _head;
    private readonly int[] _tail;
    private readonly int[] _place;
    private readonly int[] _ready;
    private readonly Subject _subject;
    private Flight[] _flights = new Flight[64];
    private int _free = None;
    private int _used;
    private int _sender;

    /// <param name="actors">In order of address; at most 127.</param>
    /// <param name="subject">Is told what actors report.</param>
    public StressNetwork(Actor[] actors, Subject subject)
    {
        Invariant.Holds(actors.Length <= sbyte.MaxValue);
        _actors = actors;
        _subject = subject;
        Array.Fill(_numberOf, (sbyte)None);
        for (int number = 0; number < actors.Length; number++)
        {
            _numberOf[Slot(actors[number].Address)] = (sbyte)number;
        }
        int channels = actors.Length * actors.Length * 2;
        _head = new int[channels];
        _tail = new int[channels];
        _place = new int[channels];
        _ready = new int[channels];
        Tracing = true;
        Reset();
    }

    /// <summary>Channels that are not empty.</summary>
    public int Ready { get; private set; }

    public int InFlight { get; private set; }

    /// <summary>Messages sent since the reset; each has its number from 0.</summary>
    public int Sent { get; private set; }

    /// <summary>Messages delivered; the time, unless <see cref="Timeless"/>.</summary>
    public int Delivered { get; private set; }

    /// <summary>Time stands still, so that a state does not tell how long it took to get there.</summary>
    public bool Timeless { get; set; }

    /// <summary>Nobody looks: no traces, no observers. For measuring what they cost.</summary>
    public bool IsBare
    {
        get => !Tracing;
        set => Tracing = !value;
    }

    public Actor[] Actors => _actors;

    /// <summary>Where what happens is counted.</summary>
    public Coverage Coverage { get; set; } = new();

    public int Channels => _head.Length;

    public void Reset()
    {
        Array.Fill(_head, None);
        Array.Fill(_place, None);
        (Ready, InFlight, Sent, Delivered, _used, _free) = (0, 0, 0, 0, 0, None);
        Now = Cycle.Zero;
        Horizon = Cycle.Never;
    }

    /// <summary>The channel at a place of the list of those that are not empty; places change with each step.</summary>
    public int ReadyAt(int place) => _ready[place];

    public bool IsReady(int channel) => _place[channel] != None;

    /// <summary>The number of the actor that receives what is in a channel.</summary>
    public int TargetOf(int channel) => (channel >> 1) % _actors.Length;

    public int SourceOf(int channel) => (channel >> 1) / _actors.Length;

    public int ChannelOf(Address source, Address target, Lane lane) =>
        (((NumberOf(source) * _actors.Length) + NumberOf(target)) << 1) | (int)lane;

    public ref readonly Envelope HeadOf(int channel) => ref _flights[_head[channel]].Envelope;

    /// <summary>The number of the channel's first message, and of the delivery that caused it, -1 for the start.
    /// </summary>
    public (int Message, int Cause) BirthOf(int channel) =>
        (_flights[_head[channel]].Number, _flights[_head[channel]].Cause);

    /// <summary>A number that a strategy keeps with the channel's first message.</summary>
    public ref ulong MarkOf(int channel) => ref _flights[_head[channel]].Mark;

    public int NumberOf(Address address) => _numberOf[Slot(address)];

    /// <summary>Has the channel's first message handled by its target.</summary>
    /// <param name="channel">Not empty.</param>
    /// <param name="keep">The message comes once more: the network brought it twice.</param>
    public void Deliver(int channel, bool keep = false)
    {
        int flight = _head[channel];
        Invariant.Holds(flight != None);
        if (!keep)
        {
            Unlink(channel, flight);
        }
        int target = TargetOf(channel);
        _sender = target;
        Delivered++;
        Now = Timeless ? Cycle.Zero : new Cycle(Delivered);
        ref readonly Envelope envelope = ref _flights[flight].Envelope;
        _actors[target].Receive(envelope, this);
        if (Tracing)
        {
            _subject.Received(envelope, target);
        }
        if (!keep)
        {
            _flights[flight].Next = _free;
            _free = flight;
        }
    }

    /// <summary>Takes the channel's first message away; somebody else answers it.</summary>
    public Envelope Drop(int channel)
    {
        int flight = _head[channel];
        Unlink(channel, flight);
        _flights[flight].Next = _free;
        _free = flight;
        return _flights[flight].Envelope;
    }

    /// <summary>Sends on behalf of an actor, from outside of it.</summary>
    public ref Payload SendFor(Address source, Address target, in Message message)
    {
        _sender = NumberOf(source);
        return ref Send(target, 1, message);
    }

    /// <summary>Lets an actor act outside of a delivery.</summary>
    public StressNetwork As(Address actor)
    {
        _sender = NumberOf(actor);
        return this;
    }

    public override ref Payload Send(Address target, long latencyCycles, in Message message)
    {
        Invariant.Holds(latencyCycles >= 1);
        int to = NumberOf(target);
        Invariant.Holds(to >= 0);
        int flight = TakeFlight();
        ref Flight under = ref _flights[flight];
        under.Envelope.Arrival = Now;
        under.Envelope.Source = _actors[_sender].Address;
        under.Envelope.Target = target;
        under.Envelope.Message = message;
        under.Number = Sent;
        under.Cause = Delivered - 1;
        under.Next = None;
        under.Mark = 0;
        Link((((_sender * _actors.Length) + to) << 1) | (int)message.Lane, flight);
        Sent++;
        return ref under.Envelope.Payload;
    }

    public override void After(long cycles, in Message message) => Send(_actors[_sender].Address, cycles, message);

    public override void Output(ReadOnlySpan<byte> bytes) => Invariant.Broken("a subject has no outside");

    public override void Stop(int exitCode, string reason) => Invariant.Broken("a subject does not stop");

    public override void Trace(in TraceEvent traceEvent)
    {
        if (!Coverage.Steps.See(traceEvent))
        {
            _subject.Reported(_sender, traceEvent);
        }
    }

    public void Save(StateWriter writer)
    {
        for (int channel = 0; channel < _head.Length; channel++)
        {
            for (int flight = _place[channel] == None ? None : _head[channel]; flight != None;)
            {
                ref Flight under = ref _flights[flight];
                writer.Write("channel", (ulong)channel);
                StateWords.Write(writer, under.Envelope.Message, under.Envelope.Payload);
                flight = under.Next;
            }
        }
        writer.Write("channel", ulong.MaxValue);
    }

    /// <summary>Messages come back in their channels; their numbers and causes do not.</summary>
    public void Load(StateReader reader)
    {
        int delivered = Delivered;
        Reset();
        Delivered = delivered;
        for (ulong channel = reader.ReadUInt64("channel"); channel != ulong.MaxValue;
            channel = reader.ReadUInt64("channel"))
        {
            _sender = SourceOf((int)channel);
            Envelope envelope = default;
            StateWords.Read(reader, ref envelope);
            envelope.Message.Lane = (Lane)(channel & 1);
            Send(_actors[TargetOf((int)channel)].Address, 1, envelope.Message) = envelope.Payload;
        }
    }

    private static int Slot(Address address)
    {
        Invariant.Holds(address.Index < IndicesMax);
        return ((int)address.Role * IndicesMax) + address.Index;
    }

    private int TakeFlight()
    {
        if (_free != None)
        {
            int flight = _free;
            _free = _flights[flight].Next;
            return flight;
        }
        if (_used == _flights.Length)
        {
            Array.Resize(ref _flights, _used * 2);
        }
        return _used++;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Link(int channel, int flight)
    {
        InFlight++;
        if (_place[channel] == None)
        {
            _head[channel] = flight;
            _place[channel] = Ready;
            _ready[Ready++] = channel;
        }
        else
        {
            _flights[_tail[channel]].Next = flight;
        }
        _tail[channel] = flight;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Unlink(int channel, int flight)
    {
        InFlight--;
        _head[channel] = _flights[flight].Next;
        if (_head[channel] != None)
        {
            return;
        }
        int place = _place[channel];
        int last = _ready[--Ready];
        _ready[place] = last;
        _place[last] = place;
        _place[channel] = None;
    }

    private struct Flight
    {
        public Envelope Envelope;
        public int Next;
        public int Number;
        public int Cause;
        public ulong Mark;
    }
}
