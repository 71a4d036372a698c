using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Devices.Virtio;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Devices;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Devices;

/// <summary>The subnet of virtio interfaces learns where addresses are. [IEEE 802.1D, 7.8]</summary>
public sealed class FrameSwitchTests
{
    private const byte Everybody = 0xff;

    private readonly Fabric _fabric = new(
        new InterconnectConfig { Topology = TopologyKind.Uma }, new RoundRobinPages(1, 1 << 20));

    [Fact]
    public void Frame_to_everybody_reaches_all_others()
    {
        Port[] ports = Run((0, Frame(Everybody, 10, 300)));

        Assert.Empty(ports[0].Frames);
        Assert.Equal([Frame(Everybody, 10, 300)], ports[1].Frames);
        Assert.Equal([Frame(Everybody, 10, 300)], ports[2].Frames);
    }

    [Fact]
    public void Answer_reaches_only_who_asked()
    {
        Port[] ports = Run((0, Frame(Everybody, 10, 60)), (2, Frame(10, 12, 1514)));

        Assert.Equal([Frame(10, 12, 1514)], ports[0].Frames);
        Assert.Single(ports[1].Frames);
    }

    [Fact]
    public void Frame_to_an_address_not_seen_reaches_all_others()
    {
        Port[] ports = Run((1, Frame(14, 10, 128)));

        Assert.Single(ports[0].Frames);
        Assert.Single(ports[2].Frames);
    }

    private Port[] Run(params (int Port, byte[] Frame)[] sends)
    {
        _fabric.Place(FrameSwitch.TheSwitch, 0);
        Port[] ports = [.. Enumerable.Range(0, 3).Select(vm => new Port(vm, _fabric))];
        FrameSwitch subject = new(0, [0, 1, 2], _fabric);
        World world = new([.. ports, subject], _fabric.Config.Lookahead, new MachineMessageNames());
        DeterministicEngine engine = new(world, new EngineOptions());
        for (int i = 0; i < sends.Length; i++)
        {
            ports[sends[i].Port].ToSend.Enqueue(sends[i].Frame);
            engine.Post(
                new Address(Role.Outside, 0), FrameSwitch.NicOf(sends[i].Port), default, new Cycle(1 + (10_000 * i)));
        }
        engine.Run(new Cycle(1_000_000));
        return ports;
    }

    private static byte[] Frame(byte to, byte from, int bytes)
    {
        byte[] frame = [.. Enumerable.Range(0, bytes).Select(i => (byte)(i * from))];
        frame.AsSpan(0, 12).Clear();
        frame[0] = to == Everybody ? Everybody : (byte)2;
        frame[5] = to;
        frame[6] = 2;
        frame[11] = from;
        return frame;
    }

    /// <summary>An interface that sends what it was given when it is woken, and keeps what comes.</summary>
    private sealed class Port : Actor
    {
        private readonly Fabric _fabric;
        private byte[] _coming = [];

        public Port(int vm, Fabric fabric)
            : base(FrameSwitch.NicOf(vm), 0)
        {
            _fabric = fabric;
            fabric.Place(Address, 0);
        }

        public Queue<byte[]> ToSend { get; } = new();

        public List<byte[]> Frames { get; } = [];

        public override void Receive(in Envelope envelope, Context context)
        {
            ref readonly Message message = ref envelope.Message;
            if (message.Kind != 0)
            {
                _coming = message.B == 0 ? new byte[(int)(uint)message.A] : _coming;
                ReadOnlySpan<byte> payload = envelope.Payload;
                payload[..message.PayloadBytes].CopyTo(_coming.AsSpan((int)message.B));
                if ((int)message.B + message.PayloadBytes == _coming.Length)
                {
                    Frames.Add(_coming);
                }
                return;
            }
            byte[] frame = ToSend.Dequeue();
            new NetFrame(frame).Send(_fabric, context, Address, FrameSwitch.TheSwitch, 0);
        }

        public override void Save(StateWriter writer)
        {
        }

        public override void Load(StateReader reader)
        {
        }
    }
}
