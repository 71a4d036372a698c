using System.Text;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Devices.Virtio;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Devices;
using Disco.Actors.Vmm.Devices.Forwarding;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Devices;

/// <summary>The gateway between a subnet of virtio interfaces and the outside. [RFC 826, 9293]</summary>
public sealed class FrameGatewayTests
{
    private const uint Guest = 0x0A00_0001;
    private const ulong GuestEthernet = 0x0200_0000_0001;
    private const ushort Port = 80;

    private readonly Fabric _fabric = new(
        new InterconnectConfig { Topology = TopologyKind.Uma }, new RoundRobinPages(1, 1 << 20));

    private readonly List<(OutsideKind Kind, uint Connection, byte[] Bytes)> _told = [];

    /// <summary>What the host says reaches the guest, what the guest says the host, and both ends are told of the end.
    /// Lost segments are sent again.</summary>
    [Theory]
    [InlineData("nothing is lost", 0, 1460)]
    [InlineData("each third frame is lost", 3, 1460)]
    [InlineData("the guest says nothing of its segments", 0, 0)]
    public void Connection_carries_both_ways_what_was_said(string title, int loses, int segmentMax)
    {
        Assert.NotEmpty(title);
        byte[] said = [.. Enumerable.Range(0, 50_000).Select(at => (byte)(at / 13))];
        EchoGuest guest = new(_fabric, loses, (ushort)segmentMax);

        Engine engine = Run(
            guest,
            [
                OutsideMessage.Open(7, Guest, Port), .. OutsideMessage.Bytes(7, said),
                OutsideMessage.End(7, isBroken: false),
            ]);

        Assert.Equal(said, guest.Heard);
        Assert.Equal(said, BytesOf(OutsideKind.Bytes));
        Assert.Equal(said.Length, _told.Where(told => told.Kind == OutsideKind.Taken)
            .Sum(told => OutsideOutput.CountOf(told.Bytes)));
        Assert.Equal(OutsideKind.Closed, _told[^1].Kind);
        Assert.Contains(_told, told => told.Kind == OutsideKind.End);
        Assert.Equal(loses > 0, guest.LostFrames > 0);
        Assert.True(engine.Now.Value > 0);
    }

    [Fact]
    public void Connection_that_the_guest_refuses_is_broken()
    {
        EchoGuest guest = new(_fabric, 0, 1460) { Refuses = true };

        Run(guest, [OutsideMessage.Open(1, Guest, Port)]);

        Assert.Equal([(OutsideKind.Broken, 1u)], _told.Select(told => (told.Kind, told.Connection)));
    }

    [Fact]
    public void Connection_to_an_address_nobody_has_is_broken()
    {
        EchoGuest guest = new(_fabric, 0, 1460);

        Run(guest, [OutsideMessage.Open(1, Guest + 5, Port)]);

        Assert.Equal([(OutsideKind.Broken, 1u)], _told.Select(told => (told.Kind, told.Connection)));
    }

    /// <summary>A guest that is not read from sends no more than the window. [RFC 9293, 3.8.6]</summary>
    [Fact]
    public void Guest_gets_no_further_ahead_of_the_host_than_the_window()
    {
        byte[] said = new byte[200_000];
        EchoGuest guest = new(_fabric, 0, 1460);

        Run(guest, [OutsideMessage.Open(2, Guest, Port), .. OutsideMessage.Bytes(2, said)], takes: false);

        Assert.Equal(ushort.MaxValue, BytesOf(OutsideKind.Bytes).Length);
    }

    /// <summary>A frame is passed on as it is, both ways.</summary>
    [Fact]
    public void Frames_for_everybody_leave_and_frames_from_outside_come_in()
    {
        byte[] comes = Packets.ArpFrame(false, Packets.Everybody, 0x0A00_0063, 0x0200_0000_0099, 0x0A00_0098);
        EchoGuest guest = new(_fabric, 0, 1460);

        Run(guest, OutsideMessage.Frame(comes));

        Assert.Contains(guest.Frames, frame => frame.AsSpan().SequenceEqual(comes));
    }

