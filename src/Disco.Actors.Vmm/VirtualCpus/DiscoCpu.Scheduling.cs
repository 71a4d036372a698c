using System.Runtime.InteropServices;
using Disco.Actors.Core;
using Disco.Actors.Machine.Cpus;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Mips;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Scheduling;

namespace Disco.Actors.Vmm.VirtualCpus;

/// <content>Who runs here: the scheduler's words, entering and leaving, handing over, sleep and wake.</content>
public sealed partial class DiscoCpu
{
    // Held from the start, to be told to the scheduler in the first cycle.
    private readonly List<VirtualCpu> _toAdmit = [];

    // Words of a virtual CPU that is on its way here.
    private readonly List<ulong> _arriving = [];

    private bool _started;
    private bool _preempted;
    private long _quantumCycles;
    private long _quantumEnd = long.MaxValue;
    private long _sleepAlarm = long.MaxValue;
    private VirtualCpu? _fetching;
    private int _fetchingFrom;

    protected override void Attend()
    {
        long now = Context.Now.Value;
        AccountTo(now);
        WaitsForMemory = MemoryWait.None;
        if (!_started)
        {
            Start();
        }
        if (_sleepAlarm <= now)
        {
            WakeSleepers();
        }
        if (_state == CpuState.Running)
        {
            VirtualCpu vcpu = _current!;
            if (_preempted || now >= _quantumEnd)
            {
                GiveUp(SchedulingMessage.Yield(vcpu.Machine.Id, vcpu.Number, _number));
            }
            else if (vcpu.Cp0.InterruptIsPending(now))
            {
                Interrupt(vcpu, now);
            }
        }
        Attention();
    }

    /// <summary>Sets the alarm for whatever is due next.</summary>
    private void Attention()
    {
        long alarm = _sleepAlarm;
        if (!_started)
        {
            alarm = 0;
        }
        else if (_state == CpuState.Running)
        {
            VirtualCp0 cp0 = _current!.Cp0;
            alarm = _preempted || cp0.InterruptIsPending(Context.Now.Value) ? 0 : Math.Min(alarm, _quantumEnd);
            if (cp0.TimerCanInterrupt)
            {
                alarm = Math.Min(alarm, cp0.TimerCycle);
            }
        }
        AlarmCycle = alarm;
    }

    private void Start()
    {
        _started = true;
        foreach (VirtualCpu vcpu in _toAdmit)
        {
            Send(Scheduler, SchedulingMessage.Admit(vcpu.Machine.Id, vcpu.Number, _number, vcpu.Machine.Weight));
        }
        _toAdmit.Clear();
        Send(Scheduler, SchedulingMessage.Next(_number));
    }

    /// <summary>The virtual CPU leaves the CPU, but stays in the core until something else runs here.</summary>
    private void GiveUp(in Message message)
    {
        Spend(_costs.MessageCycles, MonitorCause.Switch);
        Send(Scheduler, message, _costs.MessageCycles);
        Wait(CpuState.Idle, MonitorCause.Switch);
        _preempted = false;
        _asksAgain = false;
        _quantumEnd = long.MaxValue;
    }

    /// <summary>WAIT: the processor's low power mode says that the guest has nothing to do. [Disco 4.1]</summary>
    private TrapOutcome Sleep(VirtualCpu vcpu)
    {
        if (vcpu.Cp0.WakesFromWait(Core.Now))
        {
            return TrapOutcome.Resume;
        }
        PutToSleep(vcpu);
        return TrapOutcome.Block;
    }

    private void PutToSleep(VirtualCpu vcpu)
    {
        vcpu.Sleeps = true;
        SetSleepAlarm();
        GiveUp(SchedulingMessage.Block(vcpu.Machine.Id, vcpu.Number, _number));
    }

    private void WakeSleepers()
    {
        foreach (VirtualCpu vcpu in _held)
        {
            WakeIfDue(vcpu);
        }
        SetSleepAlarm();
    }

    private void WakeIfDue(VirtualCpu vcpu)
    {
        if (vcpu.Sleeps && vcpu.Failure is null && vcpu.Cp0.WakesFromWait(Context.Now.Value))
        {
            vcpu.Sleeps = false;
            Send(Scheduler, SchedulingMessage.Wake(vcpu.Machine.Id, vcpu.Number, _number));
        }
    }

