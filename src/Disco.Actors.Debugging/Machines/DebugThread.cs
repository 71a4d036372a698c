using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Cpus;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Mips;

namespace Disco.Actors.Debugging.Machines;

/// <summary>How far a thread has come: changes with every instruction that it tries to execute.</summary>
/// <param name="Cpu">Where its registers are in the core; -1 for nowhere.</param>
/// <param name="Instructions">That core's count.</param>
public readonly record struct Progress(int Cpu, long Instructions);

/// <summary>
/// What executes instructions as a guest sees it: a CPU of a bare machine, a virtual CPU under the monitor. A view of
/// the actors' present state, asked between two cycles.
/// </summary>
/// <param name="id">From 1.</param>
/// <param name="name">For people.</param>
/// <param name="symbols">Of what it executes.</param>
public abstract class DebugThread(int id, string name, ElfSymbols symbols)
{
    public int Id { get; } = id;

    public string Name { get; } = name;

    public ElfSymbols Symbols { get; } = symbols;

    /// <summary>The CPU whose core holds its registers now; null when none does.</summary>
    public abstract Cpu? Seat { get; }

    /// <summary>Whose virtual machine it belongs to; null on a bare machine.</summary>
    public virtual int? Vm => null;

    /// <summary>What it does or waits for, in a few words.</summary>
    public abstract string State { get; }

    /// <summary>The TLB as the guest wrote it; null while the thread is between two CPUs.</summary>
    public abstract TranslationBuffer? Tlb { get; }

    public Progress Progress => Seat is { } cpu ? new Progress(cpu.Address.Index, cpu.Core.Instructions) : new(-1, 0);

    /// <summary>Null while the thread is not started, or between two CPUs.</summary>
    public abstract ThreadRegisters? Registers { get; }

    /// <summary>Changes a register. False when it cannot be changed now.</summary>
    public abstract bool TrySetRegister(int number, ulong value);

    /// <summary>A register of coprocessor 0 as DMFC0 reads it; null while it is nowhere.</summary>
    public abstract ulong? ReadCp0(int register, int select);

    /// <summary>
    /// Where a virtual address is in the machine's memory by the thread's present translation, with a kernel's rights.
    /// </summary>
    public abstract bool TryTranslate(ulong address, out MachineAddress machine);

    /// <summary>The same up to the guest's physical address.</summary>
    public abstract bool TryTranslatePhysical(ulong address, out ulong physical);

    /// <summary>Where a guest's physical address is in the machine.</summary>
    public abstract bool TryLocate(ulong physical, out MachineAddress machine);

    /// <summary>`name+0x10 in radix`, or the address alone.</summary>
    public string Describe(ulong address) =>
        Symbols.Describe(address) is { } symbol ? $"0x{address:x16} {symbol}" : $"0x{address:x16}";

    /// <summary>Segments, then the TLB without touching it. [MIPS64 Vol III, 4.9.3]</summary>
    protected static bool TryTranslate(
        CoreConfig core, uint status, ulong entryHi, TranslationBuffer tlb, ulong address, out ulong physical)
    {
        const uint all = StatusBits.Kx | StatusBits.Sx | StatusBits.Ux;
        switch (AddressMap.Classify(core, status | all, Mode.Kernel, address, out physical))
        {
            case Segment.AddressError:
                return false;
            case Segment.Unmapped:
                return true;
        }
        int index = tlb.Find(address, (byte)entryHi);
        if (index < 0)
        {
            return false;
        }
        ref readonly TlbEntry entry = ref tlb[index];
        ulong page = entry.PageFor(address);
        ulong offsetMask = entry.PageBytes - 1;
        ulong frame = page << 6 & ((1UL << core.PhysicalAddressBits) - 1) & ~offsetMask & ~0xFFFUL;
        physical = frame | (address & offsetMask);
        return (page & EntryLo.Valid) != 0;
    }
}
