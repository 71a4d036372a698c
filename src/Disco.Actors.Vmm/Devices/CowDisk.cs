using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Devices.Virtio;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Vmm.Devices;

/// <summary>
/// A disk that virtual machines share without seeing each other's writes, <c>disk/512+d</c>: an image that is never
/// written, what each VM has written since, and the pages of the image that are in memory. A page read whole is not
/// copied: the frame that holds it appears, read-only, in the guest's memory. [Disco 4.2.5]
/// </summary>
/// <remarks>
/// Requests are worked on side by side, so that one that needs the arm delays none that does not. Here is what comes
/// in and how a request begins and ends; <c>CowDisk.Pieces.cs</c> is what happens between.
/// </remarks>
public sealed partial class CowDisk : Actor
{
    /// <summary>The first disk's index; those below belong to board devices of virtual machines.</summary>
    public const int FirstIndex = 512;

    // A line is read; the block's rest only when it is longer.
    private const int HeaderReadBytes = 128;

    private readonly int _disk;
    private readonly DeviceSetup _setup;
    private readonly DiskSpec _spec;
    private readonly DiskConfig _config;
    private readonly Fabric _fabric;
    private readonly GuestMemory _memory;
    private readonly BufferCache _cache = new();
    private readonly DiskJob[] _jobs;

    // State besides the jobs and the cache. What each VM has written; calls that wait for a slot; who asked to forget
    // a VM; VMs whose interrupt line is up; when the arm is free, and over which sector it then is.
    private readonly SortedDictionary<int, DiskLog> _logs = [];
    private readonly List<WaitingCall> _backlog = [];
    private readonly SortedDictionary<int, Address> _detaching = [];
    private readonly SortedSet<int> _lines = [];
    private long _armFree;
    private long _armSector;

    /// <param name="disk">Its number in the setup.</param>
    /// <param name="node">Where it is attached.</param>
    /// <param name="setup">Without problems.</param>
    /// <param name="config">Costs and bounds.</param>
    /// <param name="fabric">The actor must be placed in it, with the agent of its DMA.</param>
    /// <param name="dma">Its own.</param>
    public CowDisk(int disk, int node, DeviceSetup setup, DiskConfig config, Fabric fabric, DmaPort dma)
        : base(AddressOf(disk), node)
    {
        config.Check();
        _disk = disk;
        _setup = setup;
        _spec = setup.Disks[disk];
        _config = config;
        _fabric = fabric;
        _memory = new GuestMemory(Address, fabric, dma, config.Slots);
        _jobs = [.. Enumerable.Range(0, config.Slots).Select(_ => new DiskJob())];
    }

    public DiskStatistics Statistics { get; } = new();

    /// <summary>Pages of the image in memory.</summary>
    public int CachedPages => _cache.Pages;

    public override WaitsFor? Waiting => _memory.WaitingFor;

    // Under which it is known to the memmaps.
    private ushort Owner => (ushort)(FrameUser.FirstDevice + _disk);

    public static Address AddressOf(int disk) => new(Role.Disk, (ushort)(FirstIndex + disk));

    /// <summary>Bytes that a virtual machine has written.</summary>
    public long WrittenBytes(int vm) => _logs.TryGetValue(vm, out DiskLog? log) ? log.Bytes : 0;

    /// <summary>The disk as a virtual machine sees it.</summary>
    public byte[] ContentsFor(int vm)
    {
        byte[] contents = new byte[_spec.Sectors * DiskSpec.SectorBytes];
        Compose(vm, 0, contents);
        return contents;
    }

