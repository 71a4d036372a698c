using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Vmm.Devices;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Scheduling;

namespace Disco.Actors.Vmm.VirtualCpus;

/// <content>Messages by kind; saving and restoring.</content>
public sealed partial class DiscoCpu
{
    private const ulong Nobody = ulong.MaxValue;

    public override void Save(StateWriter writer)
    {
        writer.Write("held", (long)_held.Count);
        foreach (VirtualCpu vcpu in _held)
        {
            writer.Write("heldName", PackedName(vcpu));
            vcpu.Save(writer);
        }
        writer.Write("current", PackedName(_current));
        writer.Write("fetching", PackedName(_fetching));
        writer.Write("fetchingFrom", (long)_fetchingFrom);
        writer.Write("arriving", (long)_arriving.Count);
        _arriving.ForEach(word => writer.Write("arrivingWord", word));
        writer.Write("state", (ulong)_state);
        writer.Write("waitCause", (ulong)_waitCause);
        writer.Write("accountedTo", _accountedTo);
        writer.Write("busyUntil", _busyUntil);
        writer.Write("asksAgain", _asksAgain);
        writer.Write("regime", (ulong)_regime);
        writer.Write("started", _started);
        writer.Write("preempted", _preempted);
        writer.Write("quantumCycles", _quantumCycles);
        writer.Write("quantumEnd", _quantumEnd);
        writer.Write("sleepAlarm", _sleepAlarm);
        writer.Write("fillPage", (ulong)_fillPage.Number);
        writer.Write("fillAccess", (ulong)_fillAccess);
        writer.Write("fillRequest", _fillRequest);
        writer.Write("fillNotBefore", _fillNotBefore);
        writer.Write("refused", _refused);
        writer.Write("fillsRegisters", _fillsRegisters);
        writer.Write("access", _access.Physical);
        writer.Write("accessForm", (uint)_access.Register | ((ulong)(uint)_access.SizeBytes << 8)
            | (_access.IsLoad ? 1UL << 16 : 0) | (_access.IsSigned ? 1UL << 17 : 0));
        writer.Write("callNumber", (ulong)_callNumber);
        writer.Write("callRequest", _callRequest);
        writer.Write("callee", (ulong)_callee.Packed);
        _responder.Save(writer);
        Statistics.Save(writer);
    }

    public override void Load(StateReader reader)
    {
        _held.Clear();
        _toAdmit.Clear();
        int held = reader.ReadInt32("held");
        for (int i = 0; i < held; i++)
        {
            VirtualCpu vcpu = Unpack(reader.ReadUInt64("heldName"));
            vcpu.Load(reader);
            _held.Add(vcpu);
        }
        ulong current = reader.ReadUInt64("current");
        _current = current == Nobody ? null : Find((int)(current >> 16), (ushort)current);
        ulong fetching = reader.ReadUInt64("fetching");
        _fetching = fetching == Nobody ? null : Unpack(fetching);
        _fetchingFrom = reader.ReadInt32("fetchingFrom");
        _arriving.Clear();
        int arriving = reader.ReadInt32("arriving");
        for (int i = 0; i < arriving; i++)
        {
            _arriving.Add(reader.ReadUInt64("arrivingWord"));
        }
        LoadWaits(reader);
        _responder.Load(reader);
        Statistics.Load(reader);
        if (!_started)
        {
            _toAdmit.AddRange(_held);
        }
    }

    protected override void Receive(in Envelope envelope)
    {
        ref readonly Message message = ref envelope.Message;
        switch (message.Kind >> 8)
        {
            case 0x02 when _state == CpuState.Calling:
                Answered(_callRequest, HypercallResult.Ok);
                break;
            case 0x02:
                Accessed(UncachedMessage.Unpack(message));
                break;
            case VirtualDeviceNames.Family when message.Kind == (ushort)DeviceKind.CallDone:
                DeviceCall done = DeviceCall.From(message);
                Answered(done.Request, done.Result);
                break;
            case MappingNames.Family:
                ReceiveMapping(envelope);
                break;
            case SchedulingMessage.Family:
                ReceiveScheduling(envelope);
                break;
            case 0x08:
                _responder.Receive(envelope, Context, this);
                break;
            default:
                Refuse(message);
                break;
        }
        Attention();
    }

