using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Devices.Virtio;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Vmm.Devices;

/// <summary>
/// The virtual subnet, <c>switch/0</c>: virtual machines send each other messages of any length, made of fragments.
/// A whole page of a fragment is not copied but appears, copy-on-write, in the receiver's memory; the rest is copied.
/// Fragments keep their alignment, so that what is a page at the sender is one at the receiver. [Disco 4.2.6]
/// </summary>
/// <remarks>
/// A send ends when every receiver has the message or nobody takes it; what finds no buffer is dropped, as on a wire.
/// Here is what comes in and how calls begin and end; <c>VirtualSwitch.Transfer.cs</c> moves the fragments.
/// </remarks>
public sealed partial class VirtualSwitch : Actor
{
    private readonly DeviceSetup _setup;
    private readonly SwitchConfig _config;
    private readonly Fabric _fabric;
    private readonly GuestMemory _memory;
    private readonly SwitchJob[] _jobs;

    // State besides the jobs. Ports by VM; calls that wait for a slot; who asked to forget a VM; what has come from
    // outside: the message that is not complete, and those that are and wait for a slot.
    private readonly SortedDictionary<int, Port> _ports = [];
    private readonly List<DeviceCall> _backlog = [];
    private readonly SortedDictionary<int, Address> _detaching = [];
    private readonly List<byte> _incoming = [];
    private readonly List<byte[]> _arrived = [];

    /// <param name="node">Where it lives.</param>
    /// <param name="setup">Every VM in it has a port.</param>
    /// <param name="config">Costs and bounds.</param>
    /// <param name="fabric">The actor must be placed in it, with the agent of its DMA.</param>
    /// <param name="dma">Its own.</param>
    public VirtualSwitch(int node, DeviceSetup setup, SwitchConfig config, Fabric fabric, DmaPort dma)
        : base(TheSwitch, node)
    {
        config.Check();
        _setup = setup;
        _config = config;
        _fabric = fabric;
        _memory = new GuestMemory(Address, fabric, dma, config.Slots);
        _jobs = [.. Enumerable.Range(0, config.Slots).Select(_ => new SwitchJob())];
        foreach (VmAttachments vm in setup.Vms)
        {
            _ports.Add(vm.Vm, new Port());
        }
    }

    public static Address TheSwitch => new(Role.Switch, 0);

    public SwitchStatistics Statistics { get; } = new();

    public override WaitsFor? Waiting => _memory.WaitingFor;

    /// <summary>Receive buffers a virtual machine has posted and not got back.</summary>
    public int BuffersOf(int vm) => _ports[vm].Buffers.Count;