    public override void Receive(in Envelope envelope, Context context)
    {
        ref readonly Message message = ref envelope.Message;
        switch (message.Kind)
        {
            case (ushort)DeviceKind.DiskCall or (ushort)DeviceKind.DiskForward:
                Accept(new WaitingCall(DeviceCall.From(message), []), context);
                break;
            case (ushort)DeviceKind.DiskTransfer:
                Accept(new WaitingCall(DeviceCall.From(message), DiskTransfer.PiecesOf(envelope)), context);
                break;
            case (ushort)DeviceKind.ServiceDue:
                NextPiece((int)message.A, context);
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
            case (ushort)MappingKind.Allocated:
                Allocated(AllocatedMessage.From(message), context);
                break;
            case (ushort)MappingKind.Shared:
                Shared(FrameUseMessage.From(message), context);
                break;
            case (ushort)MappingKind.DropReplicas:
                GiveUp(ReplicaMessage.From(message), Fabric.SenderOf(message), context);
                break;
            case (ushort)MappingKind.Remapped:
                Mapped(RemappedMessage.From(message), context);
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

    private void Accept(in WaitingCall waiting, Context context)
    {
        DeviceCall call = waiting.Call;
        VmAttachments vm = _setup.FindVm(call.Vm)!;
        if (_detaching.ContainsKey(call.Vm))
        {
            return;
        }
        if (call.Argument == 0 && call.Kind != DeviceKind.DiskTransfer)
        {
            Acknowledge(call, vm, context);
            return;
        }
        int slot = Array.FindIndex(_jobs, job => job.Phase == DiskPhase.Free);
        if (slot < 0)
        {
            _backlog.Add(waiting);
        }
        else
        {
            Start(slot, waiting, context);
        }
    }

    private void Start(int slot, in WaitingCall waiting, Context context)
    {
        DeviceCall call = waiting.Call;
        DiskJob job = _jobs[slot];
        job.Call = call;
        job.Phase = DiskPhase.Header;
        job.Request = null;
        job.Abandoned = false;
        job.Piece = 0;
        job.Done = 0;
        job.CachedPage = -1;
        job.CopyOnly = false;
        if (call.Kind == DeviceKind.DiskTransfer)
        {
            StartTransfer(slot, waiting, context);
            return;
        }
        int room = RoomOf(call);
        if (room < DiskRequest.HeaderBytes || call.Argument % sizeof(ulong) != 0)
        {
            End(slot, HypercallResult.Invalid, context);
            return;
        }
        _memory.Begin(slot, call.Vm, call.Argument, Math.Min(HeaderReadBytes, room), toGuest: false, context);
    }

    // The block device has checked that the sectors are there.
    private void StartTransfer(int slot, in WaitingCall waiting, Context context)
    {
        DiskRequest request = DiskTransfer.RequestOf(_disk, waiting.Call, waiting.Pieces);
        VmAttachments vm = _setup.FindVm(waiting.Call.Vm)!;
        Invariant.Holds(request.Offset + request.Bytes <= _spec.Sectors * DiskSpec.SectorBytes);
        Invariant.Holds(Array.TrueForAll(request.Addresses, address => address >> Page.Shift < vm.Pages));
        Begin(slot, request, context);
    }

    /// <summary>Bytes have arrived: in the slot's buffer, in a frame, or in guest memory.</summary>
    private void Moved(int slot, Refusal reason, Context context)
    {
        DiskJob job = _jobs[slot];
        if (reason != Refusal.None && job.Phase != DiskPhase.Result)
        {
            End(slot, ResultOf(reason), context);
            return;
        }
        switch (job.Phase)
        {
            case DiskPhase.Header:
                HeaderRead(slot, context);
                break;
            case DiskPhase.List:
                Understand(slot, context);
                break;
            case DiskPhase.Fill:
                Filled(slot, context);
                break;
            case DiskPhase.Read or DiskPhase.Write:
                Copied(slot, context);
                break;
            case DiskPhase.Result:
                Raise(job.Call.Vm, context);
                Free(slot, context);
                break;
            default:
                Invariant.Broken($"{Address} moved bytes in phase {job.Phase}");
                break;
        }
    }

    private void HeaderRead(int slot, Context context)
    {
        DiskJob job = _jobs[slot];
        bool bigEndian = _setup.FindVm(job.Call.Vm)!.BigEndian;
        int bytes = DiskRequest.BlockBytes(_memory.Buffer(slot), bigEndian, RoomOf(job.Call));
        if (bytes == 0)
        {
            End(slot, HypercallResult.Invalid, context);
        }
        else if (bytes > HeaderReadBytes)
        {
            job.Phase = DiskPhase.List;
            _memory.Begin(slot, job.Call.Vm, job.Call.Argument, bytes, toGuest: false, context);
        }
        else
        {
            Understand(slot, context);
        }
    }

    /// <summary>Checks the whole request before anything is done; passes it on when it is for another disk.</summary>
    private void Understand(int slot, Context context)
    {
        DiskJob job = _jobs[slot];
        VmAttachments vm = _setup.FindVm(job.Call.Vm)!;
        // The guest may have changed the block since its length was read.
        int bytes = DiskRequest.BlockBytes(_memory.Buffer(slot), vm.BigEndian, RoomOf(job.Call));
        DiskRequest? request = bytes == 0 ? null : DiskRequest.Parse(_memory.Buffer(slot)[..bytes], vm.BigEndian);
        if (request is null || request.Disk >= vm.Disks.Count
            || Array.Exists(request.Addresses, address => address >> Page.Shift >= vm.Pages))
        {
            End(slot, HypercallResult.Invalid, context);
            return;
        }
        int disk = vm.Disks[request.Disk];
        if (disk != _disk && job.Call.Kind == DeviceKind.DiskCall)
        {
            Send(AddressOf(disk), (job.Call with { Kind = DeviceKind.DiskForward }).Pack(), context);
            Free(slot, context);
            return;
        }
        if (disk != _disk || request.Offset + request.Bytes > _spec.Sectors * DiskSpec.SectorBytes)
        {
            End(slot, HypercallResult.Invalid, context);
            return;
        }
        Begin(slot, request, context);
    }

    private void Begin(int slot, DiskRequest request, Context context)
    {
        DiskJob job = _jobs[slot];
        job.Request = request;
        Statistics.Reads += request.IsWrite ? 0 : 1;
        Statistics.Writes += request.IsWrite ? 1 : 0;
        if (request.Interrupts)
        {
            Send(Address.Cpu(job.Call.Cpu), job.Call.Done(HypercallResult.Ok).Pack(), context);
        }
        if (!NeedsArm(job))
        {
            NextPiece(slot, context);
            return;
        }
        job.Phase = DiskPhase.Service;
        long now = context.Now.Value;
        long start = Math.Max(now, _armFree);
        long sector = request.Offset / DiskSpec.SectorBytes;
        long sectors = request.Bytes / DiskSpec.SectorBytes;
        _armFree = start + _config.Timing.ServiceCycles(_armSector, sector, sectors, start);
        _armSector = sector + sectors;
        Statistics.Services++;
        Statistics.ServiceCycles += _armFree - now;
        context.After(_armFree - now, OwnMessage(DeviceKind.ServiceDue, slot, 0));
    }

    private void End(int slot, long result, Context context)
    {
        DiskJob job = _jobs[slot];
        job.Result = result;
        Statistics.Refused += result == HypercallResult.Invalid ? 1 : 0;
        if (job.Request is { Interrupts: true } request && !job.Abandoned)
        {
            job.Phase = DiskPhase.Result;
            Guest.Write(_memory.Buffer(slot), 0, (ulong)result, _setup.FindVm(job.Call.Vm)!.BigEndian);
            ulong at = job.Call.Argument + DiskRequest.HeaderBytes
                + ((ulong)request.Addresses.Length * sizeof(ulong));
            _memory.Begin(slot, job.Call.Vm, at, sizeof(ulong), toGuest: true, context);
            return;
        }
        if (!job.Abandoned && job.Call.Kind == DeviceKind.DiskTransfer)
        {
            Send(DiskTransfer.DeviceOf(job.Call), DiskTransfer.Done(job.Call, result), context);
        }
        else if (!job.Abandoned)
        {
            Send(Address.Cpu(job.Call.Cpu), job.Call.Done(result).Pack(), context);
        }
        Free(slot, context);
    }

    private void Free(int slot, Context context)
    {
        int vm = _jobs[slot].Call.Vm;
        _jobs[slot].Phase = DiskPhase.Free;
        _jobs[slot].Request = null;
        AnswerDetach(vm, context);
        if (_backlog.Count > 0)
        {
            WaitingCall next = _backlog[0];
            _backlog.RemoveAt(0);
            Start(slot, next, context);
        }
    }

    /// <summary>The guest has seen that requests have ended, on any of its disks.</summary>
    private void Acknowledge(in DeviceCall call, VmAttachments vm, Context context)
    {
        if (_lines.Remove(call.Vm))
        {
            Send(vm.Interrupts, InterruptMessage.LineLevel(InterruptOf(vm), false), context);
        }
        if (call.Kind == DeviceKind.DiskCall)
        {
            foreach (int disk in vm.Disks.Distinct().Where(disk => disk != _disk))
            {
                Send(AddressOf(disk), (call with { Kind = DeviceKind.DiskForward }).Pack(), context);
            }
            Send(Address.Cpu(call.Cpu), call.Done(HypercallResult.Ok).Pack(), context);
        }
    }

    private void Raise(int number, Context context)
    {
        VmAttachments vm = _setup.FindVm(number)!;
        if (!_detaching.ContainsKey(number) && _lines.Add(number))
        {
            Send(vm.Interrupts, InterruptMessage.LineLevel(InterruptOf(vm), true), context);
        }
    }

    private int InterruptOf(VmAttachments vm) => vm.DiskInterrupt + vm.Disks.ToList().IndexOf(_disk);

    private void Detach(int vm, Address asker, Context context)
    {
        _detaching[vm] = asker;
        _backlog.RemoveAll(waiting => waiting.Call.Vm == vm);
        foreach (DiskJob job in _jobs)
        {
            job.Abandoned |= job.Phase != DiskPhase.Free && job.Call.Vm == vm;
        }
        AnswerDetach(vm, context);
    }

    /// <summary>Changes of a shared disk go with the VM; those of a persistent disk stay.</summary>
    private void AnswerDetach(int vm, Context context)
    {
        if (_detaching.TryGetValue(vm, out Address asker)
            && !Array.Exists(_jobs, job => job.Phase != DiskPhase.Free && job.Call.Vm == vm))
        {
            if (!_spec.Persistent)
            {
                _logs.Remove(vm);
            }
            Send(asker, new Message { Kind = (ushort)DeviceKind.Detached, Lane = Lane.Reply, A = (ulong)vm }, context);
        }
    }

    private static int RoomOf(in DeviceCall call) => Page.Bytes - (int)(call.Argument % Page.Bytes);

    private static long ResultOf(Refusal reason) =>
        reason == Refusal.NoSuchPage ? HypercallResult.Invalid : HypercallResult.NoMemory;

    private static Message OwnMessage(DeviceKind kind, int slot, ulong what) => new()
    {
        Kind = (ushort)kind,
        Lane = Lane.Request,
        A = (ulong)slot,
        B = what,
    };

    private void Send(Address target, in Message message, Context context) =>
        _fabric.Send(context, Address, target, _config.CallCycles, message);

    /// <summary>What waits for a slot; the pieces are those of a virtio request.</summary>
    private readonly record struct WaitingCall(DeviceCall Call, ulong[] Pieces);
}