    private void SetSleepAlarm()
    {
        _sleepAlarm = long.MaxValue;
        foreach (VirtualCpu vcpu in _held)
        {
            if (vcpu.Sleeps && vcpu.Failure is null && vcpu.Cp0.TimerCanWake)
            {
                _sleepAlarm = Math.Min(_sleepAlarm, vcpu.Cp0.TimerCycle);
            }
        }
    }

    /// <summary>The scheduler's order. The registers may have to come from another CPU first.</summary>
    private void RunVcpu(in Message message)
    {
        Invariant.Holds(_state == CpuState.Idle);
        Spend(_costs.MessageCycles, MonitorCause.Switch);
        int vm = (int)message.A;
        int number = SchedulingMessage.VcpuOf(message);
        _quantumCycles = (long)message.C;
        _quantumEnd = Context.Now.Value + _quantumCycles;
        int holder = SchedulingMessage.HolderOf(message);
        if (Find(vm, number) is { } vcpu)
        {
            Enter(vcpu);
            return;
        }
        Invariant.Holds(holder != _number);
        _fetching = new VirtualCpu(_machines[vm], number);
        _fetchingFrom = holder;
        _arriving.Clear();
        Send(Address.Cpu(holder), SchedulingMessage.HandOver(vm, number, _number));
        Wait(CpuState.Fetching, MonitorCause.Switch);
    }

    private void Enter(VirtualCpu vcpu)
    {
        vcpu.Sleeps = false;
        SetSleepAlarm();
        if (vcpu == _current)
        {
            _responder.Drain(Context, this);
            Continue();
            return;
        }
        Park();
        _current = vcpu;
        Statistics.Count(MonitorCause.Switch);
        Spend(_costs.SwitchCycles, MonitorCause.Switch);
        EnterVcpuMessage enter = new(vcpu.Number, vcpu.CleanGeneration, _number);
        Send(vcpu.Machine.Monitor, enter.Pack());
        Wait(CpuState.Entering, MonitorCause.Switch);
    }

    /// <summary>Let in: what was taken away meanwhile is dropped, and the core gets its state.</summary>
    private void Entered(in Envelope envelope)
    {
        EnteredMessage entered = EnteredMessage.From(envelope.Message);
        VirtualCpu vcpu = _current!;
        Invariant.Holds(_state == CpuState.Entering);
        Invariant.Holds(entered.Vcpu == vcpu.Number);
        _responder.Drain(Context, this);
        if (entered.FlushAll)
        {
            vcpu.ForgetPmap();
        }
        for (int i = 0; i < entered.Pages; i++)
        {
            PhysicalPage page = EnteredMessage.PageAt(envelope, i);
            vcpu.Pmap.Drop(page, writeOnly: false);
            vcpu.SecondLevel.DropPage(page);
        }
        if (vcpu.CleanGeneration == EnterVcpuMessage.NothingCached)
        {
            // What was sent to it elsewhere is lost.
            Send(vcpu.Machine.Monitor, SchedulingMessage.Of(
                SchedulingKind.AskPins, (ulong)vcpu.Machine.Id, (ulong)vcpu.Number, 0));
        }
        vcpu.CleanGeneration = entered.Generation;
        Core.FlushTlb();
        Core.LoadFrom(vcpu.Registers);
        Core.Port.ClearLink();
        ApplyRegisters(vcpu);
        Continue();
    }

    /// <summary>The core's state goes back to the virtual CPU in it, which leaves.</summary>
    private void Park()
    {
        if (_current is not { } vcpu)
        {
            return;
        }
        _responder.Drain(Context, this);
        Core.StoreTo(vcpu.Registers);
        LeaveVcpuMessage leave = new(vcpu.Number, _number);
        Send(vcpu.Machine.Monitor, leave.Pack());
        _current = null;
    }

