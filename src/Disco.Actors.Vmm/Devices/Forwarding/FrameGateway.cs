using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Devices.Virtio;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Vmm.Devices.Forwarding;

/// <summary>
/// A plug of the subnet of virtio interfaces behind which is the outside, <c>nic/256</c>: forwards connections that the
/// host was asked for to a guest, and passes frames on.
/// </summary>
internal sealed class FrameGateway : Actor
{
    /// <summary>Its plug; those below are virtual machines'.</summary>
    public const int Plug = 256;

    /// <summary>10.0.0.254; that of virtual machine k is 10.0.0.(k + 1).</summary>
    public const uint OwnAddress = FirstAddress | 254;

    /// <summary>02:64:69:73:63:fe, beside those of the interfaces.</summary>
    public const ulong OwnEthernet = 0x0264_6973_63FE;

    private const uint FirstAddress = 0x0A00_0000;
    private const int ConnectionsMax = 1024;
    private const int KnownMax = 4096;
    private const long PassCycles = 100;

    private readonly Fabric _fabric;

    // State: what comes from the subnet and from outside, who has which address, and the connections.
    private NetFrame? _coming;
    private readonly List<byte> _outside = [];
    private readonly SortedDictionary<uint, ulong> _known = [];
    private readonly SortedDictionary<uint, ForwardedConnection> _connections = [];

    /// <param name="node">Where it lives.</param>
    /// <param name="fabric">The actor and the switch must be placed in it.</param>
    public FrameGateway(int node, Fabric fabric)
        : base(TheGateway, node)
    {
        _fabric = fabric;
    }

    public static Address TheGateway => FrameSwitch.NicOf(Plug);

    /// <summary>Where a virtual machine is expected.</summary>
    public static uint AddressOf(int vm) => FirstAddress | (uint)(vm + 1);

    public override void Receive(in Envelope envelope, Context context)
    {
        ref readonly Message message = ref envelope.Message;
        Link link = new(this, context);
        switch (message.Kind)
        {
            case (ushort)UncachedKind.FramePiece:
                _coming = NetFrame.Take(_coming, envelope, out bool isWhole);
                if (isWhole)
                {
                    NetFrame frame = _coming;
                    _coming = null;
                    Arrived(frame, link);
                }
                break;
            case (ushort)TimerKind.WorkDue:
                Find((uint)message.A)?.Due(message.B, link);
                break;
            case (ushort)DeviceKind.ForwardOpen:
                Open(message, link);
                break;
            case (ushort)DeviceKind.ForwardBytes:
                Find((uint)message.C)?.Send(OutsideMessage.BytesOf(message, message.C >> 32), link);
                break;
            case (ushort)DeviceKind.ForwardTook:
                Find((uint)message.C)?.Took((int)message.A, link);
                break;
            case (ushort)DeviceKind.ForwardEnd:
                Find((uint)message.C)?.End(message.A == 1, link);
                break;
            case (ushort)DeviceKind.OutsideBytes:
                _outside.AddRange(OutsideMessage.BytesOf(message, message.C));
                break;
            case (ushort)DeviceKind.OutsideEnd:
                FromOutside(context);
                break;
            default:
                Invariant.Broken($"{Address} does not understand message {message}");
                break;
        }
        foreach (uint over in _connections.Values.Where(each => each.IsOver).Select(each => each.Number).ToArray())
        {
            _connections.Remove(over);
        }
    }

    public override void Save(StateWriter writer)
    {
        writer.Write("coming", _coming is not null);
        _coming?.Save(writer);
        writer.Write("outsideBytes", _outside.Count);
        writer.Write("outside", _outside.ToArray());
        writer.Write("known", _known.Count);
        foreach ((uint address, ulong ethernet) in _known)
        {
            writer.Write("address", (ulong)address);
            writer.Write("ethernet", ethernet);
        }
        writer.Write("connections", _connections.Count);
        foreach (ForwardedConnection connection in _connections.Values)
        {
            connection.Save(writer);
        }
    }

    public override void Load(StateReader reader)
    {
        _coming = reader.ReadBool("coming") ? NetFrame.Load(reader) : null;
        byte[] outside = new byte[reader.ReadInt32("outsideBytes")];
        reader.ReadBytes("outside", outside);
        _outside.Clear();
        _outside.AddRange(outside);
        _known.Clear();
        for (int left = reader.ReadInt32("known"); left > 0; left--)
        {
            uint address = (uint)reader.ReadUInt64("address");
            _known.Add(address, reader.ReadUInt64("ethernet"));
        }
        _connections.Clear();
        for (int left = reader.ReadInt32("connections"); left > 0; left--)
        {
            ForwardedConnection connection = ForwardedConnection.Load(reader);
            _connections.Add(connection.Number, connection);
        }
    }

    private ForwardedConnection? Find(uint number) => _connections.GetValueOrDefault(number);

