using System.Buffers.Binary;
using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Tests.Scheduling;

/// <summary>
/// Messages under way without time: one queue for each (source, target), any of whose heads may come next. That is
/// every order the machine guarantees nothing against, for messages of one lane.
/// </summary>
internal sealed class SmallNetwork : Context
{
    private readonly SortedDictionary<(Address Source, Address Target), List<(Message Message, Payload Payload)>>
        _channels = [];

    private Payload _payload;
    private (Address Source, Address Target)? _open;

    /// <summary>On whose behalf is sent.</summary>
    public Address Sender { get; set; }

    public (Address Source, Address Target)[] Channels =>
        [.. _channels.Where(pair => pair.Value.Count > 0).Select(pair => pair.Key)];

    public IEnumerable<Message> UnderWay =>
        _channels.Values.SelectMany(channel => channel).Select(sent => sent.Message);

    public override ref Payload Send(Address target, long latencyCycles, in Message message)
    {
        Close();
        (Address, Address) key = (Sender, target);
        if (!_channels.TryGetValue(key, out List<(Message, Payload)>? channel))
        {
            _channels.Add(key, channel = []);
        }
        channel.Add((message, default));
        _payload = default;
        _open = key;
        return ref _payload;
    }

    public Envelope Take((Address Source, Address Target) channel)
    {
        Close();
        (Message message, Payload payload) = _channels[channel][0];
        _channels[channel].RemoveAt(0);
        return new Envelope { Source = channel.Source, Target = channel.Target, Message = message, Payload = payload };
    }

    public override void After(long cycles, in Message message) => Send(Sender, cycles, message);

    public override void Output(ReadOnlySpan<byte> bytes) => Invariant.Broken("nothing is put out here");

    public override void Stop(int exitCode, string reason) => Invariant.Broken("nothing stops here");

    public override void Trace(in TraceEvent traceEvent)
    {
    }

    public void Save(StateWriter writer)
    {
        Close();
        foreach (((Address source, Address target), List<(Message Message, Payload Payload)> channel) in _channels)
        {
            foreach ((Message message, Payload payload) in channel)
            {
                writer.Write("ends", ((ulong)source.Packed << 32) | target.Packed);
                writer.Write("kind", ((ulong)message.Kind << 8) | message.PayloadBytes);
                writer.Write("a", message.A);
                writer.Write("b", message.B);
                writer.Write("c", message.C);
                writer.Write("d", (ulong)message.D);
                writer.Write("payload", ((ReadOnlySpan<byte>)payload)[..message.PayloadBytes]);
            }
        }
        writer.Write("ends", ulong.MaxValue);
    }

    public void Load(StateReader reader)
    {
        _open = null;
        _channels.Clear();
        for (ulong ends = reader.ReadUInt64("ends"); ends != ulong.MaxValue; ends = reader.ReadUInt64("ends"))
        {
            ulong kind = reader.ReadUInt64("kind");
            Message message = new()
            {
                Kind = (ushort)(kind >> 8),
                PayloadBytes = (byte)kind,
                A = reader.ReadUInt64("a"),
                B = reader.ReadUInt64("b"),
                C = reader.ReadUInt64("c"),
                D = (uint)reader.ReadUInt64("d"),
            };
            Payload payload = default;
            reader.ReadBytes("payload", ((Span<byte>)payload)[..message.PayloadBytes]);
            (Address, Address) key = (Address.FromPacked((uint)(ends >> 32)), Address.FromPacked((uint)ends));
            if (!_channels.TryGetValue(key, out List<(Message, Payload)>? channel))
            {
                _channels.Add(key, channel = []);
            }
            channel.Add((message, payload));
        }
    }

    // The payload of what was sent last is complete when something else happens.
    private void Close()
    {
        if (_open is { } key)
        {
            List<(Message Message, Payload Payload)> channel = _channels[key];
            channel[^1] = (channel[^1].Message, _payload);
            _open = null;
        }
    }
}

/// <summary>A state as bytes; statistics are left out, so that what only counts tells no states apart.</summary>
internal sealed class SmallState : StateWriter
{
    private readonly List<byte> _bytes = [];

    public byte[] ToArray() => [.. _bytes];

    public override void Write(string name, ulong value)
    {
        if (!IsStatistic(name))
        {
            Span<byte> word = stackalloc byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(word, value);
            _bytes.AddRange(word);
        }
    }

    public override void Write(string name, ReadOnlySpan<byte> bytes) => _bytes.AddRange(bytes);

    public static StateReader Read(byte[] bytes) => new Reader(bytes);

    private static bool IsStatistic(string name) => name.StartsWith("stat.", StringComparison.Ordinal);

    private sealed class Reader(byte[] bytes) : StateReader
    {
        private int _next;

        public override ulong ReadUInt64(string name)
        {
            if (IsStatistic(name))
            {
                return 0;
            }
            _next += sizeof(ulong);
            return BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(_next - sizeof(ulong)));
        }

        public override void ReadBytes(string name, Span<byte> into)
        {
            bytes.AsSpan(_next, into.Length).CopyTo(into);
            _next += into.Length;
        }
    }
}
