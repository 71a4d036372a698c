using Disco.Actors.Machine.Mips;
using Disco.Actors.Machine.Mips.Isa;

namespace Disco.Actors.Vmm.VirtualCpus;

/// <content>Privileged instructions, decoded from the same table as the processor's. [Disco 4.1]</content>
public sealed partial class DiscoCpu
{
    private const int EntryLo0Register = 2 * 8;
    private const int EntryLo1Register = 3 * 8;
    private const int UserLocalRegister = (4 * 8) + 2;

    private TrapOutcome OnPrivileged(VirtualCpu vcpu, in GuestTrap trap, long cost)
    {
        if (IsMonitorCall(trap.Word) && vcpu.Cp0.Mode == Mode.Kernel)
        {
            return OnCall(vcpu, cost);
        }
        Op op = Decoder.Decode(trap.Word);
        if (!TakeRegisters(vcpu, cost, returns: op == Op.Eret))
        {
            return TrapOutcome.Block;
        }
        if (op is Op.Tlbwi or Op.Tlbwr)
        {
            Statistics.Count(MonitorCause.TlbWrite);
            Spend(cost + _costs.TlbWriteCycles, MonitorCause.TlbWrite);
            WriteVirtualTlb(vcpu, random: op == Op.Tlbwr);
            Core.StepOver();
            return TrapOutcome.Resume;
        }
        bool missing = op is Op.Reserved or Op.Deret
            || (OpInfo.Of(op).NeedsWideOperations && !StatusBits.WideOperations(vcpu.Cp0.Status));
        if (missing || !OpInfo.Of(op).NeedsCp0)
        {
            return Deliver(vcpu, trap, ExceptionCode.ReservedInstruction, cost);
        }
        Statistics.Count(MonitorCause.Privileged);
        Spend(cost + _costs.PrivilegedCycles, MonitorCause.Privileged);
        TrapOutcome outcome = Emulate(vcpu, op, new Instruction(trap.Word));
        KeepRegisters(vcpu);
        return outcome;
    }

    private TrapOutcome Emulate(VirtualCpu vcpu, Op op, Instruction word)
    {
        VirtualCp0 cp0 = vcpu.Cp0;
        if (op == Op.Eret)
        {
            Core.Pc = cp0.ReturnFromException();
            Core.Port.ClearLink();
            ApplyMode(vcpu);
            return TrapOutcome.Resume;
        }
        Core.StepOver();
        switch (op)
        {
            case Op.Mfc0:
            case Op.Dmfc0:
                Core.SetRegister(word.Rt, MoveFrom(vcpu, (word.Rd * 8) + word.Sel, wide: op == Op.Dmfc0));
                break;
            case Op.Mtc0:
            case Op.Dmtc0:
                MoveTo(vcpu, (word.Rd * 8) + word.Sel, Core.GetRegister(word.Rt), wide: op == Op.Dmtc0);
                break;
            case Op.Rdpgpr:
            case Op.Wrpgpr:
                // With one register set the previous one is the present one.
                Core.SetRegister(word.Rd, Core.GetRegister(word.Rt));
                break;
            case Op.Di:
            case Op.Ei:
                Core.SetRegister(word.Rt, (ulong)(int)cp0.Status);
                cp0.SetInterruptEnable(op == Op.Ei);
                vcpu.Privileged.Forget(PrivilegedPage.Status);
                break;
            case Op.Tlbp:
                Probe(vcpu);
                break;
            case Op.Tlbr:
                cp0.Show(vcpu.Tlb[(int)(cp0.Index & 63) % vcpu.Tlb.Length]);
                ApplyAsid(vcpu);
                break;
            case Op.Tlbinv:
            case Op.Tlbinvf:
                vcpu.InvalidateTlb(all: op == Op.Tlbinvf);
                Core.FlushTlb();
                break;
            case Op.Wait:
                return Sleep(vcpu);
            default:
                // CACHE: copies are coherent, nothing to do (board spec 2.1).
                break;
        }
        return TrapOutcome.Resume;
    }

    // A miss in the virtual TLB is one in what the guest cannot see, too: it probes in order to take an entry away.
    private void Probe(VirtualCpu vcpu)
    {
        ulong address = vcpu.Cp0.EntryHi & TranslationBuffer.TagMask;
        int index = vcpu.Tlb.Find(address, vcpu.Cp0.Asid);
        vcpu.Cp0.SetProbed(index);
        if (index < 0)
        {
            Forget(vcpu, new TlbEntry { Tag = address, Asid = vcpu.Cp0.Asid });
        }
    }

    private ulong MoveFrom(VirtualCpu vcpu, int name, bool wide)
    {
        ulong value = vcpu.Cp0.Read(name, Core.Now, vcpu.Tlb.PeekVictim((int)vcpu.Cp0.Wired));
        if (wide)
        {
            return value;
        }
        // RI and XI appear in bits 31 and 30 of the 32-bit view. [MIPS64 Vol III, EntryLo]
        return name is EntryLo0Register or EntryLo1Register
            ? (ulong)(int)((uint)(value & 0x3FFF_FFFF) | (uint)(value >> 62 << 30))
            : (ulong)(int)value;
    }

    private void MoveTo(VirtualCpu vcpu, int name, ulong value, bool wide)
    {
        if (!wide && name is EntryLo0Register or EntryLo1Register)
        {
            value = (value & 0x3FFF_FFFF) | ((value >> 30 & 3) << 62);
        }
        vcpu.Cp0.Write(name, value, Core.Now);
        switch (name)
        {
            case StatusRegister:
                vcpu.Privileged.Forget(PrivilegedPage.Status);
                ApplyMode(vcpu);
                break;
            case 7 * 8:
                ApplyMode(vcpu);
                break;
            case EntryHiRegister:
                ApplyAsid(vcpu);
                break;
            case UserLocalRegister:
                Core.WriteCp0(4, 2, value);
                break;
            default:
                break;
        }
    }

    // Address space identifiers are not virtualised: the guest's is the real one. [Disco 4.2.2]
    private void ApplyAsid(VirtualCpu vcpu)
    {
        if (vcpu.Cp0.Asid != (byte)Core.ReadCp0(10))
        {
            Core.WriteCp0(10, 0, vcpu.Cp0.Asid);
        }
    }
}