    [Fact]
    public void Connection_in_two_halves_ends_as_the_whole_one()
    {
        byte[] said = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("of some length, ", 2000)));
        Message[] messages = [OutsideMessage.Open(7, Guest, Port), .. OutsideMessage.Bytes(7, said)];
        Engine whole = Started(new EchoGuest(_fabric, 3, 1460), messages);
        whole.Run(new Cycle(1L << 40));
        foreach (long cut in new long[] { 500, 30_000, 90_000_000 })
        {
            Engine first = Started(new EchoGuest(_fabric, 3, 1460), messages);
            first.Run(new Cycle(cut));
            Snapshot state = new();
            first.Save(state);
            Engine second = Engine(new EchoGuest(_fabric, 3, 1460));
            second.Load(state.Read());
            second.Run(new Cycle(1L << 40));

            Assert.Equal(whole.StateHash(), second.StateHash());
        }
    }

    private byte[] BytesOf(OutsideKind kind) =>
        [.. _told.Where(told => told.Kind == kind).SelectMany(told => told.Bytes)];

    private Engine Run(EchoGuest guest, IEnumerable<Message> messages, bool takes = true)
    {
        Engine engine = Started(guest, messages);
        engine.OnOutput = (_, _, bytes) => _told.Add(OutsideOutput.Parse(bytes));
        int taken = 0;
        // The host takes what has come, now and then.
        for (int round = 1; round <= 400; round++)
        {
            engine.Run(new Cycle((1L << 40) / 400 * round), () => false);
            int came = BytesOf(OutsideKind.Bytes).Length;
            if (takes && came > taken)
            {
                engine.Post(
                    new Address(Role.Outside, 3), OutsideMessage.Target, OutsideMessage.Took(7, came - taken),
                    engine.Now);
                taken = came;
            }
        }
        return engine;
    }

    private Engine Started(EchoGuest guest, IEnumerable<Message> messages)
    {
        Engine engine = Engine(guest);
        foreach (Message message in messages)
        {
            engine.Post(new Address(Role.Outside, 3), OutsideMessage.Target, message, new Cycle(1));
        }
        return engine;
    }

    private DeterministicEngine Engine(EchoGuest guest)
    {
        _fabric.Place(FrameSwitch.TheSwitch, 0);
        _fabric.Place(FrameGateway.TheGateway, 0);
        World world = new(
            [guest, new FrameSwitch(0, [0, FrameGateway.Plug], _fabric), new FrameGateway(0, _fabric)],
            _fabric.Config.Lookahead, new MachineMessageNames());
        return new DeterministicEngine(world, new EngineOptions());
    }

    /// <summary>A guest whose only program sends back what it hears, in segments of up to 1000 bytes.</summary>
    private sealed class EchoGuest : Actor
    {
        private readonly Fabric _fabric;
        private readonly int _loses;
        private readonly ushort _segmentMax;
        private NetFrame? _coming;
        private int _count;
        private uint _expected;
        private uint _sent;
        private uint _taken;
        private int _window;
        private bool _ended;
        private ushort _port;
        private bool _isArmed;

        public EchoGuest(Fabric fabric, int loses, ushort segmentMax)
            : base(FrameSwitch.NicOf(0), 0)
        {
            _fabric = fabric;
            _loses = loses;
            _segmentMax = segmentMax;
            fabric.Place(Address, 0);
        }

        public bool Refuses { get; init; }

        public int LostFrames { get; private set; }

        public List<byte> Heard { get; } = [];

        public List<byte[]> Frames { get; } = [];

        public override void Receive(in Envelope envelope, Context context)
        {
            if (envelope.Message.Kind == (ushort)TimerKind.WorkDue)
            {
                _isArmed = false;
                _sent = _taken;
                Push(context);
                return;
            }
            _coming = NetFrame.Take(_coming, envelope, out bool isWhole);
            if (!isWhole)
            {
                return;
            }
            NetFrame large = _coming;
            _coming = null;
            Frames.Add(large.Bytes);
            foreach (NetFrame frame in FrameFinisher.Finish(large))
            {
                if (_loses > 0 && ++_count % _loses == 0)
                {
                    LostFrames++;
                }
                else if (Packets.ParseArp(frame.Bytes) is { Asks: true, TargetAddress: Guest } arp)
                {
                    Send(new NetFrame(Packets.ArpFrame(
                        true, arp.Sender, arp.SenderAddress, GuestEthernet, Guest)), context);
                }
                else if (Packets.ParseTcp(frame) is { } segment)
                {
                    Assert.True(segment.Data.Length <= (_segmentMax == 0 ? 536 : _segmentMax));
                    Hear(segment, context);
                }
            }
        }

        public override void Save(StateWriter writer)
        {
            writer.Write("coming", _coming is not null);
            _coming?.Save(writer);
            writer.Write("count", _count);
            writer.Write("expected", (ulong)_expected);
            writer.Write("sent", (ulong)_sent);
            writer.Write("taken", (ulong)_taken);
            writer.Write("window", _window);
            writer.Write("ended", _ended);
            writer.Write("port", (ulong)_port);
            writer.Write("armed", _isArmed);
            writer.Write("heardBytes", Heard.Count);
            writer.Write("heard", Heard.ToArray());
        }

        public override void Load(StateReader reader)
        {
            _coming = reader.ReadBool("coming") ? NetFrame.Load(reader) : null;
            _count = reader.ReadInt32("count");
            _expected = (uint)reader.ReadUInt64("expected");
            _sent = (uint)reader.ReadUInt64("sent");
            _taken = (uint)reader.ReadUInt64("taken");
            _window = reader.ReadInt32("window");
            _ended = reader.ReadBool("ended");
            _port = (ushort)reader.ReadUInt64("port");
            _isArmed = reader.ReadBool("armed");
            byte[] heard = new byte[reader.ReadInt32("heardBytes")];
            reader.ReadBytes("heard", heard);
            Heard.AddRange(heard);
        }

        // Its first number is 0, and SYN is one.
        private void Hear(in Segment segment, Context context)
        {
            if (segment.Flags.HasFlag(TcpFlags.Syn))
            {
                _expected = segment.Number + 1;
                _port = segment.SourcePort;
                TcpFlags answer = Refuses ? TcpFlags.Reset : TcpFlags.Syn;
                Say(0, answer | TcpFlags.Ack, _segmentMax, [], context);
                (_sent, _taken) = (1, 1);
                return;
            }
            _window = segment.Window;
            _taken = Math.Max(_taken, segment.Acknowledged);
            _sent = Math.Max(_sent, _taken);
            bool hasData = segment.Data.Length > 0 || segment.Flags.HasFlag(TcpFlags.Fin);
            if (hasData && segment.Number == _expected && !_ended)
            {
                Heard.AddRange(segment.Data.Span);
                _ended = segment.Flags.HasFlag(TcpFlags.Fin);
                _expected += (uint)segment.Data.Length + (_ended ? 1u : 0);
            }
            if (hasData)
            {
                Say(_sent, TcpFlags.Ack, 0, [], context);
            }
            Push(context);
        }

        // FIN is one behind the last byte.
        private void Push(Context context)
        {
            while (_sent - 1 < Heard.Count && _sent - _taken < _window)
            {
                int at = (int)_sent - 1;
                int bytes = Math.Min(Math.Min(1000, Heard.Count - at), _window - (int)(_sent - _taken));
                Say(_sent, TcpFlags.Ack, 0, [.. Heard.GetRange(at, bytes)], context);
                _sent += (uint)bytes;
            }
            if (_ended && _sent - 1 == Heard.Count)
            {
                Say(_sent++, TcpFlags.Fin | TcpFlags.Ack, 0, [], context);
            }
            if (_taken < _sent && !_isArmed)
            {
                _isArmed = true;
                context.After(40_000_000, TimerMessage.Of(TimerKind.WorkDue, 0, 0));
            }
        }

        private void Say(uint number, TcpFlags flags, ushort segmentMax, byte[] data, Context context)
        {
            Segment segment = new(
                Guest, FrameGateway.OwnAddress, Port, _port, number, _expected, flags, ushort.MaxValue, segmentMax,
                data);
            Send(Packets.TcpFrame(FrameGateway.OwnEthernet, GuestEthernet, segment, ushort.MaxValue), context);
        }

        private void Send(NetFrame frame, Context context) =>
            frame.Send(_fabric, context, Address, FrameSwitch.TheSwitch, 0);
    }
}