    private static ulong PackedName(VirtualCpu? vcpu) =>
        vcpu is null ? Nobody : ((ulong)vcpu.Machine.Id << 16) | (uint)vcpu.Number;

    private void LoadWaits(StateReader reader)
    {
        _state = (CpuState)reader.ReadUInt64("state");
        _waitCause = (MonitorCause)reader.ReadUInt64("waitCause");
        _accountedTo = reader.ReadInt64("accountedTo");
        _busyUntil = reader.ReadInt64("busyUntil");
        _asksAgain = reader.ReadBool("asksAgain");
        _regime = (uint)reader.ReadUInt64("regime");
        _started = reader.ReadBool("started");
        _preempted = reader.ReadBool("preempted");
        _quantumCycles = reader.ReadInt64("quantumCycles");
        _quantumEnd = reader.ReadInt64("quantumEnd");
        _sleepAlarm = reader.ReadInt64("sleepAlarm");
        _fillPage = new PhysicalPage((uint)reader.ReadUInt64("fillPage"));
        _fillAccess = (PageAccess)reader.ReadUInt64("fillAccess");
        _fillRequest = reader.ReadUInt64("fillRequest");
        _fillNotBefore = reader.ReadUInt64("fillNotBefore");
        _refused = reader.ReadBool("refused");
        _fillsRegisters = reader.ReadBool("fillsRegisters");
        ulong physical = reader.ReadUInt64("access");
        ulong form = reader.ReadUInt64("accessForm");
        _access = new DeviceAccess(
            physical, (byte)form, (byte)(form >> 8), (form & (1 << 16)) != 0, (form & (1 << 17)) != 0);
        _callNumber = (HypercallNumber)reader.ReadUInt64("callNumber");
        _callRequest = reader.ReadUInt64("callRequest");
        _callee = Address.FromPacked((uint)reader.ReadUInt64("callee"));
    }

    private VirtualCpu Unpack(ulong name) => new(_machines[(int)(name >> 16)], (ushort)name);

    private void ReceiveMapping(in Envelope envelope)
    {
        switch ((MappingKind)envelope.Message.Kind)
        {
            case MappingKind.Filled:
                Filled(FilledMessage.From(envelope));
                break;
            case MappingKind.FillRefused:
                FillRefused(FillRefusedMessage.From(envelope.Message));
                break;
            case MappingKind.Entered:
                Entered(envelope);
                break;
            case MappingKind.Freed:
                FreePageMessage freed = FreePageMessage.From(envelope.Message);
                Answered(freed.Request, freed.Reason);
                break;
            case MappingKind.Remapped:
                RemappedMessage remapped = RemappedMessage.From(envelope.Message);
                Answered(remapped.Request, remapped.Reason);
                break;
            case MappingKind.BalloonStatus:
                BalloonMessage balloon = BalloonMessage.From(envelope.Message);
                Answered(balloon.Request, Math.Max(0, (long)balloon.PagesUsed - balloon.PagesTarget));
                break;
            default:
                Refuse(envelope.Message);
                break;
        }
    }

    private void ReceiveScheduling(in Envelope envelope)
    {
        ref readonly Message message = ref envelope.Message;
        switch ((SchedulingKind)message.Kind)
        {
            case SchedulingKind.RunVcpu:
                RunVcpu(message);
                break;
            case SchedulingKind.Preempt:
                Preempt(message);
                break;
            case SchedulingKind.HandOver:
                HandOver(message);
                break;
            case SchedulingKind.VcpuState:
                VcpuState(envelope);
                break;
            case SchedulingKind.VirtualPins:
                VirtualPins(message);
                break;
            case SchedulingKind.StartVcpu:
                StartVcpu(message);
                break;
            default:
                Refuse(message);
                break;
        }
    }

    private void Refuse(in Message message) => Invariant.Broken($"{Owner} does not understand message {message}");
}
