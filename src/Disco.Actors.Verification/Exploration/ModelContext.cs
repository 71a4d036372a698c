using Disco.Actors.Core;
using Disco.Actors.Verification.Stress;

namespace Disco.Actors.Verification.Exploration;

/// <summary>
/// Messages under way without time: one queue for each (source, target, lane), any of whose heads may come next.
/// That is every order the machine guarantees nothing against.
/// </summary>
internal sealed class ModelContext : Context
{
    private readonly SortedDictionary<ulong, List<Flight>> _channels = [];
    private Flight? _last;

    /// <summary>Counts the steps of the tables; null when nobody wants to know.</summary>
    public StepCoverage? Steps
    {
        get;
        set
        {
            field = value;
            Tracing = value is not null;
        }
    }

    /// <summary>The actor on whose behalf is sent.</summary>
    public Address Sender { get; set; }

    public int InFlight
    {
        get
        {
            int count = 0;
            foreach (List<Flight> channel in _channels.Values)
            {
                count += channel.Count;
            }
            return count;
        }
    }

    public IEnumerable<ulong> Channels => _channels.Where(pair => pair.Value.Count > 0).Select(pair => pair.Key);

    public ulong? FindChannelTo(Address target)
    {
        foreach ((ulong key, List<Flight> channel) in _channels)
        {
            if (channel.Count > 0 && channel[0].Target == target)
            {
                return key;
            }
        }
        return null;
    }

    public Message Peek(ulong channel) => _channels[channel][0].Message;

    public Envelope Dequeue(ulong channel)
    {
        Envelope envelope = PeekEnvelope(channel);
        _channels[channel].RemoveAt(0);
        return envelope;
    }

    public Envelope PeekEnvelope(ulong channel)
    {
        Flight flight = _channels[channel][0];
        return new Envelope
        {
            Source = flight.Source,
            Target = flight.Target,
            Message = flight.Message,
            Payload = flight.Payload,
        };
    }

    public override ref Payload Send(Address target, long latencyCycles, in Message message)
    {
        Invariant.Holds(latencyCycles >= 1);
        Flight flight = new() { Source = Sender, Target = target, Message = message };
        Enqueue(flight);
        _last = flight;
        return ref _last.Payload;
    }

    public override void After(long cycles, in Message message) => Send(Sender, cycles, message);

    public override void Output(ReadOnlySpan<byte> bytes) => Invariant.Broken("the model has no outside");

    public override void Stop(int exitCode, string reason) => Invariant.Broken("the model does not stop");

    public override void Trace(in TraceEvent traceEvent) => Steps?.See(traceEvent);

    public void Save(StateWriter writer)
    {
        foreach ((ulong key, List<Flight> channel) in _channels)
        {
            if (channel.Count == 0)
            {
                continue;
            }
            writer.Write("channel", key);
            writer.Write("count", (ulong)channel.Count);
            foreach (Flight flight in channel)
            {
                writer.Write("kind", ((ulong)flight.Message.Kind << 8) | flight.Message.PayloadBytes);
                writer.Write("a", flight.Message.A);
                writer.Write("b", flight.Message.B);
                writer.Write("c", flight.Message.C);
                writer.Write("d", (ulong)flight.Message.D);
                writer.Write("payload", ((ReadOnlySpan<byte>)flight.Payload)[..flight.Message.PayloadBytes]);
            }
        }
        writer.Write("channel", ulong.MaxValue);
    }

    public void Load(StateReader reader)
    {
        foreach (List<Flight> channel in _channels.Values)
        {
            channel.Clear();
        }
        for (ulong key = reader.ReadUInt64("channel"); key != ulong.MaxValue; key = reader.ReadUInt64("channel"))
        {
            ulong count = reader.ReadUInt64("count");
            for (ulong i = 0; i < count; i++)
            {
                ulong kind = reader.ReadUInt64("kind");
                Flight flight = new()
                {
                    Source = Address.FromPacked((uint)(key >> 33)),
                    Target = Address.FromPacked((uint)(key >> 1) & 0xFFFFFFFF),
                };
                flight.Message.Kind = (ushort)(kind >> 8);
                flight.Message.PayloadBytes = (byte)kind;
                flight.Message.Lane = (Lane)(key & 1);
                flight.Message.A = reader.ReadUInt64("a");
                flight.Message.B = reader.ReadUInt64("b");
                flight.Message.C = reader.ReadUInt64("c");
                flight.Message.D = (uint)reader.ReadUInt64("d");
                reader.ReadBytes("payload", ((Span<byte>)flight.Payload)[..flight.Message.PayloadBytes]);
                Enqueue(flight);
            }
        }
    }

    private void Enqueue(Flight flight)
    {
        // Roles take four bits and indices few, so that both addresses and the lane fit.
        ulong ends = ((ulong)flight.Source.Packed << 32) | flight.Target.Packed;
        ulong key = (ends << 1) | (ulong)flight.Message.Lane;
        if (!_channels.TryGetValue(key, out List<Flight>? channel))
        {
            _channels.Add(key, channel = []);
        }
        channel.Add(flight);
    }

    private sealed class Flight
    {
        public Address Source;
        public Address Target;
        public Message Message;
        public Payload Payload;
    }
}
