using Disco.Actors.Core;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Mips;
using Disco.Actors.Vmm.Devices;
using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Vmm.VirtualCpus;

/// <content>
/// Monitor calls: an instruction of coprocessor 0 that no processor has. v0 names the call, a0..a3 are its arguments,
/// v0 is its result; a call that means nothing is refused and changes nothing else. One that needs another actor keeps
/// the virtual CPU on its CPU until the answer.
/// <code>
///  31    26 25 24                 6 5      0
/// | 010000 | 1 |        0           | 101000 |
/// </code>
/// </content>
public sealed partial class DiscoCpu
{
    private const uint CallMask = 0xFE00_003F;
    private const uint CallWord = 0x4200_0028;

    private const int V0 = 2;
    private const int A0 = 4;
    private const int A1 = 5;

    private HypercallNumber _callNumber;
    private ulong _callRequest;
    private Address _callee;

    private static bool IsMonitorCall(uint word) => (word & CallMask) == CallWord;

    private TrapOutcome OnCall(VirtualCpu vcpu, long cost)
    {
        Hypercall call = Hypercall.Decode(
            Core.GetRegister(V0), Core.GetRegister(A0), Core.GetRegister(A1), (uint)vcpu.Machine.Pages);
        if (call.Number == HypercallNumber.PrivilegedPage)
        {
            return PutRegisters(vcpu, new PhysicalPage((uint)call.First), cost);
        }
        Statistics.Count(MonitorCause.Call);
        Spend(cost + _costs.RequestCycles, MonitorCause.Call);
        Core.StepOver();
        switch (call.Number)
        {
            case HypercallNumber.Idle:
                Core.SetRegister(V0, 0);
                return Sleep(vcpu);
            case HypercallNumber.Exit:
                Core.SetRegister(V0, 0);
                Send(vcpu.Machine.Monitor, InterruptMessage.MachineEnd((int)call.First, reset: false));
                PutToSleep(vcpu);
                return TrapOutcome.Block;
            case HypercallNumber.SharedTime:
                Core.SetRegister(V0, (ulong)(Int128.CreateChecked(Core.Now) * 1_000_000_000 / vcpu.Machine.ClockHz));
                return TrapOutcome.Resume;
            case HypercallNumber.CpuIds:
                Core.SetRegister(V0, (ulong)(call.First == 0 ? vcpu.Machine.Vcpus : vcpu.Number));
                return TrapOutcome.Resume;
            case HypercallNumber.PageClass:
                ClassHintMessage hint = new((uint)call.First, (PageClass)(byte)call.Second);
                Send(vcpu.Machine.Monitor, hint.Pack(), cost + _costs.RequestCycles);
                Core.SetRegister(V0, 0);
                return TrapOutcome.Resume;
            default:
                return TryAsk(vcpu, call, cost + _costs.RequestCycles) ? TrapOutcome.Block : Refuse();
        }
    }

    private TrapOutcome Refuse()
    {
        Core.SetRegister(V0, unchecked((ulong)HypercallResult.Invalid));
        return TrapOutcome.Resume;
    }

    /// <summary>Sends a call to who can answer it; false when there is nobody.</summary>
    private bool TryAsk(VirtualCpu vcpu, Hypercall call, long delayCycles)
    {
        VirtualMachineSpec machine = vcpu.Machine;
        PhysicalPage page = new((uint)call.First);
        ulong request = ++_callRequest;
        (Address? callee, Message message) = call.Number switch
        {
            HypercallNumber.ConsolePut => (
                machine.Devices.Find(BoardAddresses.Console)?.Device,
                (UncachedMessage.Write(BoardAddresses.Console, call.First, 4, Owner) with
                {
                    VirtualCpu = vcpu.Number,
                }).Pack()),
            // A page that was given back is clear when it is touched again.
            HypercallNumber.ZeroedPage or HypercallNumber.FreeHint => (
                machine.Monitor, new FreePageMessage(MappingKind.FreePage, page, Refusal.None, request).Pack()),
            HypercallNumber.Remap => (
                machine.Monitor,
                new RemapMessage(page, machine.Id, new PhysicalPage((uint)call.Second), request).Pack()),
            HypercallNumber.BalloonTarget => (
                machine.Monitor, new BalloonMessage(MappingKind.BalloonQuery, 0, 0, request).Pack()),
            HypercallNumber.DiskRequest => (machine.Disks, CallOf(DeviceKind.DiskCall)),
            HypercallNumber.NetSend => (machine.Network, CallOf(DeviceKind.NetSend)),
            HypercallNumber.NetReceive => (machine.Network, CallOf(DeviceKind.NetReceive)),
            _ => (default(Address?), default(Message)),
        };
        if (callee is not { } actor)
        {
            return false;
        }
        _callNumber = call.Number;
        _callee = actor;
        Send(actor, message, delayCycles);
        Wait(CpuState.Calling, MonitorCause.Call);
        return true;

        Message CallOf(DeviceKind kind) =>
            new DeviceCall(kind, call.First, machine.Id, vcpu.Number, _number, request).Pack();
    }

    private void Answered(ulong request, Refusal reason) => Answered(request, reason switch
    {
        Refusal.None => HypercallResult.Ok,
        Refusal.NoSuchPage => HypercallResult.Invalid,
        _ => HypercallResult.NoMemory,
    });

    /// <summary>The end of the call under way.</summary>
    private void Answered(ulong request, long result)
    {
        Invariant.Holds(_state == CpuState.Calling);
        Invariant.Holds(request == _callRequest);
        Spend(_costs.AnswerCycles, MonitorCause.Call);
        Core.SetRegister(V0, (ulong)result);
        Continue();
    }
}
