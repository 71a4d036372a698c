using System.Text;
using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Machine.Tests.Devices;

/// <summary>One device on a one-node machine, and a context that keeps what the device does.</summary>
internal sealed class DeviceBench : Context
{
    public const ulong Base = 0xE000_0000;

    private readonly List<Envelope> _sent = [];
    private readonly StringBuilder _output = new();
    private Payload _payload;
    private bool _payloadIsDue;
    private Actor? _device;

    public DeviceBench(int cpus = 2)
    {
        Fabric = new Fabric(new InterconnectConfig { Topology = TopologyKind.Uma }, new RoundRobinPages(1, 1 << 20));
        for (int cpu = 0; cpu < cpus; cpu++)
        {
            Fabric.PlaceAgent(cpu, Address.Cpu(cpu), 0);
        }
        foreach (Role role in (Role[])[Role.Interrupts, Role.Console, Role.Power, Role.Disk])
        {
            Fabric.Place(new Address(role, 0), 0);
        }
        Wiring = new DeviceWiring(Fabric, Base, cpus) { Interrupt = 5 };
    }

    public Fabric Fabric { get; }

    public DeviceWiring Wiring { get; }

    public Actor Device => _device!;

    /// <summary>What the device printed.</summary>
    public string Printed => _output.ToString();

    /// <summary>Exit code and reason of the last request to stop.</summary>
    public (int Code, string Reason)? Stopped { get; private set; }

    public TDevice Attach<TDevice>(TDevice device)
        where TDevice : Actor
    {
        _device = device;
        return device;
    }

    /// <summary>Loads as CPU <paramref name="cpu"/> would.</summary>
    public ulong Read(uint offset, int cpu = 0, int sizeBytes = 4)
    {
        Deliver(UncachedMessage.Read(Base + offset, sizeBytes, Address.Cpu(cpu)).Pack());
        return TakeReply(UncachedKind.UncachedData, cpu).Value;
    }

    public void Write(uint offset, ulong value, int cpu = 0, int sizeBytes = 4)
    {
        Deliver(UncachedMessage.Write(Base + offset, value, sizeBytes, Address.Cpu(cpu)).Pack());
        TakeReply(UncachedKind.UncachedAck, cpu);
    }

    public void Deliver(in Message message)
    {
        Envelope envelope = new() { Arrival = Now, Source = Address.Cpu(0), Target = _device!.Address };
        envelope.Message = message;
        _device.Receive(envelope, this);
    }

    public void Deliver(in Envelope envelope) => _device!.Receive(envelope, this);

    /// <summary>Moves time, delivering the device's messages to itself when they are due.</summary>
    public void PassTime(long cycles)
    {
        Cycle end = Now + cycles;
        while (_sent.Where(sent => sent.Target == _device!.Address && sent.Arrival <= end)
            .OrderBy(sent => sent.Arrival.Value).ToArray() is [Envelope next, ..])
        {
            _sent.RemoveAt(_sent.FindIndex(sent => sent.Sequence == next.Sequence));
            AdvanceTo(next.Arrival);
            _device!.Receive(next, this);
        }
        AdvanceTo(end);
    }

    /// <summary>Takes away what was sent of a kind to a target, oldest first, with its payloads.</summary>
    public Envelope[] TakeEnvelopes(ushort kind, Address target)
    {
        Flush();
        Envelope[] found = [.. _sent.Where(sent => sent.Message.Kind == kind && sent.Target == target)];
        _sent.RemoveAll(sent => sent.Message.Kind == kind && sent.Target == target);
        return found;
    }

    /// <summary>Takes away the messages of a kind to a target, oldest first.</summary>
    public Message[] TakeMessages(ushort kind, Address target)
    {
        Message[] found =
        [
            .. _sent.Where(sent => sent.Message.Kind == kind && sent.Target == target).Select(sent => sent.Message),
        ];
        _sent.RemoveAll(sent => sent.Message.Kind == kind && sent.Target == target);
        return found;
    }

    /// <summary>Takes away the messages of a kind to a target, oldest first; their word A and B.</summary>
    public (ulong A, ulong B)[] Take(InterruptKind kind, Address target)
    {
        Envelope[] found = [.. _sent.Where(sent => sent.Message.Kind == (ushort)kind && sent.Target == target)];
        _sent.RemoveAll(sent => sent.Message.Kind == (ushort)kind && sent.Target == target);
        return [.. found.Select(sent => (sent.Message.A, sent.Message.B))];
    }

    public override ref Payload Send(Address target, long latencyCycles, in Message message)
    {
        Flush();
        _sent.Add(new Envelope
        {
            Arrival = Now + latencyCycles,
            Source = _device!.Address,
            Target = target,
            Message = message,
            Sequence = _sent.Count == 0 ? 0 : _sent[^1].Sequence + 1,
        });
        _payloadIsDue = message.PayloadBytes != 0;
        return ref _payload;
    }

    public override void After(long cycles, in Message message) => Send(_device!.Address, cycles, message);

    public override void Output(ReadOnlySpan<byte> bytes) => _output.Append(Encoding.ASCII.GetString(bytes));

    public override void Stop(int exitCode, string reason) => Stopped = (exitCode, reason);

    public override void Trace(in TraceEvent traceEvent)
    {
    }

    // The payload of the last message was written behind Send.
    private void Flush()
    {
        if (_payloadIsDue)
        {
            Envelope last = _sent[^1];
            last.Payload = _payload;
            _sent[^1] = last;
        }
        _payloadIsDue = false;
    }

    private UncachedMessage TakeReply(UncachedKind kind, int cpu)
    {
        int at = _sent.FindIndex(sent => sent.Message.Kind == (ushort)kind);
        UncachedMessage reply = UncachedMessage.Unpack(_sent[at].Message);
        Invariant.Holds(_sent[at].Target == Address.Cpu(cpu));
        _sent.RemoveAt(at);
        return reply;
    }
}
