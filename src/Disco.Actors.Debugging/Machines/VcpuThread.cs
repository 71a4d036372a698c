using Disco.Actors.Machine.Cpus;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Mips;
using Disco.Actors.Vmm;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.VirtualCpus;

namespace Disco.Actors.Debugging.Machines;

/// <summary>A virtual CPU, wherever the monitor has it: in a core, parked at a CPU, or between two CPUs.</summary>
internal sealed class VcpuThread(DiscoMachine disco, VirtualMachine vm, int number, int id)
    : DebugThread(id, $"{vm.Config.Name} vcpu {number}", vm.Config.Image.Symbols)
{
    public override int? Vm => vm.Number;

    /// <summary>Of its virtual machine.</summary>
    public int Number => number;

    public override Cpu? Seat
    {
        get
        {
            (DiscoCpu? monitor, VirtualCpu? vcpu, int cpu) = Find();
            return monitor is not null && vcpu == monitor.Current && monitor.HasRegistersInCore
                ? disco.Hardware.Cpus[cpu]
                : null;
        }
    }

    public override string State
    {
        get
        {
            (_, VirtualCpu? vcpu, int cpu) = Find();
            return vcpu is null ? "in reset or between two CPUs"
                : vcpu.Failure is { } failure ? failure
                : Seat is not { } seat ? $"parked at cpu/{cpu}{(vcpu.Sleeps ? ", sleeps" : "")}"
                : seat.Waiting is { } waits ? $"on cpu/{cpu}, waits for {waits.Whom}: {waits.What}"
                : $"on cpu/{cpu}, executes";
        }
    }

    public override TranslationBuffer? Tlb => Find().Vcpu?.Tlb;

    public override ThreadRegisters? Registers
    {
        get
        {
            if (Find().Vcpu is not { } vcpu)
            {
                return null;
            }
            VirtualCp0 cp0 = vcpu.Cp0;
            uint cause = cp0.CauseAt(Seat?.Core.Now ?? 0);
            return new ThreadRegisters(
                FileOf(vcpu), cp0.Status, cause, cp0.BadVAddr, cp0.Processor.FpuImplementation);
        }
    }

    public override bool TrySetRegister(int number, ulong value)
    {
        if (Find().Vcpu is not { } vcpu)
        {
            return false;
        }
        RegisterFile file = FileOf(vcpu);
        bool known = ThreadRegisters.TrySet(file, number, value);
        if (known && Seat is { } seat)
        {
            seat.Core.LoadFrom(file);
        }
        return known;
    }

    public override ulong? ReadCp0(int register, int select) =>
        Find().Vcpu?.Cp0.Read((register * 8) + select, Seat?.Core.Now ?? 0, 0);

    public override bool TryTranslate(ulong address, out MachineAddress machine)
    {
        bool known = TryTranslatePhysical(address, out ulong physical);
        return TryLocate(physical, out machine) && known;
    }

    public override bool TryTranslatePhysical(ulong address, out ulong physical)
    {
        physical = 0;
        return Find().Vcpu is { } vcpu
            && TryTranslate(vcpu.Cp0.Processor, vcpu.Cp0.Status, vcpu.Cp0.EntryHi, vcpu.Tlb, address, out physical);
    }

    public override bool TryLocate(ulong physical, out MachineAddress machine)
    {
        machine = default;
        PhysicalPage page = PhysicalPage.Of(physical);
        if (physical >> Page.Shift >= (ulong)vm.Monitor.Pages)
        {
            return false;
        }
        PageView view = vm.Monitor.ViewOf(page);
        if (view.Frame == Frame.None)
        {
            return false;
        }
        machine = new MachineAddress(view.Frame.Address.Value | (physical & (Page.Bytes - 1)));
        return true;
    }

    private RegisterFile FileOf(VirtualCpu vcpu)
    {
        if (Seat is not { } seat)
        {
            return vcpu.Registers;
        }
        RegisterFile file = new();
        seat.Core.StoreTo(file);
        return file;
    }

    private (DiscoCpu? Monitor, VirtualCpu? Vcpu, int Cpu) Find()
    {
        for (int cpu = 0; cpu < disco.Monitors.Count; cpu++)
        {
            foreach (VirtualCpu vcpu in disco.Monitors[cpu].Held)
            {
                if (vcpu.Machine.Id == vm.Number && vcpu.Number == number)
                {
                    return (disco.Monitors[cpu], vcpu, cpu);
                }
            }
        }
        return (null, null, -1);
    }
}