    /// <summary>Gives a virtual CPU that does not run to another CPU, piece by piece.</summary>
    private void HandOver(in Message message)
    {
        VirtualCpu? vcpu = Find((int)message.A, SchedulingMessage.VcpuOf(message));
        Invariant.Holds(vcpu is not null);
        Invariant.Holds(vcpu != _current || _state == CpuState.Idle);
        if (vcpu == _current)
        {
            Park();
        }
        Spend(_costs.SwitchCycles, MonitorCause.Switch);
        WordWriter words = new();
        vcpu.SaveCore(words);
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(words.Words);
        int chunks = (bytes.Length + Payload.BytesMax - 1) / Payload.BytesMax;
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            ReadOnlySpan<byte> part = bytes[(chunk * Payload.BytesMax)..];
            Message state = SchedulingMessage.Of(
                SchedulingKind.VcpuState, message.A,
                (uint)vcpu.Number | ((ulong)chunk << 16) | ((ulong)chunks << 32), 0);
            _fabric.Send(
                Context, Owner, Address.Cpu((int)message.C), Math.Max(_costs.SwitchCycles, _fabric.Config.BusCycles),
                state, part[..Math.Min(part.Length, Payload.BytesMax)]);
        }
        _held.Remove(vcpu);
        SetSleepAlarm();
    }

    private void VcpuState(in Envelope envelope)
    {
        Invariant.Holds(_state == CpuState.Fetching);
        ReadOnlySpan<byte> payload = envelope.Payload;
        _arriving.AddRange(MemoryMarshal.Cast<byte, ulong>(payload[..envelope.Message.PayloadBytes]));
        int chunk = (ushort)(envelope.Message.B >> 16);
        int chunks = (int)(envelope.Message.B >> 32);
        if (chunk + 1 < chunks)
        {
            return;
        }
        VirtualCpu vcpu = _fetching!;
        vcpu.LoadCore(new WordReader(CollectionsMarshal.AsSpan(_arriving).ToArray()));
        _fetching = null;
        _arriving.Clear();
        _held.Add(vcpu);
        Enter(vcpu);
    }

    /// <summary>A virtual CPU that was in reset starts here, as soon as the scheduler lets it.</summary>
    private void StartVcpu(in Message message)
    {
        VirtualCpu vcpu = new(_machines[(int)message.A], SchedulingMessage.VcpuOf(message));
        Invariant.Holds(Find(vcpu.Machine.Id, vcpu.Number) is null);
        vcpu.Registers.Pc = message.C;
        _held.Add(vcpu);
        Send(Scheduler, SchedulingMessage.Admit(vcpu.Machine.Id, vcpu.Number, _number, vcpu.Machine.Weight));
    }

    /// <summary>
    /// The levels of its interrupt controller's pins. For one that is no longer here they are dropped: where it goes on
    /// its machine's monitor tells them anew when it enters.
    /// </summary>
    private void VirtualPins(in Message message)
    {
        const int pinShift = 2;
        if (Find((int)message.A, SchedulingMessage.VcpuOf(message)) is not { } vcpu)
        {
            return;
        }
        vcpu.Cp0.Lines = ((uint)message.C << pinShift) & 0xFC;
        if (vcpu == _current)
        {
            Spend(_costs.MessageCycles, MonitorCause.Interrupt);
        }
        WakeIfDue(vcpu);
        SetSleepAlarm();
    }

    private void Preempt(in Message message)
    {
        bool runs = _current is { } vcpu && vcpu.Machine.Id == (int)message.A
            && vcpu.Number == SchedulingMessage.VcpuOf(message) && _state != CpuState.Idle;
        bool comes = _fetching is { } coming && coming.Machine.Id == (int)message.A
            && coming.Number == SchedulingMessage.VcpuOf(message);
        _preempted |= runs || comes;
    }

    /// <summary>A guest that has gone where no handler can be: it is over, and its machine with it.</summary>
    private TrapOutcome Fail(VirtualCpu vcpu)
    {
        VirtualCp0 cp0 = vcpu.Cp0;
        return Fail(vcpu, GuestError.Describe(
            NameOf(vcpu), cp0.Status, cp0.Cause, cp0.Epc, cp0.BadVAddr, Core.Pc));
    }

    private TrapOutcome Fail(VirtualCpu vcpu, string reason)
    {
        vcpu.Failure = reason;
        Message end = InterruptMessage.MachineEnd(1, reset: false);
        end.B = Boards.VmProcessors.GuestFailed;
        Send(vcpu.Machine.Monitor, end);
        PutToSleep(vcpu);
        return TrapOutcome.Block;
    }

    private VirtualCpu? Find(int vm, int number)
    {
        foreach (VirtualCpu vcpu in _held)
        {
            if (vcpu.Machine.Id == vm && vcpu.Number == number)
            {
                return vcpu;
            }
        }
        return null;
    }
}