    public override void Receive(in Envelope envelope, Context context)
    {
        ref readonly Message message = ref envelope.Message;
        switch (message.Kind)
        {
            case (ushort)DeviceKind.NetSend or (ushort)DeviceKind.NetReceive:
                NoteCall(envelope);
                Accept(DeviceCall.From(message), context);
                break;
            case (ushort)DeviceKind.GatewayBytes:
                GatherIncoming(message);
                break;
            case (ushort)DeviceKind.GatewayEnd:
                NoteCall(envelope);
                _arrived.Add([.. _incoming]);
                _incoming.Clear();
                Accept(new DeviceCall(DeviceKind.GatewayEnd, message.A, ushort.MaxValue, 0, 0, 0), context);
                break;
            case (ushort)DeviceKind.RetryDue when message.B == 0:
                _memory.RetryDue((int)message.A, context);
                break;
            case (ushort)DeviceKind.RetryDue:
                NextPiece((int)message.A, context);
                break;
            case (ushort)DeviceKind.Detach:
                Detach((int)message.A, Fabric.SenderOf(message), context);
                break;
            case (ushort)MappingKind.Remapped:
                Remapped(RemappedMessage.From(message), context);
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

    private void Accept(in DeviceCall call, Context context)
    {
        if (_detaching.ContainsKey(call.Vm))
        {
            return;
        }
        if (call.Kind == DeviceKind.NetReceive && call.Argument == 0)
        {
            Acknowledge(call, context);
            return;
        }
        int slot = Array.FindIndex(_jobs, job => job.Phase == SwitchPhase.Free);
        if (slot < 0)
        {
            _backlog.Add(call);
        }
        else
        {
            Start(slot, call, context);
        }
    }

    private void Start(int slot, in DeviceCall call, Context context)
    {
        SwitchJob job = _jobs[slot];
        job.Clear();
        job.Call = call;
        if (call.Kind == DeviceKind.GatewayEnd)
        {
            StartFromOutside(slot, context);
            return;
        }
        job.Phase = SwitchPhase.Block;
        int header = call.Kind == DeviceKind.NetSend ? SendBlock.HeaderBytes : ReceiveBuffer.HeaderBytes;
        if (RoomOf(call) < header || call.Argument % sizeof(ulong) != 0)
        {
            Reply(slot, HypercallResult.Invalid, context);
            return;
        }
        ReadBlock(slot, header, context);
    }

    private void ReadBlock(int slot, int bytes, Context context)
    {
        SwitchJob job = _jobs[slot];
        // A line at least: most blocks are no longer.
        job.BlockBytes = Math.Min(RoomOf(job.Call), Math.Max(bytes, Payload.BytesMax));
        _memory.Begin(slot, job.Call.Vm, job.Call.Argument, job.BlockBytes, toGuest: false, context);
    }

    /// <summary>Checks the block, or reads the rest of it; nothing is done before all of it has been checked.</summary>
    private void BlockRead(int slot, Context context)
    {
        SwitchJob job = _jobs[slot];
        VmAttachments vm = _setup.FindVm(job.Call.Vm)!;
        ReadOnlySpan<byte> read = _memory.Buffer(slot)[..job.BlockBytes];
        bool isSend = job.Call.Kind == DeviceKind.NetSend;
        int room = RoomOf(job.Call);
        int bytes = isSend
            ? SendBlock.BlockBytes(read, vm.BigEndian, room)
            : ReceiveBuffer.BlockBytes(read, vm.BigEndian, room);
        if (bytes > job.BlockBytes)
        {
            ReadBlock(slot, bytes, context);
        }
        else if (bytes != 0 && isSend && SendBlock.Parse(read, vm.BigEndian, vm.Pages) is { } block)
        {
            job.Fragments = block.Fragments;
            Route(slot, block.Destination, context);
        }
        else if (bytes != 0 && !isSend
            && ReceiveBuffer.Parse(read, job.Call.Argument, vm.BigEndian, vm.Pages) is { } buffer)
        {
            Post(slot, buffer, context);
        }
        else
        {
            Reply(slot, HypercallResult.Invalid, context);
        }
    }

    private void Post(int slot, ReceiveBuffer buffer, Context context)
    {
        Port port = _ports[_jobs[slot].Call.Vm];
        if (port.Buffers.Count == _config.BuffersMax)
        {
            Reply(slot, HypercallResult.NoMemory, context);
            return;
        }
        port.Buffers.Add(buffer);
        Reply(slot, HypercallResult.Ok, context);
    }

    /// <summary>Ends a call, unless nobody waits for its end any more.</summary>
    private void Reply(int slot, long result, Context context)
    {
        SwitchJob job = _jobs[slot];
        if (!job.Abandoned && !job.FromOutside)
        {
            Send(Address.Cpu(job.Call.Cpu), job.Call.Done(result).Pack(), context);
        }
        int vm = job.Call.Vm;
        job.Clear();
        AnswerDetach(vm, context);
        if (_backlog.Count > 0)
        {
            DeviceCall next = _backlog[0];
            _backlog.RemoveAt(0);
            Start(slot, next, context);
        }
    }

    /// <summary>The guest has seen that messages have come; the result is how many since it saw so last.</summary>
    private void Acknowledge(in DeviceCall call, Context context)
    {
        Port port = _ports[call.Vm];
        VmAttachments vm = _setup.FindVm(call.Vm)!;
        if (port.Received > 0)
        {
            Send(vm.Interrupts, InterruptMessage.LineLevel(vm.NetInterrupt, false), context);
        }
        Send(Address.Cpu(call.Cpu), call.Done(port.Received).Pack(), context);
        port.Received = 0;
    }

    private void Raise(int number, Context context)
    {
        Port port = _ports[number];
        VmAttachments vm = _setup.FindVm(number)!;
        if (port.Received++ == 0)
        {
            Send(vm.Interrupts, InterruptMessage.LineLevel(vm.NetInterrupt, true), context);
        }
    }

    /// <summary>
    /// The VM sends and receives nothing more. What is under way to it is written off at the next page; what it sends
    /// stops there, and its receivers are told.
    /// </summary>
    private void Detach(int vm, Address asker, Context context)
    {
        _detaching[vm] = asker;
        _ports[vm].Buffers.Clear();
        _backlog.RemoveAll(call => call.Vm == vm);
        foreach (SwitchJob job in _jobs)
        {
            job.Abandoned |= job.Phase != SwitchPhase.Free && !job.FromOutside && job.Call.Vm == vm;
        }
        AnswerDetach(vm, context);
    }

    private void AnswerDetach(int vm, Context context)
    {
        if (_detaching.TryGetValue(vm, out Address asker) && !_ports[vm].Gone
            && !Array.Exists(_jobs, job => Uses(job, vm)))
        {
            _ports[vm].Gone = true;
            Send(asker, new Message { Kind = (ushort)DeviceKind.Detached, Lane = Lane.Reply, A = (ulong)vm }, context);
        }
    }

    private static bool Uses(SwitchJob job, int vm) => job.Phase != SwitchPhase.Free
        && ((!job.FromOutside && job.Call.Vm == vm) || (job.Buffer is not null && job.Target == vm));

    private static int RoomOf(in DeviceCall call) => Page.Bytes - (int)(call.Argument % Page.Bytes);

    private void Send(Address target, in Message message, Context context) =>
        _fabric.Send(context, Address, target, _config.CallCycles, message);

    /// <summary>Where a virtual machine is plugged in.</summary>
    private sealed class Port
    {
        public List<ReceiveBuffer> Buffers { get; } = [];

        /// <summary>Messages since the guest's last acknowledgement; the interrupt line is up when there are any.
        /// </summary>
        public long Received { get; set; }

        /// <summary>It was detached, and who asked for that has been told.</summary>
        public bool Gone { get; set; }
    }
}
