using System.Buffers.Binary;
using Disco.Actors.Core;
using Disco.Actors.Machine.Devices.Virtio;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Vmm.Devices;

/// <summary>
/// The subnet of virtio network interfaces, <c>switch/1</c>: passes Ethernet frames on to the port behind which their
/// destination was seen, or to all others while it was not. [IEEE 802.1D, 7.8]
/// </summary>
internal sealed class FrameSwitch : Actor
{
    private const int HeaderBytes = 14;
    private const int AddressBytes = 6;
    private const byte GroupBit = 1;
    private const long PassCycles = 100;

    private readonly Fabric _fabric;
    private readonly int[] _vms;

    // State: the frame that comes from each port, and the port of each address.
    private readonly SortedDictionary<int, NetFrame> _coming = [];
    private readonly SortedDictionary<ulong, int> _ports = [];

    /// <param name="node">Where it lives.</param>
    /// <param name="vms">Plugs: virtual machines with an interface, and the gateway.</param>
    /// <param name="fabric">The actor and the interfaces must be placed in it.</param>
    public FrameSwitch(int node, IEnumerable<int> vms, Fabric fabric)
        : base(TheSwitch, node)
    {
        _fabric = fabric;
        _vms = [.. vms];
    }

    public static Address TheSwitch => new(Role.Switch, 1);

    /// <summary>Frames that came, and bytes of them.</summary>
    public long Frames { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>The interface of a virtual machine.</summary>
    public static Address NicOf(int vm) => new(Role.Nic, (ushort)vm);

    public override void Receive(in Envelope envelope, Context context)
    {
        ref readonly Message message = ref envelope.Message;
        int from = Fabric.SenderOf(message).Index;
        NetFrame frame = NetFrame.Take(_coming.GetValueOrDefault(from), envelope, out bool isWhole);
        _coming[from] = frame;
        if (isWhole)
        {
            _coming.Remove(from);
            PassOn(from, frame, context);
        }
    }

    public override void Save(StateWriter writer)
    {
        writer.Write("coming", _coming.Count);
        foreach ((int vm, NetFrame frame) in _coming)
        {
            writer.Write("vm", vm);
            frame.Save(writer);
        }
        writer.Write("ports", _ports.Count);
        foreach ((ulong address, int vm) in _ports)
        {
            writer.Write("address", address);
            writer.Write("vm", vm);
        }
        writer.Write("stat.frames", Frames);
        writer.Write("stat.bytes", Bytes);
    }

    public override void Load(StateReader reader)
    {
        _coming.Clear();
        for (int left = reader.ReadInt32("coming"); left > 0; left--)
        {
            int vm = reader.ReadInt32("vm");
            _coming.Add(vm, NetFrame.Load(reader));
        }
        _ports.Clear();
        for (int left = reader.ReadInt32("ports"); left > 0; left--)
        {
            ulong address = reader.ReadUInt64("address");
            _ports.Add(address, reader.ReadInt32("vm"));
        }
        Frames = reader.ReadInt64("stat.frames");
        Bytes = reader.ReadInt64("stat.bytes");
    }

    private void PassOn(int from, NetFrame whole, Context context)
    {
        byte[] frame = whole.Bytes;
        if (frame.Length < HeaderBytes)
        {
            return;
        }
        Frames++;
        Bytes += frame.Length;
        ulong destination = AddressAt(frame, 0);
        ulong source = AddressAt(frame, AddressBytes);
        if ((frame[AddressBytes] & GroupBit) == 0)
        {
            _ports[source] = from;
        }
        bool isKnown = (frame[0] & GroupBit) == 0 && _ports.ContainsKey(destination);
        foreach (int vm in _vms)
        {
            if (vm != from && (!isKnown || _ports[destination] == vm))
            {
                whole.Send(_fabric, context, Address, NicOf(vm), PassCycles);
            }
        }
    }

    private static ulong AddressAt(byte[] frame, int offset) =>
        ((ulong)BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(offset)) << 16)
        | BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(offset + 4));
}