    private void Open(in Message message, Link link)
    {
        ForwardedConnection connection = new((uint)message.C, (uint)message.A, (ushort)(message.A >> 32));
        bool isUsed = _connections.Values.Any(other => other.OwnPort == connection.OwnPort);
        if (isUsed || _connections.Count == ConnectionsMax)
        {
            link.Tell(OutsideOutput.Of(OutsideKind.Broken, connection.Number));
            return;
        }
        _connections.Add(connection.Number, connection);
        connection.Open(_known.ContainsKey(connection.Address), link);
    }

    private void FromOutside(Context context)
    {
        if (_outside.Count >= Packets.EthernetBytes && _outside.Count <= NetFrame.BytesMax)
        {
            new NetFrame([.. _outside]).Send(_fabric, context, Address, FrameSwitch.TheSwitch, PassCycles);
        }
        _outside.Clear();
    }

    private void Arrived(NetFrame frame, Link link)
    {
        if (frame.Bytes.Length < Packets.EthernetBytes)
        {
            return;
        }
        ulong target = Packets.AddressAt(frame.Bytes, 0);
        bool isForAll = (frame.Bytes[0] & 1) != 0;
        bool isArp = Packets.TypeOf(frame.Bytes) == Packets.Arp;
        if (isArp && Packets.ParseArp(frame.Bytes) is { } arp)
        {
            Learn(arp.SenderAddress, arp.Sender, link);
            if (arp.Asks && arp.TargetAddress == OwnAddress)
            {
                link.Send(new NetFrame(
                    Packets.ArpFrame(true, arp.Sender, arp.SenderAddress, OwnEthernet, OwnAddress)));
                return;
            }
        }
        bool isOwn = target == OwnEthernet && (isArp || (Packets.ParseIp(frame.Bytes) is not null
            && Packets.TargetOf(frame.Bytes) == OwnAddress));
        if (isOwn)
        {
            TakeIn(frame, link);
        }
        else if (isForAll || target == OwnEthernet)
        {
            foreach (NetFrame finished in FrameFinisher.Finish(frame))
            {
                link.Tell(OutsideOutput.Of(OutsideKind.Frame, 0, finished.Bytes));
            }
        }
    }

    private void Learn(uint address, ulong ethernet, Link link)
    {
        if (address == 0 || (_known.Count == KnownMax && !_known.ContainsKey(address)))
        {
            return;
        }
        _known[address] = ethernet;
        foreach (ForwardedConnection waiting in _connections.Values.Where(
            each => each.IsResolving && each.Address == address))
        {
            waiting.Open(isKnown: true, link);
        }
    }

    private void TakeIn(NetFrame frame, Link link)
    {
        if (Packets.EchoOf(frame.Bytes) is { } echo)
        {
            link.Send(new NetFrame(echo));
        }
        else if (Packets.ParseTcp(frame) is { } segment)
        {
            ForwardedConnection? connection = _connections.Values.FirstOrDefault(each =>
                each.OwnPort == segment.TargetPort && each.Port == segment.SourcePort
                && each.Address == segment.SourceAddress);
            if (connection is not null)
            {
                connection.Receive(segment, link);
            }
            else if (!segment.Flags.HasFlag(TcpFlags.Reset))
            {
                link.Refuse(Packets.AddressAt(frame.Bytes, 6), segment);
            }
        }
    }

    /// <summary>Effects, for the length of one message.</summary>
    private sealed class Link(FrameGateway gateway, Context context) : IForwardLink
    {
        public void Transmit(ForwardedConnection connection, in Segment segment, ushort cutBytes)
        {
            Segment whole = segment with
            {
                SourceAddress = OwnAddress,
                TargetAddress = connection.Address,
                SourcePort = connection.OwnPort,
                TargetPort = connection.Port,
            };
            Send(Packets.TcpFrame(gateway._known[connection.Address], OwnEthernet, whole, cutBytes));
        }

        public void Ask(uint address) => Send(new NetFrame(
            Packets.ArpFrame(false, Packets.Everybody, address, OwnEthernet, OwnAddress)));

        public void Tell(byte[] output) => context.Output(output);

        public void After(long cycles, ForwardedConnection connection, ulong generation) =>
            context.After(cycles, TimerMessage.Of(TimerKind.WorkDue, (int)connection.Number, generation));

        public void Send(NetFrame frame) =>
            frame.Send(gateway._fabric, context, TheGateway, FrameSwitch.TheSwitch, PassCycles);

        /// <summary>Nobody is there. [RFC 9293, 3.10.7.1]</summary>
        public void Refuse(ulong ethernet, in Segment segment)
        {
            uint length = (uint)segment.Data.Length + (segment.Flags.HasFlag(TcpFlags.Syn) ? 1u : 0)
                + (segment.Flags.HasFlag(TcpFlags.Fin) ? 1u : 0);
            Segment refusal = new(
                OwnAddress, segment.SourceAddress, segment.TargetPort, segment.SourcePort, segment.Acknowledged,
                segment.Number + length, TcpFlags.Reset | TcpFlags.Ack, 0, 0, default);
            Send(Packets.TcpFrame(ethernet, OwnEthernet, refusal, ushort.MaxValue));
        }
    }
}
