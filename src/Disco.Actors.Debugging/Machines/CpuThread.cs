using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Cpus;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Mips;

namespace Disco.Actors.Debugging.Machines;

/// <summary>A CPU that a guest has to itself.</summary>
internal sealed class CpuThread(Cpu cpu, ElfSymbols symbols, ulong memoryBytes)
    : DebugThread(cpu.Address.Index + 1, cpu.Address.ToString(), symbols)
{
    public override Cpu Seat => cpu;

    public override string State => cpu.Waiting is { } waits ? $"waits for {waits.Whom}: {waits.What}" : "executes";

    public override TranslationBuffer Tlb => cpu.Core.Tlb;

    public override ThreadRegisters Registers => new(
        File(), cpu.Core.Status, cpu.Core.Cause, cpu.Core.BadVAddr, cpu.Core.Config.FpuImplementation);

    public override bool TrySetRegister(int number, ulong value)
    {
        RegisterFile file = File();
        bool known = ThreadRegisters.TrySet(file, number, value);
        if (known)
        {
            cpu.Core.LoadFrom(file);
        }
        return known;
    }

    public override ulong? ReadCp0(int register, int select) => cpu.Core.ReadCp0(register, select);

    public override bool TryTranslate(ulong address, out MachineAddress machine)
    {
        bool known = TryTranslatePhysical(address, out ulong physical);
        return TryLocate(physical, out machine) && known;
    }

    public override bool TryTranslatePhysical(ulong address, out ulong physical) => TryTranslate(
        cpu.Core.Config, cpu.Core.Status, cpu.Core.ReadCp0(10), cpu.Core.Tlb, address, out physical);

    public override bool TryLocate(ulong physical, out MachineAddress machine)
    {
        machine = new MachineAddress(physical);
        return physical < memoryBytes;
    }

    private RegisterFile File()
    {
        RegisterFile file = new();
        cpu.Core.StoreTo(file);
        return file;
    }
}
