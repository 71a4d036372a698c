using Disco.Actors.Core;
using Disco.Actors.Machine.Devices.Virtio;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Losses;
using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Vmm.Devices;

/// <summary>
/// Moves bytes for the virtio devices of the virtual machines of a node, <c>device/1024+n</c>: pins the guest's page,
/// moves the stretch coherently, and answers. Devices have one stretch under way each. See <see cref="GuestDma"/>.
/// </summary>
internal sealed class DmaEngine : Actor
{
    /// <summary>There are so many cache agents for them; nodes beyond share.</summary>
    public const int EnginesMax = 16;

    private const int FirstIndex = 1024;
    private const int Slots = 8;
    private const long AnswerCycles = 20;
    private const long RetryCycles = 2000;

    private readonly Fabric _fabric;
    private readonly GuestMemory _memory;

    // State: what each slot moves, null for nothing; what waits for a slot; what is to be written and has not come
    // whole, by device; who asked to forget a VM, until answered.
    private readonly Job?[] _jobs = new Job?[Slots];
    private readonly List<Job> _backlog = [];
    private readonly SortedDictionary<uint, Job> _coming = [];
    private readonly SortedDictionary<int, Address> _detaching = [];
    private readonly SortedSet<int> _gone = [];

    /// <param name="number">Of the engine.</param>
    /// <param name="node">Where it lives.</param>
    /// <param name="fabric">The actor must be placed in it, with the agent of its DMA.</param>
    /// <param name="dma">Its own.</param>
    public DmaEngine(int number, int node, Fabric fabric, DmaPort dma)
        : base(AddressOf(number), node)
    {
        _fabric = fabric;
        _memory = new GuestMemory(Address, fabric, dma, Slots);
    }

    public override WaitsFor? Waiting => _memory.WaitingFor;

    /// <summary>The engine for the devices on a node.</summary>
    public static Address AddressOf(int node) => new(Role.Device, (ushort)(FirstIndex + (node % EnginesMax)));

    public override void Receive(in Envelope envelope, Context context)
    {
        ref readonly Message message = ref envelope.Message;
        switch (message.Kind)
        {
            case (ushort)DeviceKind.DmaRead:
                Accept(Job.Of(envelope), context);
                break;
            case (ushort)DeviceKind.DmaWrite:
                Gather(envelope, context);
                break;
            case (ushort)DeviceKind.RetryDue when message.B == 0:
                _memory.RetryDue((int)message.A, context);
                break;
            case (ushort)DeviceKind.RetryDue:
                Start((int)message.A, _jobs[(int)message.A]!.Value, context);
                break;
            case (ushort)DeviceKind.Detach:
                Detach((int)message.A, Fabric.SenderOf(message), context);
                break;
            default:
                Invariant.Holds(_memory.Receive(envelope, context));
                break;
        }
        while (_memory.TryTakeDone(out int slot, out Refusal reason))
        {
            Moved(slot, reason, context);
        }
    }

    public override void Save(StateWriter writer)
    {
        foreach (Job? job in _jobs)
        {
            writer.Write("works", job is not null);
            job?.Save(writer);
        }
        writer.Write("backlog", _backlog.Count);
        _backlog.ForEach(job => job.Save(writer));
        writer.Write("coming", _coming.Count);
        foreach (Job job in _coming.Values)
        {
            job.Save(writer);
        }
        writer.Write("detaching", _detaching.Count);
        foreach ((int vm, Address asker) in _detaching)
        {
            writer.Write("vm", vm);
            writer.Write("asker", (ulong)asker.Packed);
        }
        writer.Write("gone", _gone.Count);
        foreach (int vm in _gone)
        {
            writer.Write("vm", vm);
        }
        _memory.Save(writer);
    }

    public override void Load(StateReader reader)
    {
        for (int slot = 0; slot < Slots; slot++)
        {
            _jobs[slot] = reader.ReadBool("works") ? Job.Load(reader) : null;
        }
        _backlog.Clear();
        for (int left = reader.ReadInt32("backlog"); left > 0; left--)
        {
            _backlog.Add(Job.Load(reader));
        }
        _coming.Clear();
        for (int left = reader.ReadInt32("coming"); left > 0; left--)
        {
            Job job = Job.Load(reader);
            _coming.Add(job.Device.Packed, job);
        }
        _detaching.Clear();
        for (int left = reader.ReadInt32("detaching"); left > 0; left--)
        {
            int vm = reader.ReadInt32("vm");
            _detaching.Add(vm, Address.FromPacked((uint)reader.ReadUInt64("asker")));
        }
        _gone.Clear();
        for (int left = reader.ReadInt32("gone"); left > 0; left--)
        {
            _gone.Add(reader.ReadInt32("vm"));
        }
        _memory.Load(reader);
    }

    // What is written comes in pieces, which are moved together.
    private void Gather(in Envelope envelope, Context context)
    {
        ref readonly Message message = ref envelope.Message;
        uint device = Fabric.SenderOf(message).Packed;
        if (_gone.Contains((int)(message.B >> 32)))
        {
            _coming.Remove(device);
            return;
        }
        int offset = (ushort)(message.B >> 16);
        Job job = offset == 0 ? Job.Of(envelope) : _coming[device];
        ReadOnlySpan<byte> payload = envelope.Payload;
        payload[..message.PayloadBytes].CopyTo(job.Data.AsSpan(offset));
        _coming[device] = job;
        if (offset + message.PayloadBytes == job.Bytes)
        {
            _coming.Remove(device);
            Accept(job, context);
        }
    }

