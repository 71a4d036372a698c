using Disco.Actors.Machine.Cpus;
using Disco.Actors.Machine.Mips;

namespace Disco.Actors.Vmm.VirtualCpus;

/// <content>Exceptions: what becomes of them, how the guest gets them, and what mode it is in.</content>
public sealed partial class DiscoCpu
{
    // The modes of Status.KSU.
    private const uint SupervisorMode = 1 << 3;
    private const uint UserMode = 2 << 3;

    // What the real processor takes over from the guest's Status.
    private const uint Borrowed = StatusBits.Cu1 | StatusBits.Fr | StatusBits.Px | StatusBits.Ux | StatusBits.Kx
        | StatusBits.Re;

    // RDHWR of all but the processor's number, which is the virtual CPU's own.
    private const uint HardwareRegisters = 0x2000_000E;

    private const int StatusRegister = 12 * 8;
    private const int EntryHiRegister = 10 * 8;

    // The trap has been charged for: the instruction asks again after a wait.
    private bool _asksAgain;

    // What of the guest's state decides how kernel addresses translate: a change empties the TLB.
    private uint _regime;

    protected override TrapOutcome OnTrap(in GuestTrap trap)
    {
        AccountTo(Core.Now);
        WaitsForMemory = MemoryWait.None;
        VirtualCpu vcpu = _current!;
        long cost = _asksAgain ? 0 : _costs.TrapCycles;
        _asksAgain = false;
        TrapOutcome outcome = trap.Code switch
        {
            ExceptionCode.TlbModified or ExceptionCode.TlbLoad or ExceptionCode.TlbStore
                or ExceptionCode.TlbReadInhibit or ExceptionCode.TlbExecuteInhibit =>
                OnTranslation(vcpu, trap, cost),
            ExceptionCode.CoprocessorUnusable when trap.Coprocessor == 0 && vcpu.Cp0.IsUsable =>
                OnPrivileged(vcpu, trap, cost),
            ExceptionCode.ReservedInstruction => OnReserved(vcpu, trap, cost),
            _ => Deliver(vcpu, trap, trap.Code, cost),
        };
        Attention();
        return outcome;
    }

    /// <summary>Hands the exception to the guest, with the code the guest's processor would give it.</summary>
    private TrapOutcome Deliver(
        VirtualCpu vcpu, in GuestTrap trap, ExceptionCode code, long cost, bool refill = false)
    {
        if (!TakeRegisters(vcpu, cost))
        {
            return TrapOutcome.Block;
        }
        Statistics.Count(MonitorCause.Exception);
        Spend(cost + _costs.DeliverCycles, MonitorCause.Exception);
        Core.Pc = vcpu.Cp0.Raise(
            code, trap.Pc, trap.InDelaySlot, trap.BadAddress, trap.Coprocessor, refill, Core.Now);
        ApplyMode(vcpu);
        KeepRegisters(vcpu);
        return TrapOutcome.Resume;
    }

    /// <summary>Interrupts the guest between two instructions when one is pending and enabled.</summary>
    private void Interrupt(VirtualCpu vcpu, long now)
    {
        long cost = _asksAgain ? 0 : _costs.TrapCycles;
        _asksAgain = false;
        if (!TakeRegisters(vcpu, cost, MemoryWait.Attend))
        {
            return;
        }
        Statistics.Count(MonitorCause.Interrupt);
        Spend(cost + _costs.DeliverCycles, MonitorCause.Interrupt);
        Core.Pc = vcpu.Cp0.Raise(ExceptionCode.Interrupt, Core.Pc, Core.InDelaySlot, 0, 0, refill: false, now);
        ApplyMode(vcpu);
        KeepRegisters(vcpu);
    }

    /// <summary>An instruction that is not there, but for RDHWR of the virtual CPU's number.</summary>
    private TrapOutcome OnReserved(VirtualCpu vcpu, in GuestTrap trap, long cost)
    {
        Machine.Mips.Isa.Instruction word = new(trap.Word);
        bool allowed = vcpu.Cp0.IsUsable || (vcpu.Cp0.HwrEna & 1) != 0;
        if (Machine.Mips.Isa.Decoder.Decode(trap.Word) != Machine.Mips.Isa.Op.Rdhwr || word.Rd != 0 || !allowed)
        {
            return Deliver(vcpu, trap, ExceptionCode.ReservedInstruction, cost);
        }
        Statistics.Count(MonitorCause.Privileged);
        Spend(cost + _costs.PrivilegedCycles, MonitorCause.Privileged);
        Core.SetRegister(word.Rt, (ulong)vcpu.Number);
        Core.StepOver();
        return TrapOutcome.Resume;
    }

    /// <summary>
    /// Sets the real processor's mode as the guest's Status wants: supervisor for its kernel, user for user mode.
    /// 64-bit operations are always there in a kernel, so supervisor mode gets SX. [MIPS64 Vol III, 4.5]
    /// </summary>
    private void ApplyMode(VirtualCpu vcpu)
    {
        uint status = vcpu.Cp0.Status;
        Mode mode = StatusBits.ModeOf(status);
        uint real = (status & Borrowed)
            | (mode == Mode.User ? UserMode : SupervisorMode)
            | (mode == Mode.Supervisor ? status & StatusBits.Sx : StatusBits.Sx);
        if (real != Core.Status)
        {
            Core.WriteCp0(12, 0, real);
        }
        uint allowed = vcpu.Cp0.IsUsable ? HardwareRegisters : vcpu.Cp0.HwrEna & ~1u;
        if (allowed != (uint)Core.ReadCp0(7))
        {
            Core.WriteCp0(7, 0, allowed);
        }
        uint regime = RegimeOf(status);
        if (regime != _regime)
        {
            _regime = regime;
            Core.FlushTlb();
            vcpu.SecondLevel.Clear();
        }
    }

    // A guest's own supervisor mode, the unmapped low addresses of ERL and a hidden supervisor segment are the cases in
    // which an entry made for one state of Status must not be seen in another.
    private static uint RegimeOf(uint status) =>
        (status & (StatusBits.Erl | StatusBits.Sx)) | (StatusBits.ModeOf(status) == Mode.Supervisor ? 1u : 0);

    // Registers that unprivileged instructions of the guest see in the real processor.
    private void ApplyRegisters(VirtualCpu vcpu)
    {
        _regime = RegimeOf(vcpu.Cp0.Status);
        Core.WriteCp0(10, 0, vcpu.Cp0.Asid);
        Core.WriteCp0(4, 2, vcpu.Cp0.UserLocal);
        ApplyMode(vcpu);
    }
}