    internal void Lose(Loss loss)
    {
        foreach (int vm in loss.Gone)
        {
            _gone.Add(vm);
        }
        _backlog.RemoveAll(job => loss.Gone.Contains(job.Vm));
        _memory.Lose(loss, _ => false);
    }

    private void Accept(in Job job, Context context)
    {
        if (_gone.Contains(job.Vm))
        {
            return;
        }
        int slot = Array.FindIndex(_jobs, other => other is null);
        if (slot < 0)
        {
            _backlog.Add(job);
        }
        else
        {
            Start(slot, job, context);
        }
    }

    private void Start(int slot, in Job job, Context context)
    {
        _jobs[slot] = job;
        job.Data.CopyTo(_memory.Buffer(slot));
        _memory.Begin(slot, job.Vm, job.Physical, job.Bytes, job.IsWrite, context);
    }

    private void Moved(int slot, Refusal reason, Context context)
    {
        Job job = _jobs[slot]!.Value;
        bool isGone = _gone.Contains(job.Vm);
        if (reason == Refusal.OutOfMemory && !isGone)
        {
            // The device has nobody to tell; memory comes back when somebody gives some.
            context.After(RetryCycles, new Message
            {
                Kind = (ushort)DeviceKind.RetryDue,
                Lane = Lane.Request,
                A = (ulong)slot,
                B = 1,
            });
            return;
        }
        if (reason == Refusal.None && !isGone)
        {
            Done(job, _memory.Buffer(slot)[..job.Bytes], context);
        }
        _jobs[slot] = null;
        AnswerDetach(job.Vm, context);
        if (_backlog.Count > 0)
        {
            Job next = _backlog[0];
            _backlog.RemoveAt(0);
            Start(slot, next, context);
        }
    }

    private void Done(in Job job, ReadOnlySpan<byte> read, Context context)
    {
        Message done = new() { Kind = (ushort)DeviceKind.DmaDone, Lane = Lane.Reply, C = job.Number };
        if (job.IsWrite)
        {
            _fabric.Send(context, Address, job.Device, AnswerCycles, done);
            return;
        }
        for (int at = 0; at < job.Bytes; at += Payload.BytesMax)
        {
            done.A = (ulong)at;
            ReadOnlySpan<byte> piece = read[at..Math.Min(job.Bytes, at + Payload.BytesMax)];
            _fabric.Send(context, Address, job.Device, AnswerCycles, done, piece);
        }
    }

    private void Detach(int vm, Address asker, Context context)
    {
        _gone.Add(vm);
        _detaching[vm] = asker;
        _backlog.RemoveAll(job => job.Vm == vm);
        foreach (uint device in _coming.Where(entry => entry.Value.Vm == vm).Select(entry => entry.Key).ToArray())
        {
            _coming.Remove(device);
        }
        AnswerDetach(vm, context);
    }

    private void AnswerDetach(int vm, Context context)
    {
        if (_detaching.TryGetValue(vm, out Address asker) && !Array.Exists(_jobs, job => job?.Vm == vm))
        {
            _detaching.Remove(vm);
            Message detached = new() { Kind = (ushort)DeviceKind.Detached, Lane = Lane.Reply, A = (ulong)vm };
            _fabric.Send(context, Address, asker, 0, detached);
        }
    }

    /// <summary>One stretch.</summary>
    private readonly record struct Job(
        Address Device, int Vm, ulong Physical, int Bytes, bool IsWrite, ulong Number, byte[] Data)
    {
        public static Job Of(in Envelope envelope)
        {
            ref readonly Message message = ref envelope.Message;
            int bytes = (ushort)message.B;
            bool isWrite = message.Kind == (ushort)DeviceKind.DmaWrite;
            return new Job(
                Fabric.SenderOf(message), (int)(message.B >> 32), message.A, bytes, isWrite, message.C,
                isWrite ? new byte[bytes] : []);
        }

        public void Save(StateWriter writer)
        {
            writer.Write("device", (ulong)Device.Packed);
            writer.Write("vm", Vm);
            writer.Write("physical", Physical);
            writer.Write("bytes", Bytes);
            writer.Write("isWrite", IsWrite);
            writer.Write("number", Number);
            writer.Write("dataBytes", Data.Length);
            writer.Write("data", Data);
        }

        public static Job Load(StateReader reader)
        {
            Address device = Address.FromPacked((uint)reader.ReadUInt64("device"));
            int vm = reader.ReadInt32("vm");
            ulong physical = reader.ReadUInt64("physical");
            int bytes = reader.ReadInt32("bytes");
            bool isWrite = reader.ReadBool("isWrite");
            ulong number = reader.ReadUInt64("number");
            byte[] data = new byte[reader.ReadInt32("dataBytes")];
            reader.ReadBytes("data", data);
            return new Job(device, vm, physical, bytes, isWrite, number, data);
        }
    }
}
